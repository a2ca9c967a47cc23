//! Finding PostgreSQL's programs on this machine.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::install_line::install_line;
use super::{ClusterError, directory};
use crate::environment::Environment;

/// A folder with PostgreSQL's server programs, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The folder that has `initdb` and `postgres`, with symbolic links resolved.
    pub bindir: PathBuf,
    /// The major version: 15 for `15.18`.
    pub major: u32,
    /// The version as the programs give it: `15.18`, `18beta1`.
    pub version: String,
}

impl Programs {
    /// Finds PostgreSQL's programs; with `wanted_major`, only those of that major version.
    ///
    /// Looks, in this order, at the folder that `MIGRATE_PG_BINDIR` names (there and nowhere else
    /// if it is set), `PATH`, what `pg_config --bindir` prints, the folders of the common packages
    /// (Debian's `/usr/lib/postgresql/*/bin`, the PGDG's `/usr/pgsql-*/bin`, Homebrew,
    /// Postgres.app; newest version first) and the user's cache
    /// (see [`offers`](super::offers)). `MIGRATE_PG_SEARCH`, a list of folders separated by `:`,
    /// replaces the folders of the packages.
    ///
    /// # Errors
    ///
    /// [`ClusterError::NoPrograms`] with all places looked at; [`ClusterError::BadBindir`] if
    /// `MIGRATE_PG_BINDIR` names a folder without the programs.
    pub fn find(
        environment: &Environment,
        wanted_major: Option<u32>,
    ) -> Result<Self, ClusterError> {
        let mut search = Search { wanted_major, looked: Vec::new(), seen: BTreeSet::new() };
        if let Some(named) = environment.var("MIGRATE_PG_BINDIR") {
            let bindir = environment.current_dir.join(named);
            if let Some(missing) = missing_program(&bindir) {
                return Err(ClusterError::BadBindir { bindir, missing });
            }
            let found = search.look("`MIGRATE_PG_BINDIR`", &bindir);
            return found.ok_or_else(|| search.not_found());
        }
        search.looked.push("the folders of `PATH`".to_owned());
        search.everywhere(environment).ok_or_else(|| search.not_found())
    }

    /// All programs on this machine, of any version, in the order of [`find`](Self::find).
    #[must_use]
    pub fn all(environment: &Environment) -> Vec<Self> {
        let mut found = Vec::new();
        let named =
            environment.var("MIGRATE_PG_BINDIR").map(|named| environment.current_dir.join(named));
        let searched = candidates(environment).map(|(_, bindir)| bindir);
        // A named folder is the only one, as in `find`.
        let searched = searched.take_while(|_| named.is_none());
        for bindir in named.clone().into_iter().chain(searched) {
            if missing_program(&bindir).is_none()
                && let Some(programs) = Self::at(&bindir)
                && !found.contains(&programs)
            {
                found.push(programs);
            }
        }
        found
    }

    /// The programs in a folder, if they can be run and say their version.
    pub(super) fn at(bindir: &Path) -> Option<Self> {
        // The links of a `/usr/local/bin` lead to where the libraries lie; `initdb` looks for
        // `postgres` beside itself.
        let postgres = fs::canonicalize(bindir.join("postgres")).ok()?;
        let bindir = postgres.parent()?.to_owned();
        if missing_program(&bindir).is_some() {
            return None;
        }
        let version = parse_version(&output_of(&postgres, "--version")?)?;
        Some(Self { bindir, major: major_of(&version)?, version })
    }

    /// The path of one of the programs: `initdb`, `postgres`, and where they are installed `psql`,
    /// `pg_dump`, …
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bindir.join(name)
    }
}

struct Search {
    wanted_major: Option<u32>,
    looked: Vec<String>,
    seen: BTreeSet<PathBuf>,
}

impl Search {
    fn everywhere(&mut self, environment: &Environment) -> Option<Programs> {
        candidates(environment).find_map(|(place, bindir)| self.look(&place, &bindir))
    }

    /// Looks at one folder, and remembers what was there.
    fn look(&mut self, place: &str, bindir: &Path) -> Option<Programs> {
        let shown = if place.is_empty() {
            format!("`{}`", bindir.display())
        } else {
            format!("{place}: `{}`", bindir.display())
        };
        if missing_program(bindir).is_some() {
            // Of the folders of `PATH` only those with programs are worth a line.
            if place != IN_PATH {
                self.looked.push(format!("{shown}: no `initdb` and `postgres`"));
            }
            return None;
        }
        let Some(programs) = Programs::at(bindir) else {
            self.looked.push(format!("{shown}: `postgres --version` fails"));
            return None;
        };
        if self.wanted_major.is_some_and(|wanted| wanted != programs.major) {
            if self.seen.insert(programs.bindir.clone()) {
                self.looked.push(format!("{shown}: PostgreSQL {}", programs.version));
            }
            return None;
        }
        Some(programs)
    }

    fn not_found(&mut self) -> ClusterError {
        let looked = std::mem::take(&mut self.looked);
        let install = install_line(self.wanted_major);
        ClusterError::NoPrograms { wanted: self.wanted_major, looked, install }
    }
}

const IN_PATH: &str = "`PATH`";

/// Returns the folders to search, each with the name of the place, found only as far as iterated.
pub(crate) fn candidates(
    environment: &Environment,
) -> impl Iterator<Item = (String, PathBuf)> + '_ {
    let in_path = path_folders(environment).map(|folder| (IN_PATH.to_owned(), folder));
    let configured = std::iter::once_with(move || {
        let pg_config = on_path(environment, "pg_config")?;
        let bindir = output_of(&pg_config, "--bindir")?;
        Some(("`pg_config --bindir`".to_owned(), PathBuf::from(bindir)))
    });
    let installed = std::iter::once_with(move || installed_folders(environment));
    let cached = std::iter::once_with(move || unpacked(environment));
    in_path
        .chain(configured.flatten())
        .chain(installed.chain(cached).flatten().map(|folder| (String::new(), folder)))
}

