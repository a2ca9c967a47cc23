//! Starting `postgres` itself, and where a running server can be reached.
//!
//! `pg_ctl -w` looks every 100 ms whether the server is up; we look every 2 ms.

use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use super::initdb::SUPERUSER;
use super::log::{complaint, is_full, rotate, tail};
use super::postmaster::Postmaster;
use super::record::{Password, Record};
use super::{ClusterError, Programs};
use crate::environment::Environment;

/// How long a start may take: recovery after a crash is measured in seconds, rarely in more.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the processes of a killed server may take to notice that it has ended.
const ORPHANS: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Its process.
    pub pid: i32,
    /// Whether it was found running, was started, or was made from nothing.
    pub origin: Origin,
    /// The programs it runs from.
    pub bindir: PathBuf,
    /// Its version: `15.18`.
    pub version: String,
    /// The folder of its data.
    pub data: PathBuf,
    /// The private folder of its socket: what libpq calls the `host`.
    pub socket_folder: PathBuf,
    /// Its port: part of the socket's name, and the TCP port on 127.0.0.1 where there is one.
    pub port: u16,
    password: Option<Password>,
}

/// How a server came to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was running already.
    Reused,
    /// Its data was there; the server was started.
    Started,
    /// Its data was made first.
    Created,
}

impl Server {
    pub(super) fn new(record: Record, pid: i32, origin: Origin) -> Self {
        let Record { bindir, version, data, socket_folder, port, password, .. } = record;
        Self { pid, origin, bindir, version, data, socket_folder, port, password }
    }

    /// The URL of a database over the socket, without a password: for ourselves and for `psql`.
    ///
    /// See <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql:///{}?host={}&port={}&user={SUPERUSER}",
            escape(database, b""),
            escape(&self.socket_folder.to_string_lossy(), b"/"),
            self.port
        )
    }

    /// The URL of a database over TCP, **with the password**: for tools such as pgAdmin, which
    /// cannot see the socket. `None` for a server without TCP.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> Option<String> {
        let password = self.password.as_ref()?.reveal();
        let (port, database) = (self.port, escape(database, b""));
        Some(format!("postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"))
    }

    /// The major version: 15 for `15.18`.
    #[must_use]
    pub fn major(&self) -> u32 {
        super::programs::major_of(&self.version).unwrap_or_default()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Server");
        debug.field("pid", &self.pid).field("origin", &self.origin);
        debug.field("version", &self.version).field("data", &self.data);
        debug.field("url", &self.url("postgres")).finish_non_exhaustive()
    }
}

