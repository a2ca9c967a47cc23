//! The folder of the socket over which a function's program communicates.
//!
//! It is removed after the call. A process that is killed cannot do so: therefore each process holds
//! a lock on its folder, and the next process removes those that are not locked.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Once;

use tempfile::TempDir;

/// How the names of such folders begin.
const PREFIX: &str = "migrate-function-";
/// The socket in it.
const SOCKET: &str = "function";

/// A folder for one socket.
pub(super) struct SocketFolder {
    folder: TempDir,
    _lock: File,
}

impl SocketFolder {
    /// Creates a folder in this one, after removing what other processes left there.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(parent));
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let lock = File::open(folder.path())?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }
}

/// Removes the folders whose process has ended. A folder that is not exactly as we create it stays.
fn sweep(parent: &Path) {
    let us = nix::unistd::geteuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let is_ours = |path: &Path| {
            path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == us)
        };
        let path = entry.path();
        let socket = path.join(SOCKET);
        // One that has no socket yet may be about to be locked.
        if !is_one || !is_ours(&path) || socket.symlink_metadata().is_err() {
            continue;
        }
        if File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
            _ = fs::remove_file(&socket).and_then(|()| fs::remove_dir(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_a_killed_process_has_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let alive = SocketFolder::new(parent.path()).unwrap();
        let _listener = UnixListener::bind(alive.socket()).unwrap();
        let dead = parent.path().join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).unwrap();
        drop(UnixListener::bind(dead.join(SOCKET)).unwrap());
        let others = [format!("{PREFIX}empty"), "migrate-abcdef".to_owned()];
        let others = others.map(|name| parent.path().join(name));
        others.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        fs::write(others[1].join(SOCKET), "").unwrap();
        sweep(parent.path());
        assert!(!dead.exists());
        assert!(alive.socket().exists() && others.iter().all(|folder| folder.exists()));
    }
}
