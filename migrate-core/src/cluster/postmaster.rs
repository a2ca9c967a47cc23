//! Is it running? `postmaster.pid`, the process it names, and the socket.
//!
//! The file alone proves nothing: after a crash it stays, and the number in it may meanwhile
//! belong to anything. So the process's working folder is checked (a server works in its data folder),
//! and which process listens on the socket.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::ClusterError;

/// How long a server may take to end its sessions before an immediate shutdown.
const FAST: Duration = Duration::from_secs(10);
/// How long it may take after that.
const IMMEDIATE: Duration = Duration::from_secs(10);

/// What `postmaster.pid` says, in the order of its lines
/// (`src/include/utils/pidfile.h` in PostgreSQL's sources).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub pid: i32,
    data: PathBuf,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Ready,
    Stopping,
}

/// What became of the process that a `postmaster.pid` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// It is the server of this data folder.
    Server,
    /// There is no such process.
    Gone,
    /// The number belongs to another program now.
    Stranger,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// There was none to stop.
    WasNotRunning,
    /// In order: sessions were ended, all was written.
    Fast,
    /// At once, since it did not end in time; the next start recovers. Nothing committed is lost.
    Immediate,
}

impl Postmaster {
    /// Reads the file in a data folder; `None` where there is none, or a half-written one.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(file_in(data)).ok()?, data)
    }

    fn parse(text: &str, data: &Path) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // PostgreSQL writes a negative number for a server in single-user mode.
        let pid: i32 = lines.first()?.parse().ok().filter(|pid| *pid > 0)?;
        let state = match lines.get(7).copied() {
            Some("ready" | "standby") => State::Ready,
            Some("stopping") => State::Stopping,
            _ => State::Starting,
        };
        Some(Self { pid, data: data.to_owned(), state })
    }

    /// Determines whether the process is the server of its data folder.
    pub(super) fn process(&self) -> Process {
        let pid = Pid::from_raw(self.pid);
        // A child of ours that ended stays a zombie until it is waited for.
        if let Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) =
            waitpid(pid, Some(WaitPidFlag::WNOHANG))
        {
            return Process::Gone;
        }
        match kill(pid, None) {
            Err(Errno::ESRCH) => Process::Gone,
            // It is another user's; a server of ours could be signaled.
            Err(_) => Process::Stranger,
            Ok(()) => self.living_process(),
        }
    }

    #[cfg(target_os = "linux")]
    fn living_process(&self) -> Process {
        let proc = PathBuf::from(format!("/proc/{}", self.pid));
        match fs::read_link(proc.join("cwd")) {
            Ok(folder) if fs::canonicalize(&self.data).is_ok_and(|data| data == folder) => {
                Process::Server
            }
            // It is ending, and has no working directory any more. If it is a child of ours, it
            // must be waited for, or it stays a zombie.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _ = waitpid(Pid::from_raw(self.pid), None);
                Process::Gone
            }
            _ => Process::Stranger,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn living_process(&self) -> Process {
        let pid = self.pid.to_string();
        let output = std::process::Command::new("ps").args(["-o", "args=", "-p", &pid]).output();
        let data = self.data.to_string_lossy();
        match output {
            Ok(output) if String::from_utf8_lossy(&output.stdout).contains(&*data) => {
                Process::Server
            }
            _ => Process::Stranger,
        }
    }

    /// Whether the server lives and answers on its socket: a few microseconds, no session is
    /// opened. The processes of a server that was killed keep its socket open for a moment, so the
    /// answer alone does not do.
    pub(super) fn answers(&self, socket: &Path) -> bool {
        self.state == State::Ready
            && self.process() == Process::Server
            && UnixStream::connect(socket).is_ok_and(|stream| is_peer(&stream, self.pid))
    }

    /// Ends the server and waits for its end.
    pub(super) fn stop(&self) -> Result<Stopped, ClusterError> {
        if self.process() != Process::Server {
            return Ok(Stopped::WasNotRunning);
        }
        // https://www.postgresql.org/docs/current/server-shutdown.html
        if self.ends_by(Signal::SIGINT, FAST) {
            return Ok(Stopped::Fast);
        }
        if self.ends_by(Signal::SIGQUIT, IMMEDIATE) {
            return Ok(Stopped::Immediate);
        }
        Err(ClusterError::StopTimeout { pid: self.pid, waited: FAST + IMMEDIATE })
    }

    /// Ends the server without writing what it has in memory: for data that is thrown away.
    pub(super) fn kill(&self) -> Result<(), ClusterError> {
        if self.process() != Process::Server || self.ends_by(Signal::SIGQUIT, IMMEDIATE) {
            return Ok(());
        }
        Err(ClusterError::StopTimeout { pid: self.pid, waited: IMMEDIATE })
    }

    fn ends_by(&self, signal: Signal, patience: Duration) -> bool {
        let _ = kill(Pid::from_raw(self.pid), signal);
        self.is_gone_within(patience)
    }

    /// Waits for the end of the server.
    pub(super) fn is_gone_within(&self, patience: Duration) -> bool {
        let since = Instant::now();
        while self.process() == Process::Server {
            if since.elapsed() > patience {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

/// Takes a `postmaster.pid` out of the way whose number belongs to another program now: the
/// server would take that for another server and refuse to start. Only with the lock held. Orphans
/// of a crashed server are still found, by the shared memory they hold.
pub(super) fn remove_stale_file(data: &Path) -> Result<(), ClusterError> {
    let path = file_in(data);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ClusterError::folder("remove", &path, error))
        }
        _ => Ok(()),
    }
}

fn file_in(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Whether the socket's listener is that process: the socket of another server has no say.
#[cfg(target_os = "linux")]
fn is_peer(stream: &UnixStream, pid: i32) -> bool {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    getsockopt(stream, PeerCredentials).is_ok_and(|peer| peer.pid() == pid)
}

#[cfg(not(target_os = "linux"))]
fn is_peer(_stream: &UnixStream, _pid: i32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "4711\n/data\n1763694509\n15432\n/tmp/s\n127.0.0.1\n  5432001   3\nready   \n";

    #[test]
    fn the_file_is_read() {
        let read = |text: &str| Postmaster::parse(text, Path::new("/data"));
        let postmaster = read(FILE).unwrap();
        assert_eq!((postmaster.pid, postmaster.state), (4711, State::Ready));
        assert_eq!(read(&FILE.replace("ready", "starting")).unwrap().state, State::Starting);
        assert_eq!(read(&FILE.replace("ready", "stopping")).unwrap().state, State::Stopping);
        assert_eq!(read("4711\n/data\n").unwrap().state, State::Starting);
        assert_eq!(read(""), None);
        assert_eq!(read("-4711\n"), None);
    }

    #[test]
    fn a_number_that_belongs_to_another_program_is_a_stranger() {
        let folder = tempfile::tempdir().unwrap();
        let ours = i32::try_from(std::process::id()).unwrap();
        let postmaster = Postmaster { pid: ours, data: folder.path().into(), state: State::Ready };
        assert_eq!(postmaster.process(), Process::Stranger);
        assert_eq!(postmaster.stop().unwrap(), Stopped::WasNotRunning);
    }

    #[test]
    fn an_ended_process_is_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        let postmaster = Postmaster { pid, data: "/nowhere".into(), state: State::Ready };
        assert_eq!(postmaster.process(), Process::Gone);
    }
}