/// The folders of `PATH`, relative ones read against the working directory.
pub(super) fn path_folders(environment: &Environment) -> impl Iterator<Item = PathBuf> + '_ {
    let path = environment.var("PATH").unwrap_or_default();
    std::env::split_paths(OsStr::new(path)).map(|folder| environment.current_dir.join(folder))
}

/// A program on `PATH`.
pub(super) fn on_path(environment: &Environment, name: &str) -> Option<PathBuf> {
    path_folders(environment).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Returns the folders where packages put the programs, newest version first.
fn installed_folders(environment: &Environment) -> Vec<PathBuf> {
    if let Some(list) = environment.var("MIGRATE_PG_SEARCH") {
        return std::env::split_paths(OsStr::new(list))
            .map(|folder| environment.current_dir.join(folder))
            .collect();
    }
    let mut folders = versions_in("/usr/lib/postgresql", "", "bin");
    folders.extend(versions_in("/usr", "pgsql-", "bin"));
    folders.extend(versions_in("/opt/homebrew/opt", "postgresql@", "bin"));
    folders.extend(versions_in("/usr/local/opt", "postgresql@", "bin"));
    folders.extend(versions_in("/Applications/Postgres.app/Contents/Versions", "", "bin"));
    // Fixed folders: of Alpine (`/usr/libexec/postgresql` is the current one of its versions), and
    // of PostgreSQL built from source.
    folders.extend(versions_in("/usr/libexec", "postgresql", ""));
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    folders
}

/// `<parent>/<prefix><version>/<below>` for every version there is, newest first.
fn versions_in(parent: &str, prefix: &str, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            // Postgres.app has a link `latest` beside the numbers.
            let major =
                if version.is_empty() { 0 } else { version.split('.').next()?.parse().ok()? };
            Some((major, entry.path().join(below)))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// The `bin` folders of what [`install`](super::install) has fetched, newest first.
fn unpacked(environment: &Environment) -> Vec<PathBuf> {
    let Some(cache) = directory::cache_home(environment) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(cache.join("migrate/postgresql")) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, folder)| folder.join("bin")).collect()
}

fn missing_program(bindir: &Path) -> Option<&'static str> {
    ["initdb", "postgres"].into_iter().find(|name| !bindir.join(name).is_file())
}

/// Returns what a program prints on its standard output, if it succeeds.
pub(crate) fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `15.18` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
pub(crate) fn parse_version(line: &str) -> Option<String> {
    let after = line.split("(PostgreSQL)").nth(1)?;
    after.split_whitespace().next().map(ToOwned::to_owned)
}

/// The leading number of a version: 15 of `15.18`, 18 of `18beta1`.
pub(crate) fn major_of(version: &str) -> Option<u32> {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    /// A folder with programs that only say their version.
    fn fake(bindir: &Path, version: &str) {
        fs::create_dir_all(bindir).unwrap();
        for name in ["initdb", "postgres"] {
            let path = bindir.join(name);
            let text = format!("#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n");
            crate::shell::write_script(&path, &text);
        }
    }

    fn environment(folder: &Path, path: &str, search: &str) -> Environment {
        let mut environment = Environment { current_dir: folder.into(), ..Environment::default() };
        environment.vars.insert("PATH".into(), path.into());
        environment.vars.insert("MIGRATE_PG_SEARCH".into(), search.into());
        environment
    }

    #[test]
    fn versions_are_read() {
        let line = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)";
        assert_eq!(parse_version(line).as_deref(), Some("15.18"));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1").as_deref(), Some("18beta1"));
        assert_eq!(parse_version("something else"), None);
        assert_eq!(major_of("18beta1"), Some(18));
        assert_eq!(major_of("devel"), None);
    }

    #[test]
    fn path_comes_first_with_links_resolved() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fake(&root.join("real"), "16.4");
        fake(&root.join("system"), "17.0");
        fs::create_dir(root.join("links")).unwrap();
        for name in ["initdb", "postgres"] {
            let link = root.join("links").join(name);
            std::os::unix::fs::symlink(root.join("real").join(name), link).unwrap();
        }
        let environment = environment(&root, "nothing:links", "system");
        let found = Programs::find(&environment, None).unwrap();
        let expected =
            Programs { bindir: root.join("real"), major: 16, version: "16.4".to_owned() };
        assert_eq!(found, expected);
        assert_eq!(Programs::find(&environment, Some(17)).unwrap().bindir, root.join("system"));
        assert_eq!(Programs::all(&environment).len(), 2);
    }

    #[test]
    fn what_was_looked_at_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fake(&root.join("seventeen"), "17.0");
        let environment = environment(&root, "empty", "seventeen:absent");
        let error = Programs::find(&environment, Some(16)).unwrap_err();
        assert_eq!(error.to_string(), "no PostgreSQL 16 programs found on this machine");
        let help = error.help().unwrap().replace(root.to_str().unwrap(), "");
        assert!(help.contains("`/seventeen`: PostgreSQL 17.0"), "{help}");
        assert!(help.contains("`/absent`: no `initdb` and `postgres`"), "{help}");
    }

    #[test]
    fn a_named_folder_is_the_only_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fake(&root.join("system"), "17.0");
        let mut environment = environment(root, "system", "system");
        environment.vars.insert("MIGRATE_PG_BINDIR".into(), "elsewhere".into());
        let error = Programs::find(&environment, None).unwrap_err();
        assert!(matches!(error, ClusterError::BadBindir { missing: "initdb", .. }));
    }
}
