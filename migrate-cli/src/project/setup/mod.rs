//! What `migrate init` writes: all of it is settled first, then done, and undone where a part of
//! it fails.

mod dependency;
mod manifest;
mod occupant;
mod writes;

use std::path::{Component, Path, PathBuf};

use migrate_core::discover::plain_file;
use thiserror::Error;
use toml_edit::DocumentMut;

pub use dependency::Language;
pub use occupant::Occupant;
pub use writes::Write;

use super::layout::workspace_root;
use crate::templates::files;

/// Why migrations cannot be set up.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The folder is in use.
    #[error("`{folder}` {occupant}", folder = .folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// By what.
        occupant: Occupant,
    },
    /// A manifest cannot be read, or changed.
    #[error("`{path}` {what}", path = .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The folder is not below the workspace, whose member it must be.
    #[error("`{folder}` is not below the workspace in `{root}`", folder = .folder.display(), root = .root.display())]
    Outside {
        /// The folder.
        folder: PathBuf,
        /// The folder of the workspace.
        root: PathBuf,
    },
    /// Something could not be written; what was written before has been removed.
    #[error("cannot write `{path}`; nothing was changed", path = .path.display())]
    Unwritable {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What a project is to cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A workspace; the migrations become a member.
    Workspace,
    /// A package of a workspace: the migrations become a member of that, the settings stand in
    /// the package's manifest.
    Member,
    /// A single package, which becomes a workspace with the migrations as a member.
    Package,
    /// A workspace that leaves the folder out: the migrations are a workspace of their own.
    LeftOut,
    /// No cargo project: the crate of migrations stands alone.
    Alone,
}

/// What is to be written.
#[derive(Debug)]
pub struct Setup {
    /// What the project is to cargo.
    pub kind: Kind,
    /// The directory of the migrations crate.
    pub folder: PathBuf,
    /// The manifest with the settings.
    pub settings: PathBuf,
    /// What the crate depends on.
    pub language: Language,
    /// The files, as they are to be.
    pub writes: Vec<Write>,
}

impl Setup {
    /// Determines what to write, with paths shown relative to `here`.
    ///
    /// # Errors
    ///
    /// Where the folder is in use, or a manifest is not as it should be.
    pub fn settle(
        here: &Path,
        dir: Option<&Path>,
        language: &Language,
    ) -> Result<Self, SetupError> {
        let nearest = here.ancestors().find(|above| above.join("Cargo.toml").is_file());
        let base = nearest.unwrap_or(here);
        let folder = match dir {
            Some(dir) => clean(&here.join(dir)),
            None => base.join(crate::settings::DEFAULT_DIR),
        };
        if let Some(occupant) = Occupant::of(&folder) {
            return Err(SetupError::Occupied { folder, occupant });
        }
        let Some(nearest) = nearest else {
            return Self::alone(here, folder, language);
        };
        let path = nearest.join("Cargo.toml");
        let manifest = read(&path)?;
        let root = workspace_root(nearest, &manifest);
        let root_path = root.join("Cargo.toml");
        let mut root_manifest = read(&root_path)?;
        let member = below(&folder, &root)
            .ok_or_else(|| SetupError::Outside { folder: folder.clone(), root: root.clone() })?;
        let is_root = manifest.contains_key("workspace");
        let kind = match () {
            () if manifest::excludes(&root_manifest, &member) => Kind::LeftOut,
            () if is_root => Kind::Workspace,
            () if root == nearest => Kind::Package,
            () => Kind::Member,
        };
        let language = language.clone().for_workspace(&root_manifest, &root, &folder);
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |what: String| SetupError::Manifest { path, what }
        };
        if kind != Kind::LeftOut {
            manifest::add_member(&mut root_manifest, &member).map_err(wrong(&root_path))?;
        }
        let dir = below(&folder, nearest).unwrap_or_else(|| super::shown(&folder, nearest));
        let settings = |of: &str| manifest::Settings { of: of.to_owned(), dir: dir.clone() };
        let mut writes = Vec::new();
        let own_settings = !is_root && root != nearest;
        if own_settings {
            let mut own = manifest.clone();
            settings("package").add_to(&mut own).map_err(wrong(&path))?;
            writes.extend(Write::changed(&path, &manifest, &own));
        } else {
            let add = settings("workspace").add_to(&mut root_manifest);
            add.map_err(wrong(&root_path))?;
        }
        writes.extend(Write::changed(&root_path, &read(&root_path)?, &root_manifest));
        let name = package_name(&manifest, nearest);
        let mut all = crate_files(&folder, &name, &language, (kind == Kind::LeftOut).then_some(""));
        all.extend(writes);
        let settings = if own_settings { path } else { root_path };
        Ok(Self { kind, folder, settings, language, writes: all })
    }

    fn alone(here: &Path, folder: PathBuf, language: &Language) -> Result<Self, SetupError> {
        let name = package_name(&DocumentMut::new(), here);
        let language = language.clone().for_workspace(&DocumentMut::new(), &folder, &folder);
        let settings = "\n[workspace.metadata.migrate]\ndir = \".\"\ndatabase = \"private\"\n";
        let mut writes = crate_files(&folder, &name, &language, Some(settings));
        writes.push(Write::new(&folder.join(".gitignore"), "/target\n"));
        Ok(Self {
            kind: Kind::Alone,
            settings: folder.join("Cargo.toml"),
            folder,
            language,
            writes,
        })
    }

    /// Writes it all.
    ///
    /// # Errors
    ///
    /// Where something cannot be written; then nothing is changed.
    pub fn apply(&self) -> Result<(), SetupError> {
        writes::apply(&self.writes)
            .map_err(|(path, source)| SetupError::Unwritable { path, source })
    }
}

/// The crate, apart from migrations. With `workspace` it is a workspace of its own, with that
/// text behind its head.
fn crate_files(
    folder: &Path,
    name: &str,
    language: &Language,
    workspace: Option<&str>,
) -> Vec<Write> {
    let mut manifest =
        files::MANIFEST.replace("<name>", name).replace("<language>", &language.to_string());
    if let Some(more) = workspace {
        manifest.push_str("\n[workspace]\n");
        manifest.push_str(more);
    }
    [
        ("Cargo.toml", manifest.as_str()),
        ("build.rs", files::BUILD),
        ("src/lib.rs", files::LIB),
        ("src/main.rs", files::MAIN),
    ]
    .map(|(file, text)| Write::new(&folder.join(file), text))
    .into()
}

fn read(path: &Path) -> Result<DocumentMut, SetupError> {
    let wrong = |what: String| SetupError::Manifest { path: path.to_owned(), what };
    let text = plain_file::read_to_string(path)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    text.parse().map_err(|error| wrong(format!("is not valid TOML: {error}")))
}

/// `<project>-migrations`, as cargo takes it.
fn package_name(manifest: &DocumentMut, folder: &Path) -> String {
    let package = manifest.get("package").and_then(|package| package.get("name"));
    let folder_name = || folder.file_name().and_then(|name| name.to_str());
    let project = package.and_then(|name| name.as_str()).or_else(folder_name);
    let name: String = project
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => format!("{name}-migrations"),
        _ => "app-migrations".to_owned(),
    }
}

/// The path of `folder` from `root`, as manifests have it.
fn below(folder: &Path, root: &Path) -> Option<String> {
    let parts = folder.strip_prefix(root).ok()?.components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = clean.pop(),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests;
