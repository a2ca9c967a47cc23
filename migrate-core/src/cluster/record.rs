//! What is remembered of a cluster between commands: `cluster.json` in its folder.

use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::privileges::Identity;
use super::{ClusterError, Programs};

/// So that a later command need not look for programs, ports and folders again: it reads this one
/// file. It is a cache of decisions: without it, the data is still found and started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub bindir: PathBuf,
    pub version: String,
    /// Tells whether the programs at `bindir` are still the same ones.
    pub stamp: String,
    pub identity: Identity,
    pub data: PathBuf,
    pub socket_folder: PathBuf,
    pub port: u16,
    /// Set once the server knows it.
    pub password: Option<Password>,
}

impl Record {
    /// Reads the record of a cluster; a missing or broken one is none.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(file_in(folder)).ok()?).ok()
    }

    /// Writes the record: complete or not at all, and for our eyes only.
    pub(super) fn write(&self, folder: &Path) -> Result<(), ClusterError> {
        let path = file_in(folder);
        let failed = |source| ClusterError::folder("write", &path, source);
        // Temporary files are made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        file.write_all(&text).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// The programs that ran this cluster last, if they are still there and unchanged.
    pub(super) fn programs(&self) -> Option<Programs> {
        let major = super::programs::major_of(&self.version)?;
        (self.stamp == stamp(&self.bindir)?).then(|| Programs {
            bindir: self.bindir.clone(),
            major,
            version: self.version.clone(),
        })
    }
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("cluster.json")
}

/// Size and time of the server program: cheap to read, different after an upgrade.
pub(super) fn stamp(bindir: &Path) -> Option<String> {
    let metadata = fs::metadata(bindir.join("postgres")).ok()?;
    Some(format!("{}-{}", metadata.size(), metadata.mtime()))
}

/// A password that does not show itself in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Password(String);

impl Password {
    /// A fresh one: 144 random bits, in characters that need no escaping in a URL or in SQL.
    pub(super) fn generate() -> Result<Self, ClusterError> {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let source = Path::new("/dev/urandom");
        let mut bytes = [0; 24];
        fs::File::open(source)
            .and_then(|mut file| file.read_exact(&mut bytes))
            .map_err(|error| ClusterError::folder("read", source, error))?;
        Ok(Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn record() -> Record {
        Record {
            bindir: "/usr/lib/postgresql/15/bin".into(),
            version: "15.18".into(),
            stamp: String::new(),
            identity: Identity::Namespace,
            data: "/data".into(),
            socket_folder: "/tmp/s".into(),
            port: 15432,
            password: Some(Password("secret-word".into())),
        }
    }

    #[test]
    fn is_read_as_it_was_written_and_only_by_us() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(folder.path()), None);
        record().write(folder.path()).unwrap();
        assert_eq!(Record::read(folder.path()), Some(record()));
        let mode = fs::metadata(file_in(folder.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(file_in(folder.path()), "{ half").unwrap();
        assert_eq!(Record::read(folder.path()), None);
    }

    #[test]
    fn the_password_does_not_show() {
        assert!(!format!("{:?}", record()).contains("secret-word"));
        let (one, two) = (Password::generate().unwrap(), Password::generate().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 24);
    }
}
