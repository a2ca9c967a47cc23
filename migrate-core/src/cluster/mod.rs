//! Private PostgreSQL servers, run from the programs on this machine.
//!
//! A project without a database gets one of its own: [`Cluster::for_project`] determines its location,
//! [`Cluster::start`] creates and starts it on first use (half a second) and finds it running from
//! then on (well under a millisecond: one file is read, one socket contacted). The server stays when
//! the command ends; [`Cluster::stop`] ends it. The data is in the user's state folder, so that
//! cleaning a build does not delete it.
//!
//! Rehearsals and tests use the same code with data that is thrown away: [`TemporaryCluster`] ends
//! with its owner, however that ends, and [`SharedCluster`] serves many processes and ends
//! when the last of them has ended.
//!
//! ```no_run
//! use migrate_core::Environment;
//! use migrate_core::cluster::Cluster;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let environment = Environment::default();
//! let cluster = Cluster::for_project(&environment, "/home/ann/blog".as_ref())?;
//! let server = cluster.start()?;
//! let client = postgres::Client::connect(&server.url("postgres"), postgres::NoTls)?;
//! # Ok(())
//! # }
//! ```
//!
//! Where no programs are found, [`offers`] returns the packages that could be downloaded, and
//! [`install`] downloads one. Nothing is downloaded without a request.
//!
//! These rules keep it correct: `initdb` works in a folder beside the data's, which is then renamed; a
//! file lock lets one process at a time start or stop a server; a server is considered running only
//! if its process works in the data folder and listens on the socket; folders are used only if
//! they are ours and closed to others.

pub(crate) mod directory;
mod error;
mod initdb;
pub(crate) mod install_line;
mod log;
mod packaged;
mod postmaster;
mod privileges;
pub(crate) mod programs;
mod record;
mod server;
mod shared;
mod start;
mod temporary;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

pub use error::ClusterError;
pub use packaged::{Offer, Registry, install, offers};
pub use postmaster::Stopped;
pub use privileges::RootAs;
pub use programs::Programs;
pub use server::{Origin, Server};
pub use shared::SharedCluster;
pub use temporary::TemporaryCluster;

use crate::environment::Environment;
use directory::Lock;
use postmaster::{Postmaster, Process, State};
use privileges::Identity;
use record::Record;

/// What the data is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// It survives a crash of the machine.
    Durable,
    /// It is thrown away when the server ends.
    ThrowAway,
}

/// A private server: where it lies and how it is to run. Holding one starts nothing.
#[derive(Debug, Clone)]
pub struct Cluster {
    environment: Environment,
    folder: PathBuf,
    /// Names the folders outside of ours.
    key: String,
    durability: Durability,
    tcp: bool,
    /// Whether the socket may lie in our folder, if its path is short enough.
    socket_inside: bool,
    port: Option<u16>,
    major: Option<u32>,
    root_as: RootAs,
    settings: Vec<(String, String)>,
}

/// What a cluster is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It was never started: there is no data.
    Absent,
    /// There is data, and no server.
    Stopped {
        /// The major version of the data.
        major: u32,
    },
    /// The server has not finished starting (recovery after a crash takes its time).
    Starting {
        /// Its process.
        pid: i32,
    },
    /// The server is ending.
    Stopping {
        /// Its process.
        pid: i32,
    },
    /// The server takes connections.
    Running(Server),
}

impl Cluster {
    /// The cluster of a project, stored in
    /// `$XDG_STATE_HOME/migrate/clusters/<project>-<hash of its path>/`.
    ///
    /// `project` is the project's folder; a relative one is resolved against the working directory.
    /// Another checkout of the same project has another cluster.
    ///
    /// # Errors
    ///
    /// [`ClusterError::NoHome`] if neither a home nor a state folder is known.
    pub fn for_project(environment: &Environment, project: &Path) -> Result<Self, ClusterError> {
        let project = environment.current_dir.join(project);
        let project = fs::canonicalize(&project).unwrap_or(project);
        let name = format!("{}-{}", directory::slug(&project), directory::key(&project));
        let folder = directory::state_home(environment)?.join("migrate/clusters").join(name);
        let durability = Durability::Durable;
        Ok(Self { durability, tcp: true, ..Self::throw_away(environment, folder) })
    }

    /// A cluster in a given folder, for data that need not be preserved; without TCP.
    fn throw_away(environment: &Environment, folder: PathBuf) -> Self {
        Self {
            environment: environment.clone(),
            key: directory::key(&folder),
            folder,
            durability: Durability::ThrowAway,
            tcp: false,
            socket_inside: false,
            port: None,
            major: None,
            root_as: RootAs::Auto,
            settings: Vec::new(),
        }
    }

    /// Requests a major version: it decides which programs create a new cluster, and a cluster of
    /// another version is then an error.
    #[must_use]
    pub fn with_major(mut self, major: Option<u32>) -> Self {
        self.major = major;
        self
    }

