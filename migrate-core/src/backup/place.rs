//! Where backups lie, and which of them are old.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use sha2::{Digest, Sha256};

use super::BackupError;
use crate::cluster::directory::state_home;
use crate::connect::Target;
use crate::environment::Environment;

/// Where a backup is to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of this name.
    File(PathBuf),
    /// A file in this folder, named after the database and the time.
    Folder(PathBuf),
}

/// Digits of the time in the name of a backup, to the millisecond.
const DIGITS: usize = 17;

impl Place {
    /// A folder of this database's own in the user's state folder: not in a project, where a
    /// backup would soon be under version control.
    ///
    /// # Errors
    ///
    /// When no such folder is known.
    pub fn usual(environment: &Environment, target: &Target) -> Result<Self, BackupError> {
        let state = state_home(environment).map_err(|_| BackupError::NoHome)?;
        Ok(Self::Folder(state.join("migrate/backups").join(file_name(target))))
    }

    /// The place that a person names: a folder if there is one, or if it ends in a slash.
    #[must_use]
    pub fn named(text: &str, environment: &Environment) -> Self {
        let path = environment.current_dir.join(text);
        if text.ends_with('/') || path.is_dir() { Self::Folder(path) } else { Self::File(path) }
    }

    /// The file; the folder is made where it is not there.
    pub(crate) fn file(&self, target: &Target) -> Result<PathBuf, BackupError> {
        match self {
            Self::File(file) => Ok(file.clone()),
            Self::Folder(folder) => {
                fs::create_dir_all(folder)
                    .map_err(|source| BackupError::folder("create", folder, source))?;
                let now = Utc::now().format("%Y%m%d%H%M%S%3f");
                Ok(folder.join(format!("{}_{now}.dump", file_name(target))))
            }
        }
    }
}

/// Removes all but the newest `keep` backups of the database in a folder; gives those removed.
pub(crate) fn prune(
    folder: &Path,
    target: &Target,
    keep: usize,
) -> Result<Vec<PathBuf>, BackupError> {
    let unreadable = |source| BackupError::folder("read", folder, source);
    let prefix = format!("{}_", file_name(target));
    let mut backups = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let digits = name.to_str().and_then(|name| {
            let digits = name.strip_prefix(&prefix)?.strip_suffix(".dump")?;
            let ours = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
            ours.then(|| digits.to_owned())
        });
        backups.extend(digits.map(|digits| (digits, folder.join(name))));
    }
    backups.sort();
    let old = backups.len().saturating_sub(keep);
    let mut removed = Vec::new();
    for (_, file) in backups.into_iter().take(old) {
        fs::remove_file(&file).map_err(|source| BackupError::folder("remove", &file, source))?;
        removed.push(file);
    }
    Ok(removed)
}

/// A database in a file's name: for a person its own name, as far as that can stand there, and for
/// us what no other database has, be it on another server.
fn file_name(target: &Target) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' };
    // Of letters of four bytes each, no more fit.
    let name: String = target.database().chars().take(40).map(plain).collect();
    let key = Sha256::digest(format!("{} {}", target.hosts(), target.database()));
    let key: String = key.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}-{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_backups_of_the_same_database_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let environment =
            Environment { current_dir: folder.path().to_owned(), ..Environment::default() };
        let target = |text: &str| {
            let target = Target::parse(text, "here", &environment);
            target.unwrap_or_else(|error| panic!("{error}"))
        };
        let ours = target("postgres://ada@db/my shop");
        let write = |name: String| {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            path
        };
        let mut kept = vec![write("notes.txt".to_owned()), write("my_shop_2026.dump".to_owned())];
        for other in [
            "postgres://ada@db/my_shop",
            "postgres://ada@db/my.shop",
            "postgres://ada@db:5433/my shop",
            "host=/tmp user=ada dbname='my shop'",
            "host=/tmp port=5433 user=ada dbname='my shop'",
        ] {
            let name = file_name(&target(other));
            kept.push(write(format!("{name}_20260101000000001.dump")));
        }
        let of_ours = |time: &str| write(format!("{}_{time}.dump", file_name(&ours)));
        let old = ["20260101000000001", "20260101000000002"].map(of_ours);
        kept.push(of_ours("20260101000000003"));
        kept.push(of_ours("2026"));
        assert_eq!(prune(folder.path(), &target("postgres://bob@db/my shop"), 1).unwrap(), old);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), kept.len());
        assert!(kept.iter().all(|path| path.exists()), "{kept:?}");

        let place = Place::named("new/", &environment);
        let file = place.file(&ours).unwrap();
        assert!(file.starts_with(folder.path().join("new")), "{file:?}");
        assert_eq!(
            prune(&folder.path().join("new"), &ours, 1).unwrap(),
            [""; 0].map(PathBuf::from)
        );
        let long = format!("postgres://ada@db/{}", "\u{10384}".repeat(60));
        assert!(place.file(&target(&long)).unwrap().file_name().unwrap().len() < 255);
    }
}
