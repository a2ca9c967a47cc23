//! A server for one owner, that leaves nothing behind.

use std::fs::Permissions;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::watch::ServerGuard;
use super::{Cluster, ClusterError, Server, directory};
use crate::environment::Environment;

/// A server with data of its own in the folder for temporary files, for a rehearsal or a test.
///
/// Dropped, it ends the server and removes the files. So it does if the process is killed: a small
/// shell process waits for that. Nothing is synced to disk.
#[derive(Debug)]
pub struct TemporaryCluster {
    server: Server,
    cluster: Cluster,
    leash: Option<ServerGuard>,
}

impl TemporaryCluster {
    /// Makes and starts a server, of a given major version or of any: about 0.6 s.
    ///
    /// # Errors
    ///
    /// As for [`Cluster::start`].
    pub fn start(environment: &Environment, major: Option<u32>) -> Result<Self, ClusterError> {
        Self::start_with(environment, |cluster| cluster.with_major(major))
    }

    /// The same, with settings of the cluster: `|cluster| cluster.with_setting("wal_level",
    /// "logical")`.
    ///
    /// # Errors
    ///
    /// As for [`Cluster::start`].
    pub fn start_with(
        environment: &Environment,
        settings: impl FnOnce(Cluster) -> Cluster,
    ) -> Result<Self, ClusterError> {
        let parent = environment.var("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let folder = tempfile::Builder::new()
            .prefix("migrate-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(|source| ClusterError::folder("write", &parent, source))?
            .keep();
        // The leash compares with the resolved path of the server's working directory.
        let folder = std::fs::canonicalize(&folder)
            .map_err(|source| ClusterError::folder("read", &folder, source))?;
        let mut cluster = settings(Cluster::throw_away(environment, folder.clone()));
        cluster.socket_inside = true;
        let started = Self::start_on_leash(cluster);
        if started.is_err() {
            let _ = directory::remove(&folder);
        }
        started
    }

    fn start_on_leash(cluster: Cluster) -> Result<Self, ClusterError> {
        let leash = ServerGuard::new(&cluster.folders())?;
        match cluster.start() {
            Ok(server) => Ok(Self { server, cluster, leash: Some(leash) }),
            Err(error) => {
                let _ = cluster.remove();
                leash.release();
                Err(error)
            }
        }
    }

    /// The running server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Deref for TemporaryCluster {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for TemporaryCluster {
    fn drop(&mut self) {
        // Where this fails, the shell does it: it is not released then, but its pipe is closed.
        if self.cluster.remove().is_ok()
            && let Some(leash) = self.leash.take()
        {
            leash.release();
        }
    }
}