    /// Fixes the TCP port: if it is taken, starting fails. Otherwise a free one is chosen, and reused as
    /// long as it stays free. For a cluster without TCP it is the number in the socket's name.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Says what to do about PostgreSQL's refusal to run as root.
    #[must_use]
    pub fn with_root_as(mut self, root_as: RootAs) -> Self {
        self.root_as = root_as;
        self
    }

    /// Adds a [server setting](https://www.postgresql.org/docs/current/runtime-config.html) for
    /// the next start.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The cluster's own folder: data, log, lock.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file with what the server writes on its standard error.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Starts the server unless it is running, making its data first where there is none.
    ///
    /// Any number of processes may do this at once: one makes and starts it, the others wait.
    ///
    /// # Errors
    ///
    /// Whatever [`ClusterError`] names; the data stays as it is.
    pub fn start(&self) -> Result<Server, ClusterError> {
        if let Some(server) = self.running() {
            return Ok(server);
        }
        directory::ensure_private(&self.folder)?;
        let _lock = Lock::take(&self.folder)?;
        if let Some(server) = self.running() {
            return Ok(server);
        }
        self.start_locked()
    }

    /// The server, if it is running: the cheap question of every command.
    fn running(&self) -> Option<Server> {
        let record = self.record()?;
        if (self.tcp && record.password.is_none())
            || self.port.is_some_and(|port| port != record.port)
            || self.major.is_some_and(|major| programs::major_of(&record.version) != Some(major))
        {
            return None;
        }
        let postmaster = Postmaster::read(&record.data)?;
        let socket = server::socket_in(&record.socket_folder, record.port);
        postmaster.answers(&socket).then(|| Server::new(record, postmaster.pid, Origin::Reused))
    }

    /// Ends the server in order: sessions are ended, all is written.
    ///
    /// # Errors
    ///
    /// [`ClusterError::StopTimeout`] if it does not end, [`ClusterError::Locked`] if another
    /// process has been starting it for too long.
    pub fn stop(&self) -> Result<Stopped, ClusterError> {
        if !self.folder.is_dir() {
            return Ok(Stopped::WasNotRunning);
        }
        let _lock = Lock::take(&self.folder)?;
        match Postmaster::read(&self.data()) {
            Some(postmaster) => postmaster.stop(),
            None => Ok(Stopped::WasNotRunning),
        }
    }

    /// Returns the state of the cluster. Changes nothing, waits for nothing.
    #[must_use]
    pub fn status(&self) -> Status {
        if let Some(server) = self.running() {
            return Status::Running(server);
        }
        let data = self.data();
        let Some(major) = data_major(&data) else {
            return Status::Absent;
        };
        match Postmaster::read(&data).filter(|it| it.process() == Process::Server) {
            None => Status::Stopped { major },
            Some(Postmaster { pid, state: State::Stopping, .. }) => Status::Stopping { pid },
            Some(Postmaster { pid, .. }) => Status::Starting { pid },
        }
    }

    /// Ends the server and removes all of the cluster, **with its data**.
    ///
    /// # Errors
    ///
    /// As for [`stop`](Self::stop), and [`ClusterError::Folder`].
    pub fn remove(&self) -> Result<(), ClusterError> {
        // Whatever became of its own folder, those outside are to go too.
        let _lock = self.folder.is_dir().then(|| Lock::take(&self.folder)).transpose()?;
        if let Some(postmaster) = Postmaster::read(&self.data()) {
            match self.durability {
                Durability::Durable => drop(postmaster.stop()?),
                Durability::ThrowAway => postmaster.kill()?,
            }
        }
        // Its own folder, and the lock in it, is removed last.
        for folder in self.folders().iter().rev() {
            directory::remove(folder)?;
        }
        Ok(())
    }

    /// The folders of this cluster: its own, and those it may have elsewhere.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.clone()];
        folders.extend(directory::outside_folders(&self.environment, &self.key));
        if let Some(record) = Record::read(&self.folder)
            && record.socket_folder.ends_with(&self.key)
            && !folders.contains(&record.socket_folder)
        {
            folders.push(record.socket_folder);
        }
        folders
    }

    /// The record, if it is this folder's: one that was copied here with the folder speaks of
    /// data elsewhere.
    fn record(&self) -> Option<Record> {
        Record::read(&self.folder).filter(|record| record.data == self.data_of(&record.identity))
    }

    /// Returns the user that the server has run as so far.
    fn identity(&self) -> Option<Identity> {
        if let Some(record) = self.record() {
            return Some(record.identity);
        }
        // The record may be lost, but data of another user's server must not be.
        Identity::owner_of(&directory::others_folder(&self.key).join("data"))
    }

    /// The data folder, by the user that the server runs as.
    fn data_of(&self, identity: &Identity) -> PathBuf {
        directory::server_folder(&self.folder, &self.key, identity).join("data")
    }

    /// The data folder as it is now.
    fn data(&self) -> PathBuf {
        self.data_of(&self.identity().unwrap_or(Identity::Own))
    }
}

/// The major version of the data in a folder: its `PG_VERSION`.
fn data_major(data: &Path) -> Option<u32> {
    programs::major_of(fs::read_to_string(data.join("PG_VERSION")).ok()?.trim())
}
