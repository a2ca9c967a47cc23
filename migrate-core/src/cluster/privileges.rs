//! The user that a server runs as.
//!
//! PostgreSQL [refuses to run as root](https://www.postgresql.org/docs/current/postgres-user.html).
//! Where we are root (containers, mostly) it gets a user namespace in which our user is called
//! 1000: the programs see an ordinary user, the files stay ours, and it works below a home of mode
//! 0700. Where namespaces are forbidden, it runs as `postgres` or `nobody`, with its data in
//! `/var/tmp`.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{User, getegid, geteuid};
use serde::{Deserialize, Serialize};

use super::ClusterError;
use crate::environment::Environment;

/// What to do about PostgreSQL's refusal when we are root. Without meaning for other users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RootAs {
    /// A user namespace where the system lets us have one, else another user.
    #[default]
    Auto,
    /// A user namespace, or fail.
    Namespace,
    /// Another user (`postgres`, else `nobody`), or fail.
    OtherUser,
}

/// The user that the programs of a cluster run as; stored with it, since its files depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Identity {
    /// As we are.
    Own,
    /// As user 1000 of a namespace of its own, which outside is us.
    Namespace,
    /// As another user of this system.
    User { name: String, uid: u32, gid: u32 },
}

impl Identity {
    /// Decides which user `program` runs as, by trying.
    pub(super) fn decide(root_as: RootAs, program: &Path) -> Result<Self, ClusterError> {
        if !geteuid().is_root() {
            return Ok(Self::Own);
        }
        let mut refusal = None;
        if root_as != RootAs::OtherUser {
            match Self::Namespace.try_out(program) {
                Ok(()) => return Ok(Self::Namespace),
                Err(source) => refusal = Some(source),
            }
        }
        if root_as != RootAs::Namespace {
            for name in ["postgres", "nobody"] {
                if let Ok(Some(user)) = User::from_name(name) {
                    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
                    return Ok(Self::User { name: name.to_owned(), uid, gid });
                }
            }
        }
        Err(ClusterError::NoIdentity { source: refusal })
    }

    /// The identity to which data of another user belongs. Only root has such data.
    pub(super) fn owner_of(data: &Path) -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let owner = std::fs::metadata(data).ok()?.uid();
        let user = User::from_uid(owner.into()).ok().flatten()?;
        Some(Self::User { name: user.name, uid: owner, gid: user.gid.as_raw() })
    }

    /// Checks that a program can be run under this identity at all.
    fn try_out(&self, program: &Path) -> io::Result<()> {
        let mut command = Command::new(program);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.apply(&mut command, false);
        let status = command.status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
    }

    /// A command under this identity, with a clean environment: a `PGOPTIONS` or `PGPORT` of the
    /// user's shell must not reach into the server, and its messages are to be in English.
    pub(super) fn command(&self, program: &Path, environment: &Environment) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(inherited(environment));
        command.envs([("LC_ALL", "C"), ("TZ", "UTC")]);
        command.current_dir("/").stdin(Stdio::null());
        self.apply(&mut command, true);
        command
    }

    /// Makes `command` run under this identity; with `detach`, in a session of its own and without
    /// file descriptors of ours beyond the standard three.
    #[expect(unsafe_code, reason = "only between fork and exec can a process change who it is")]
    fn apply(&self, command: &mut Command, detach: bool) {
        if let Self::User { uid, gid, .. } = self {
            // The standard library also drops the supplementary groups.
            command.uid(*uid).gid(*gid);
        }
        let maps = matches!(self, Self::Namespace).then(|| Maps::new("1000"));
        // SAFETY: between fork and exec only system calls are made, on memory prepared before.
        unsafe {
            command.pre_exec(move || {
                if detach {
                    nix::unistd::setsid()?;
                    close_others_on_exec();
                }
                maps.as_ref().map_or(Ok(()), Maps::enter)
            });
        }
    }
}

/// Returns the environment passed to the programs: where to find libraries, and temporary files.
fn inherited(environment: &Environment) -> impl Iterator<Item = (OsString, OsString)> {
    const NAMES: [&str; 6] = [
        "PATH",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "TMPDIR",
        "LANG",
    ];
    NAMES.into_iter().filter_map(|name| Some((name.into(), environment.var(name)?.into())))
}

/// The content of `/proc/self/{uid,gid}_map`, prepared before the fork.
/// See [user_namespaces(7)](https://man7.org/linux/man-pages/man7/user_namespaces.7.html).
struct Maps {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "namespaces are Linux's"))]
    uid: String,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "namespaces are Linux's"))]
    gid: String,
}

impl Maps {
    fn new(inside: &str) -> Self {
        Self { uid: format!("{inside} {} 1", geteuid()), gid: format!("{inside} {} 1", getegid()) }
    }

    #[cfg(target_os = "linux")]
    fn enter(&self) -> io::Result<()> {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)?;
        write_proc(c"/proc/self/setgroups", b"deny")?;
        write_proc(c"/proc/self/uid_map", self.uid.as_bytes())?;
        write_proc(c"/proc/self/gid_map", self.gid.as_bytes())
    }

    #[cfg(not(target_os = "linux"))]
    fn enter(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(target_os = "linux")]
fn write_proc(path: &std::ffi::CStr, content: &[u8]) -> io::Result<()> {
    use nix::fcntl::{OFlag, open};
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty())?;
    nix::unistd::write(&file, content)?;
    Ok(())
}

/// A server that outlives us must not hold a pipe of ours open: its reader would wait for
/// the server's end. Where the call is unknown (Linux before 5.11), only that is lost.
#[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "nix has no close_range"))]
pub(super) fn close_others_on_exec() {
    #[cfg(target_os = "linux")]
    // SAFETY: a system call on numbers only.
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_close_range,
            3 as nix::libc::c_uint,
            nix::libc::c_uint::MAX,
            nix::libc::CLOSE_RANGE_CLOEXEC,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_of_the_user_does_not_reach_the_server() {
        let mut environment = Environment::default();
        for (name, value) in [("PATH", "/bin"), ("PGOPTIONS", "-c fsync=off"), ("PGPORT", "1")] {
            environment.vars.insert(name.into(), value.into());
        }
        let command = Identity::Own.command(Path::new("/bin/postgres"), &environment);
        let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["LC_ALL", "PATH", "TZ"]);
    }
}
