//! What can go wrong with a backup, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::connect::interrupt::Stop;

/// A backup could not be made, read or restored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The programs are not on this machine, or are older than the server.
    #[error(
        "no `pg_dump`, `pg_restore` and `psql` of PostgreSQL {server} or newer found on this machine"
    )]
    NoPrograms {
        /// The server's major version.
        server: u32,
        /// What was found instead.
        looked: Vec<String>,
        /// The command that installs PostgreSQL on this system, where it is known.
        install: Option<String>,
    },
    /// A program could not be run.
    #[error("cannot run `{}`", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program failed.
    #[error("cannot {what}: {}", said.first().map_or("it failed without a message", String::as_str))]
    Failed {
        /// What was tried.
        what: String,
        /// The program's complaints.
        said: Vec<String>,
        /// Whether it is about a role that does not exist.
        missing_role: bool,
    },
    /// It was requested to stop.
    #[error("{stop} while it {what}")]
    Stopped {
        /// Why.
        stop: Stop,
        /// What it did.
        what: String,
    },
    /// Others hold locks.
    #[error("could not {what}: other sessions hold locks on its objects")]
    Locked {
        /// What was tried.
        what: String,
    },
    /// The disk is full.
    #[error("no space left on the disk of `{}`", .0.display())]
    NoSpace(PathBuf),
    /// There is a file in its place.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// There is nothing to restore from.
    #[error("cannot read the backup `{}`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is not a backup of `migrate backup`, or of `pg_dump -Fc`", .0.display())]
    NotABackup(PathBuf),
    /// The file is a backup, but cannot be read to its end.
    #[error("the backup `{}` is damaged: {}", file.display(), said.first().map_or("it cannot be read", String::as_str))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The program's complaints.
        said: Vec<String>,
    },
    /// A folder or a file could not be made or removed.
    #[error("cannot {action} `{}`", path.display())]
    Folder {
        /// What was tried.
        action: &'static str,
        /// The folder or the file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither a home folder nor a state folder is known.
    #[error("no directory for backups: neither `XDG_STATE_HOME` nor a home directory is set")]
    NoHome,
}

impl BackupError {
    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoPrograms { looked, install, .. } => {
                let mut help = String::new();
                for place in looked {
                    help += &format!("found {place}\n");
                }
                help += "install PostgreSQL's client programs, or name their folder in \
                         `MIGRATE_PG_BINDIR`";
                if let Some(install) = install {
                    help += &format!(":\n    {install}");
                }
                Some(help)
            }
            Self::NoSpace(path) => Some(format!(
                "no partial backup was left; free some space, or name another place than `{}`",
                path.parent().unwrap_or(path).display()
            )),
            Self::Stopped { .. } => Some("nothing was changed, and no partial backup was left".to_owned()),
            Self::Locked { .. } => Some(
                "nothing was changed; end their transactions, or wait longer: `MAX_LOCK_WAIT` says \
                 for how many seconds"
                    .to_owned(),
            ),
            Self::Exists(_) => {
                Some("name another file; a folder gets one with a name of its own".to_owned())
            }
            Self::NotABackup(_) => {
                Some("a file of SQL is run with `migrate db shell -- -f FILE`".to_owned())
            }
            Self::Damaged { .. } => Some(
                "nothing was changed; take another backup, `migrate log` lists them".to_owned(),
            ),
            Self::NoHome => Some("name a file or a folder".to_owned()),
            Self::Failed { missing_role: true, .. } => Some(
                "nothing was changed; create the role, or leave owners and privileges out with \
                 `--no-owner`"
                    .to_owned(),
            ),
            Self::Run { .. }
            | Self::Failed { .. }
            | Self::Unreadable { .. }
            | Self::Folder { .. } => None,
        }
    }

    /// The complaints behind the first one.
    #[must_use]
    pub fn more(&self) -> &[String] {
        match self {
            Self::Failed { said, .. } | Self::Damaged { said, .. } => said.get(1..).unwrap_or(&[]),
            _ => &[],
        }
    }

    pub(super) fn folder(action: &'static str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::NoSpace(path.to_owned());
        }
        Self::Folder { action, path: path.to_owned(), source }
    }
}