/// Percent-encodes all but letters, digits, `-_.~` and the characters in `keep`.
fn escape(text: &str, keep: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || keep.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

pub(super) fn socket_in(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

/// All that is needed to start a server.
pub(super) struct Launch<'a> {
    pub programs: &'a Programs,
    pub environment: &'a Environment,
    pub record: &'a Record,
    pub log: &'a Path,
    pub tcp: bool,
    pub settings: &'a [(String, String)],
}

impl Launch<'_> {
    /// Starts the server and waits until it takes connections.
    pub(super) fn run(&self) -> Result<i32, ClusterError> {
        rotate(self.log)?;
        self.clear_socket()?;
        let since = Instant::now();
        loop {
            let begin = fs::metadata(self.log).map_or(0, |metadata| metadata.len());
            let child = self.spawn()?;
            match self.wait_until_ready(child, begin) {
                Err(ClusterError::Start { reason, .. })
                    if since.elapsed() < ORPHANS && reason.contains("shared memory block") =>
                {
                    thread::sleep(Duration::from_millis(50));
                }
                other => return other,
            }
        }
    }

    /// Removes what a killed server left of its socket. The lock file beside it names a process,
    /// which may be another program by now. There are no other sockets in this folder.
    fn clear_socket(&self) -> Result<(), ClusterError> {
        let socket = socket_in(&self.record.socket_folder, self.record.port);
        let lock = socket.with_file_name(format!(".s.PGSQL.{}.lock", self.record.port));
        for path in [lock, socket] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(ClusterError::folder("remove", &path, source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn spawn(&self) -> Result<Child, ClusterError> {
        let failed = |source| ClusterError::folder("write", self.log, source);
        let log = File::options().create(true).append(true).open(self.log).map_err(failed)?;
        let program = self.programs.program("postgres");
        let mut command = self.record.identity.command(&program, self.environment);
        command.arg("-D").arg(&self.record.data);
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", if self.tcp { "127.0.0.1" } else { "" });
        set("port", &self.record.port.to_string());
        // The setting is a list: names with commas and spaces need quotes.
        let folder = self.record.socket_folder.to_string_lossy().replace('"', "\"\"");
        set("unix_socket_directories", &format!("\"{folder}\""));
        set("unix_socket_permissions", "0700");
        set("logging_collector", "off");
        for (name, value) in self.settings {
            set(name, value);
        }
        command.stdout(log.try_clone().map_err(failed)?).stderr(log);
        command.spawn().map_err(|source| ClusterError::Run { program, source })
    }

    fn wait_until_ready(&self, mut child: Child, log_begin: u64) -> Result<i32, ClusterError> {
        let socket = socket_in(&self.record.socket_folder, self.record.port);
        let since = Instant::now();
        loop {
            if let Some(postmaster) = Postmaster::read(&self.record.data)
                && u32::try_from(postmaster.pid) == Ok(child.id())
                && postmaster.answers(&socket)
            {
                return Ok(postmaster.pid);
            }
            if let Ok(Some(_)) = child.try_wait() {
                return Err(self.failure(log_begin));
            }
            if since.elapsed() > PATIENCE {
                return Err(start_timeout(&self.record.data, since.elapsed(), self.log));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Why the server ended, from what it wrote to its log.
    fn failure(&self, log_begin: u64) -> ClusterError {
        let tail = tail(self.log, log_begin);
        // With a full disk, not even the complaint about it may fit into the log.
        if tail.contains("No space left on device") || is_full(&self.record.data) {
            return ClusterError::NoSpace { folder: self.record.data.clone(), tail };
        }
        if tail.contains("could not bind") && tail.contains("Address already in use") {
            return ClusterError::PortTaken { port: self.record.port };
        }
        let reason = complaint(&tail).unwrap_or("it ended without a word").to_owned();
        ClusterError::Start {
            data: self.record.data.clone(),
            reason,
            log: self.log.to_owned(),
            tail,
        }
    }
}

/// Says that a server has not finished starting.
pub(super) fn start_timeout(data: &Path, waited: Duration, log: &Path) -> ClusterError {
    ClusterError::StartTimeout {
        data: data.to_owned(),
        waited,
        log: log.to_owned(),
        tail: tail(log, 0),
    }
}

/// A loopback port that is free now. The same project gets the same one on every machine where it
/// is free; below the range from which systems take ports for outgoing connections.
pub(super) fn free_port(seed: &str, not: Option<u16>) -> u16 {
    const FIRST: u16 = 15_432;
    const COUNT: u16 = 10_000;
    let start =
        seed.bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    (0..COUNT)
        .map(|step| FIRST + (start % COUNT + step) % COUNT)
        .find(|port| Some(*port) != not && is_free(*port))
        .unwrap_or(FIRST)
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::privileges::Identity;

    fn server() -> Server {
        let record = Record {
            bindir: "/bin".into(),
            version: "15.18".into(),
            stamp: String::new(),
            identity: Identity::Own,
            data: "/data".into(),
            socket_folder: "/run/user/1000/my socket".into(),
            port: 15432,
            password: Some(Password::generate().unwrap()),
        };
        Server::new(record, 1, Origin::Reused)
    }

    #[test]
    fn urls() {
        let server = server();
        assert_eq!(
            server.url("blog"),
            "postgresql:///blog?host=/run/user/1000/my%20socket&port=15432&user=postgres"
        );
        server.url("blog").parse::<postgres::Config>().unwrap();
        let password = server.password.as_ref().unwrap().reveal();
        let tcp = server.tcp_url("a/b c").unwrap();
        assert_eq!(tcp, format!("postgresql://postgres:{password}@127.0.0.1:15432/a%2Fb%20c"));
        tcp.parse::<postgres::Config>().unwrap();
        assert!(!format!("{server:?}").contains(password));
        assert_eq!(server.major(), 15);
    }

    #[test]
    fn the_port_of_a_project_is_steady() {
        let port = free_port("a project", None);
        // A process that another test is just starting may hold our listener for a moment.
        let again = || (0..100).map(|_| std::thread::sleep(Duration::from_millis(5)));
        assert!(again().any(|()| free_port("a project", None) == port));
        let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert_ne!(free_port("a project", None), port);
        drop(taken);
        assert_ne!(free_port("a project", Some(port)), port);
    }
}
