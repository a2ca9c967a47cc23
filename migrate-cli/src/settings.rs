//! What a project has decided: where its migrations are, which database is its own, what the
//! history table is called.
//!
//! From weakest to strongest: the metadata of a manifest, the environment, flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use migrate_core::Environment;
use migrate_core::discover::plain_file;
use thiserror::Error;
use toml_edit::{Document, TableLike};

use crate::limits::{AskedLimits, milliseconds, seconds};

/// The directory of the migrations crate where nothing else is said.
pub const DEFAULT_DIR: &str = "migrations";
/// The keys of `[workspace.metadata.migrate]`.
const KEYS: [&str; 8] = [
    "database",
    "dir",
    "max_blocking",
    "max_lock_wait",
    "migration_timeout",
    "schema",
    "statement_timeout",
    "table",
];

const SECONDS: &str = "a number of seconds";

/// Flags that win over what the project has decided.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Overrides {
    /// The directory of the migrations crate
    #[arg(long, value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// The database, as a URL: `postgres://user@host/name`
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// The name of the history table; `migrations` by default
    #[arg(long, value_name = "NAME", global = true)]
    pub table: Option<String>,
    /// The schema of the history table; `public` by default
    #[arg(long, value_name = "NAME", global = true)]
    pub schema: Option<String>,
}

/// The settings that hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder that the settings speak for: that of the manifest they were found in.
    pub root: PathBuf,
    /// The directory of the migrations crate, absolute.
    pub dir: PathBuf,
    /// The database, where one is named. `PG*` variables are the connection's business.
    pub database: Option<Database>,
    /// The name of the history table.
    pub table: Option<String>,
    /// The schema of the history table.
    pub schema: Option<String>,
    /// How long things may take, where it says so.
    pub limits: AskedLimits,
    /// What deserves a word but stops nothing.
    pub warnings: Vec<String>,
}

/// Which database the project works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// One of our own, on this machine.
    Private,
    /// The one behind this URL.
    Url(String),
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// No manifest at or above the working directory speaks of migrations.
    #[error("`{folder}` is not inside a project with migrations", folder = .0.display())]
    NoProject(PathBuf),
    /// A manifest that cannot be read.
    #[error("cannot read `{path}`", path = .path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A manifest that is no TOML.
    #[error("`{path}` is not valid TOML", path = .path.display())]
    Malformed {
        /// The manifest.
        path: PathBuf,
        /// Where, and why.
        source: toml_edit::TomlError,
    },
    /// A key that means nothing.
    #[error("{place}: unknown setting `{key}`")]
    UnknownKey {
        /// Manifest and line.
        place: String,
        /// The key.
        key: String,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A value that the key cannot have.
    #[error("{place}: `{key}` must be {expected}")]
    WrongValue {
        /// Manifest and line.
        place: String,
        /// The key.
        key: String,
        /// What it can be.
        expected: &'static str,
    },
    /// Metadata of the package and of the workspace in one manifest.
    #[error("`{path}` has both `[workspace.metadata.migrate]` and `[package.metadata.migrate]`", path = .0.display())]
    Twice(PathBuf),
}

impl SettingsError {
    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoProject(_) => Some(
                "`migrate init` sets one up here; in a project, `[workspace.metadata.migrate]` \
                 of its `Cargo.toml` says where the migrations are"
                    .to_owned(),
            ),
            Self::UnknownKey { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            Self::UnknownKey { nearest: None, .. } => {
                Some(format!("the settings are `{}`", KEYS.join("`, `")))
            }
            Self::Twice(_) => Some("keep one of the two".to_owned()),
            Self::Unreadable { .. } | Self::Malformed { .. } | Self::WrongValue { .. } => None,
        }
    }
}

impl Settings {
    /// The settings for the working folder of `environment`.
    ///
    /// The nearest manifest with metadata at or above it decides. Without any, a folder
    /// `migrations` with a crate of migrations does, or the crate in which one stands.
    ///
    /// # Errors
    ///
    /// Outside any project, and where a manifest or its metadata is not as it should be.
    pub fn load(environment: &Environment, overrides: &Overrides) -> Result<Self, SettingsError> {
        let here = &environment.current_dir;
        let mut settings = match (Self::find(here)?, &overrides.dir) {
            (Some(settings), _) => settings,
            (None, Some(_)) => Self::defaults(here.clone(), DEFAULT_DIR),
            (None, None) => return Err(SettingsError::NoProject(here.clone())),
        };
        let url = environment.var("DATABASE_URL").or_else(|| environment.var("DB_URL"));
        if let Some(url) = overrides.database_url.as_deref().or(url) {
            settings.database = Some(Database::Url(url.to_owned()));
        }
        if let Some(dir) = &overrides.dir {
            settings.dir = normal(&here.join(dir));
        }
        let given = |flag: &Option<String>, weaker: Option<String>| flag.clone().or(weaker);
        settings.table = given(&overrides.table, settings.table);
        settings.schema = given(&overrides.schema, settings.schema);
        Ok(settings)
    }

    fn defaults(root: PathBuf, dir: &str) -> Self {
        Self {
            dir: normal(&root.join(dir)),
            root,
            database: None,
            table: None,
            schema: None,
            limits: AskedLimits::default(),
            warnings: Vec::new(),
        }
    }

