//! Finding `pg_dump`, `pg_restore` and `psql`.

use std::path::{Path, PathBuf};

use super::BackupError;
use crate::cluster::install_line::install_line;
use crate::cluster::programs::{candidates, major_of, output_of, parse_version};
use crate::environment::Environment;

/// The programs that a backup needs.
const NEEDED: [&str; 3] = ["pg_dump", "pg_restore", "psql"];

/// A folder with PostgreSQL's client programs, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPrograms {
    bindir: PathBuf,
    /// The major version: 15 for `15.18`.
    pub major: u32,
    /// The version as the programs give it.
    pub version: String,
}

impl ClientPrograms {
    /// Finds programs for a server of this major version: of the same one, else of the next newer
    /// one. `pg_dump` refuses a server that is newer than itself. Looks where
    /// [`Programs::find`](crate::cluster::Programs::find) does.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn find(environment: &Environment, server: u32) -> Result<Self, BackupError> {
        let named = environment.var("MIGRATE_PG_BINDIR");
        let mut folders: Box<dyn Iterator<Item = PathBuf>> = match named {
            Some(named) => Box::new(std::iter::once(environment.current_dir.join(named))),
            None => Box::new(candidates(environment).map(|(_, folder)| folder)),
        };
        let (mut newer, mut looked) = (None::<Self>, Vec::new());
        let fits = folders.find_map(|folder| {
            let programs = Self::at(&folder)?;
            if programs.major > server {
                if newer.as_ref().is_none_or(|best| programs.major < best.major) {
                    newer = Some(programs);
                }
                return None;
            }
            if programs.major < server {
                looked.push(format!("PostgreSQL {} in `{}`", programs.version, folder.display()));
                return None;
            }
            Some(programs)
        });
        drop(folders);
        fits.or(newer).ok_or_else(|| {
            looked.sort();
            looked.dedup();
            BackupError::NoPrograms { server, looked, install: install_line(Some(server)) }
        })
    }

    /// The programs in a folder. Links are not followed: Debian's `/usr/bin/pg_dump` leads to a
    /// script whose behavior depends on the name under which it is called.
    fn at(bindir: &Path) -> Option<Self> {
        if NEEDED.iter().any(|name| !bindir.join(name).is_file()) {
            return None;
        }
        let version = parse_version(&output_of(&bindir.join("pg_dump"), "--version")?)?;
        Some(Self { bindir: bindir.to_owned(), major: major_of(&version)?, version })
    }

    /// The path of one of the programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bindir.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_same_version_else_the_next_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        for major in [13, 15, 18, 17] {
            let bindir = folder.path().join(major.to_string());
            fs::create_dir_all(&bindir).unwrap();
            for name in NEEDED {
                let path = bindir.join(name);
                let text = format!("#!/bin/sh\necho '{name} (PostgreSQL) {major}.1'\n");
                crate::shell::write_script(&path, &text);
            }
        }
        let mut environment =
            Environment { current_dir: folder.path().to_owned(), ..Environment::default() };
        environment.vars.insert("MIGRATE_PG_SEARCH".into(), "13:18:17:15".into());
        let find = |server| ClientPrograms::find(&environment, server);
        assert_eq!(find(15).unwrap().major, 15);
        assert_eq!(find(16).unwrap().major, 17);
        let error = find(19).unwrap_err();
        insta::assert_snapshot!(error, @"no `pg_dump`, `pg_restore` and `psql` of PostgreSQL 19 or newer found on this machine");
        assert!(error.help().unwrap().contains("found PostgreSQL 18.1 in"), "{error:?}");
        environment.vars.insert("MIGRATE_PG_BINDIR".into(), "13".into());
        assert!(ClientPrograms::find(&environment, 15).is_err());
    }
}
