//! A server for many processes, which ends when the last of them has ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::directory::{self, Lock};
use super::postmaster::{Postmaster, Process};
use super::record::Record;
use super::{Cluster, ClusterError, Server, watch};
use crate::environment::Environment;

/// A throw-away server that any number of processes join: the first one starts it, and some time
/// after the last one has ended (in whatever way) it ends and its files are removed.
///
/// Made for tests, which run as many threads or as many processes, and for rehearsals that come
/// one after the other. Data never outlives the server: nothing is synced to disk.
///
/// In its folder, `run/` is the current server, with a file for each of its processes in
/// `run/users/`. A small shell process watches over it. To end the server it renames `run/`, so
/// that from that moment on a new process creates a new one.
#[derive(Debug, Clone)]
pub struct SharedCluster {
    folder: PathBuf,
    cluster: Cluster,
    patience: Duration,
}

impl SharedCluster {
    /// The shared server of a folder; nothing is started yet.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] if the folder cannot be made, or is not ours alone.
    pub fn new(environment: &Environment, folder: &Path) -> Result<Self, ClusterError> {
        let folder = environment.current_dir.join(folder);
        directory::ensure_private(&folder)?;
        // The shell compares with the resolved path of the server's working directory.
        let folder = fs::canonicalize(&folder)
            .map_err(|source| ClusterError::folder("read", &folder, source))?;
        let mut cluster = Cluster::throw_away(environment, folder.join("run"));
        // A run that is ending must not share its socket with the next one.
        cluster.key = format!("{}-{}", directory::key(&folder), std::process::id());
        Ok(Self { folder, cluster, patience: Duration::from_secs(30) })
    }

    /// Sets how long the server stays after its last user has ended: 30 s by default, to the
    /// second.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Changes how the server is to run: major version, settings.
    #[must_use]
    pub fn with(mut self, settings: impl FnOnce(Cluster) -> Cluster) -> Self {
        self.cluster = settings(self.cluster);
        self
    }

    /// Joins the server, starting it if there is none. It then stays at least as long as this
    /// process.
    ///
    /// # Errors
    ///
    /// As for [`Cluster::start`].
    pub fn join(&self) -> Result<Server, ClusterError> {
        if let Some(server) = self.try_join() {
            return Ok(server);
        }
        let _lock = Lock::take(&self.folder)?;
        if let Some(server) = self.try_join() {
            return Ok(server);
        }
        self.sweep()?;
        directory::ensure_private(&self.cluster.folder)?;
        directory::ensure_private(&self.users())?;
        self.register().map_err(|source| ClusterError::folder("write", &self.users(), source))?;
        let started = self.cluster.start();
        if started.is_err() {
            let _ = self.cluster.remove();
        }
        let server = started?;
        let outside = directory::outside_folders(&self.cluster.environment, &self.cluster.key);
        watch::watch_shared(
            &self.cluster.folder,
            server.pid,
            &server.data,
            self.patience,
            &outside,
            &self.cluster.log(),
        )?;
        Ok(server)
    }

    /// Joins the running server. First the registration, then the look at the server, then whether
    /// the registration still exists: if the run was moved away in between, one of the last two
    /// fails, and if later, the process that moved it sees the registration.
    fn try_join(&self) -> Option<Server> {
        self.register().ok()?;
        let server = self.cluster.running()?;
        self.registration().exists().then_some(server)
    }

    fn register(&self) -> std::io::Result<()> {
        File::create(self.registration()).map(drop)
    }

    fn registration(&self) -> PathBuf {
        self.users().join(std::process::id().to_string())
    }

    fn users(&self) -> PathBuf {
        self.cluster.folder.join("users")
    }

    /// Removes the remains of earlier runs: those that could not clean up themselves, and the last one
    /// if its server is dead or was never up.
    fn sweep(&self) -> Result<(), ClusterError> {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name == "run" || name.to_string_lossy().starts_with("run.gone.") {
                self.remove_run(&entry.path(), name == "run")?;
            }
        }
        Ok(())
    }

    /// Removes a run. One that was moved away, and whose server still serves processes that joined in
    /// time, is left to its shell process.
    fn remove_run(&self, run: &Path, force: bool) -> Result<(), ClusterError> {
        let Some(record) = Record::read(run) else {
            return directory::remove(run);
        };
        let data = match record.data.strip_prefix(&self.cluster.folder) {
            Ok(inside) => run.join(inside),
            Err(_) => record.data.clone(),
        };
        if let Some(postmaster) = Postmaster::read(&data) {
            if postmaster.process() == Process::Server && !force {
                return Ok(());
            }
            postmaster.kill()?;
        }
        directory::remove(&data)?;
        directory::remove(&record.socket_folder)?;
        directory::remove(run)
    }
}