    fn find(here: &Path) -> Result<Option<Self>, SettingsError> {
        for folder in here.ancestors() {
            if let Some(settings) = Self::of_manifest(folder)? {
                return Ok(Some(settings));
            }
        }
        for folder in here.ancestors() {
            let below = folder.join(DEFAULT_DIR);
            if holds_migrations(&below)? {
                // A crate that stands alone, in a project of another language, has its own.
                let own = Self::of_manifest(&below)?;
                return Ok(own.or_else(|| Some(Self::defaults(folder.to_owned(), DEFAULT_DIR))));
            }
            if let (Some(root), true) = (folder.parent(), holds_migrations(folder)?) {
                let mut settings = Self::defaults(root.to_owned(), DEFAULT_DIR);
                settings.dir = folder.to_owned();
                return Ok(Some(settings));
            }
        }
        Ok(None)
    }

    /// The settings in the manifest of `folder`, where it has any.
    fn of_manifest(folder: &Path) -> Result<Option<Self>, SettingsError> {
        let Some(manifest) = Manifest::read(folder)? else {
            return Ok(None);
        };
        let table = match (manifest.metadata("workspace"), manifest.metadata("package")) {
            (Some(_), Some(_)) => return Err(SettingsError::Twice(manifest.path)),
            (None, None) => return Ok(None),
            (Some(table), None) | (None, Some(table)) => table,
        };
        let mut settings = Self::defaults(folder.to_owned(), DEFAULT_DIR);
        for (key, item) in table.iter() {
            let text = || {
                item.as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
                    .ok_or_else(|| manifest.wrong(table, key, "a string that is not empty"))
            };
            let time = |parse: fn(&str) -> Result<Duration, String>, expected| {
                let text = item.as_integer().map(|number| number.to_string());
                let text = text.or_else(|| item.as_float().map(|number| number.to_string()));
                let parsed = text.and_then(|text| parse(&text).ok());
                parsed.map(Some).ok_or_else(|| manifest.wrong(table, key, expected))
            };
            let limits = &mut settings.limits;
            match key {
                "migration_timeout" => limits.migration_timeout = time(seconds, SECONDS)?,
                "max_lock_wait" => limits.max_lock_wait = time(seconds, SECONDS)?,
                "max_blocking" => limits.max_blocking = time(seconds, SECONDS)?,
                "statement_timeout" => {
                    limits.statement_timeout = time(milliseconds, "a number of milliseconds")?;
                }
                "dir" => settings.dir = normal(&folder.join(text()?)),
                "table" => settings.table = Some(text()?),
                "schema" => settings.schema = Some(text()?),
                "database" => {
                    let database = database(&text()?).ok_or_else(|| {
                        manifest.wrong(table, key, "\"private\" or a URL, `postgres://…`")
                    })?;
                    if matches!(&database, Database::Url(url) if has_password(url)) {
                        settings.warnings.push(format!(
                            "{}: the URL in `database` carries a password, and a manifest is \
                             read by many; take it out and set `DATABASE_URL`, or `PGPASSWORD` besides",
                            manifest.place(table, key)
                        ));
                    }
                    settings.database = Some(database);
                }
                _ => return Err(manifest.unknown(table, key)),
            }
        }
        Ok(Some(settings))
    }
}

/// A manifest as text and as TOML.
struct Manifest {
    path: PathBuf,
    document: Document<String>,
}

impl Manifest {
    /// The manifest in `folder`, where there is one.
    fn read(folder: &Path) -> Result<Option<Self>, SettingsError> {
        let path = folder.join("Cargo.toml");
        let text = match plain_file::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => return Err(SettingsError::Unreadable { path, source }),
        };
        match Document::parse(text) {
            Ok(document) => Ok(Some(Self { path, document })),
            Err(source) => Err(SettingsError::Malformed { path, source }),
        }
    }

    fn metadata(&self, of: &str) -> Option<&dyn TableLike> {
        let metadata = self.document.as_table().get(of)?.get("metadata")?;
        metadata.get("migrate")?.as_table_like()
    }

    fn depends_on_the_language(&self) -> bool {
        let dependencies = self.document.as_table().get("dependencies");
        dependencies.and_then(|table| table.get("migrate-dsl")).is_some()
    }

    /// `Cargo.toml:12`, in full.
    fn place(&self, table: &dyn TableLike, key: &str) -> String {
        let key = table.get_key_value(key).and_then(|(key, _)| key.span());
        let line = key.map_or(1, |span| {
            let before = self.document.raw().get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        format!("{}:{line}", self.path.display())
    }

    fn unknown(&self, table: &dyn TableLike, key: &str) -> SettingsError {
        let distance = |known: &&'static str| strsim::damerau_levenshtein(known, key);
        SettingsError::UnknownKey {
            place: self.place(table, key),
            key: key.to_owned(),
            nearest: KEYS.into_iter().filter(|known| distance(known) <= 2).min_by_key(distance),
        }
    }

    fn wrong(&self, table: &dyn TableLike, key: &str, expected: &'static str) -> SettingsError {
        SettingsError::WrongValue { place: self.place(table, key), key: key.to_owned(), expected }
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    // What cannot be looked into above the project is not part of it.
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

fn holds_migrations(folder: &Path) -> Result<bool, SettingsError> {
    Ok(Manifest::read(folder)?.is_some_and(|manifest| manifest.depends_on_the_language()))
}

fn database(text: &str) -> Option<Database> {
    match text {
        "private" => Some(Database::Private),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Some(Database::Url(url.to_owned()))
        }
        _ => None,
    }
}

fn has_password(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (authority, query) = rest.split_once('/').unwrap_or((rest, ""));
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || query.contains("password=")
}

/// The path without `.` and, as far as it says so itself, `..`.
fn normal(path: &Path) -> PathBuf {
    use std::path::Component::{CurDir, Normal, ParentDir};
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            CurDir => {}
            ParentDir if matches!(normal.components().next_back(), Some(Normal(_))) => {
                normal.pop();
            }
            _ => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests;
