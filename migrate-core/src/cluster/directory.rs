//! Where the parts of a cluster are located, and whose folders may be trusted.
//!
//! A cluster's own folder (`~/.local/state/migrate/clusters/<project>-<hash>/`) holds the lock,
//! the record and the log. The data is there too, unless the server must run as another user, which
//! could not reach it below a private home. The socket has a short folder of its own: its path
//! must fit into [107 bytes](https://man7.org/linux/man-pages/man7/unix.7.html), and any user that can
//! enter the folder can connect without a password.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::ClusterError;
use super::privileges::Identity;
use crate::environment::Environment;

/// The longest path of a Unix socket, in bytes.
const SOCKET_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// How long one process may start or stop a server before others give up waiting for it.
const LOCK_PATIENCE: Duration = Duration::from_secs(90);

/// `$XDG_STATE_HOME`, or `~/.local/state`:
/// <https://specifications.freedesktop.org/basedir-spec/latest/>.
pub(crate) fn state_home(environment: &Environment) -> Result<PathBuf, ClusterError> {
    base_folder(environment, "XDG_STATE_HOME", ".local/state").ok_or(ClusterError::NoHome)
}

/// `$XDG_CACHE_HOME`, or `~/.cache`.
pub(super) fn cache_home(environment: &Environment) -> Option<PathBuf> {
    base_folder(environment, "XDG_CACHE_HOME", ".cache")
}

/// Returns a base folder; as the specification requires, a relative one counts as not set.
fn base_folder(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = environment.var(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| environment.home.as_ref().map(|home| home.join(below_home)))
}

/// A short name that is the same for the same path, 16 hexadecimal digits.
pub(super) fn key(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The last part of a project's path as a plain word: `My Blog!` gives `my-blog`.
pub(super) fn slug(project: &Path) -> String {
    let name = project.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut slug = String::new();
    for c in name.chars().take(40) {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "project".to_owned() } else { slug.to_owned() }
}

/// Makes sure that a folder exists, is ours, and is closed to others.
pub(super) fn ensure_private(path: &Path) -> Result<(), ClusterError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .map_err(|source| ClusterError::folder("create", parent, source))?;
    }
    create(path, 0o700)?;
    check(path, nix::unistd::geteuid().as_raw(), 0o077)
}

/// Creates one folder; an existing one is not changed.
fn create(path: &Path, mode: u32) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(ClusterError::folder("create", path, source))
        }
        _ => Ok(()),
    }
}

/// A folder is trusted if it is no link, belongs to `owner`, and has none of the `closed` bits.
fn check(path: &Path, owner: u32, closed: u32) -> Result<(), ClusterError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| ClusterError::folder("read", path, source))?;
    if !metadata.is_dir() {
        return Err(ClusterError::NotAFolder { path: path.to_owned() });
    }
    if metadata.uid() != owner {
        let path = path.to_owned();
        return Err(ClusterError::NotOurs { path, owner: metadata.uid(), wanted: owner });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & closed != 0 {
        return Err(ClusterError::OpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Returns the folder that belongs to the server: the cluster's own, or, where it runs as another user,
/// one of that user's below `/var/tmp/migrate-<uid>`, in which no other user can create folders.
pub(super) fn server_folder(folder: &Path, key: &str, identity: &Identity) -> PathBuf {
    match identity {
        Identity::User { .. } => others_folder(key),
        Identity::Own | Identity::Namespace => folder.to_owned(),
    }
}

/// Makes sure that the server's folder exists and is the server's alone.
pub(super) fn ensure_server_folder(folder: &Path, identity: &Identity) -> Result<(), ClusterError> {
    let Identity::User { uid, gid, .. } = identity else {
        return ensure_private(folder);
    };
    let parent = others_parent();
    create(&parent, 0o711)?;
    check(&parent, nix::unistd::geteuid().as_raw(), 0o022)?;
    create(folder, 0o700)?;
    std::os::unix::fs::lchown(folder, Some(*uid), Some(*gid))
        .map_err(|source| ClusterError::folder("hand over", folder, source))?;
    check(folder, *uid, 0o077)
}

/// The folder of a cluster whose server runs as another user.
pub(super) fn others_folder(key: &str) -> PathBuf {
    others_parent().join(key)
}

/// Returns the parent of other users' folders for our clusters.
fn others_parent() -> PathBuf {
    PathBuf::from(format!("/var/tmp/migrate-{}", nix::unistd::geteuid()))
}

/// The folder for the socket, made and checked.
pub(super) fn socket_folder(
    environment: &Environment,
    server_folder: &Path,
    key: &str,
    identity: &Identity,
    inside: bool,
) -> Result<PathBuf, ClusterError> {
    if matches!(identity, Identity::User { .. }) {
        return fits(server_folder.to_owned());
    }
    if inside && let Ok(folder) = fits(server_folder.to_owned()) {
        return Ok(folder);
    }
    let mut folders = socket_folders(environment, key).into_iter().map(fits);
    let folder = match (folders.next(), folders.next()) {
        (Some(Ok(folder)), _) | (_, Some(Ok(folder))) => folder,
        (first, second) => second.or(first).unwrap_or(Err(ClusterError::NoHome))?,
    };
    if let Some(parent) = folder.parent() {
        ensure_private(parent)?;
    }
    ensure_private(&folder)?;
    Ok(folder)
}

/// Returns the candidates for a socket's folder, the best one first.
fn socket_folders(environment: &Environment, key: &str) -> Vec<PathBuf> {
    let runtime = runtime_folder(environment).map(|folder| folder.join("migrate"));
    // `/tmp` and not `TMPDIR`, which is long on macOS.
    let short = PathBuf::from(format!("/tmp/migrate-{}", nix::unistd::geteuid()));
    runtime.into_iter().chain([short]).map(|parent| parent.join(key)).collect()
}

/// All folders outside its own that a cluster may have.
pub(super) fn outside_folders(environment: &Environment, key: &str) -> Vec<PathBuf> {
    let mut folders = socket_folders(environment, key);
    folders.push(others_folder(key));
    folders
}

/// `XDG_RUNTIME_DIR`, if it is what it should be: ours and private.
fn runtime_folder(environment: &Environment) -> Option<PathBuf> {
    let folder = PathBuf::from(environment.var("XDG_RUNTIME_DIR")?);
    let us = nix::unistd::geteuid().as_raw();
    (folder.is_absolute() && check(&folder, us, 0o077).is_ok()).then_some(folder)
}

fn fits(folder: PathBuf) -> Result<PathBuf, ClusterError> {
    let longest = folder.join(".s.PGSQL.65535");
    if longest.as_os_str().len() > SOCKET_LIMIT {
        return Err(ClusterError::SocketPath { path: longest, limit: SOCKET_LIMIT });
    }
    Ok(folder)
}

/// Removes a folder and all in it; one that is not there is fine.
pub(super) fn remove(path: &Path) -> Result<(), ClusterError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ClusterError::folder("remove", path, source))
        }
        _ => Ok(()),
    }
}

/// The right to start or stop a server. Given back when dropped, and when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock of a cluster's folder.
    pub(super) fn take(folder: &Path) -> Result<Self, ClusterError> {
        let path = folder.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| ClusterError::folder("write", &path, source))?;
        let _ = file.set_permissions(fs::Permissions::from_mode(0o600));
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if since.elapsed() < LOCK_PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(ClusterError::Locked { path, waited: since.elapsed() });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(ClusterError::folder("lock", &path, source));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain_words() {
        assert_eq!(slug(Path::new("/home/ann/My Blog!")), "my-blog");
        assert_eq!(slug(Path::new("/srv/shop_2")), "shop_2");
        assert_eq!(slug(Path::new("/srv/日本")), "project");
        assert_eq!(slug(Path::new("/")), "project");
    }

    #[test]
    fn keys_differ_by_path() {
        assert_eq!(key(Path::new("/a")), key(Path::new("/a")));
        assert_ne!(key(Path::new("/a/blog")), key(Path::new("/b/blog")));
        assert_eq!(key(Path::new("/a")).len(), 16);
    }

    #[test]
    fn a_folder_of_someone_else_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let owner = fs::metadata(folder.path()).unwrap().uid();
        assert!(check(folder.path(), owner, 0o022).is_ok());
        assert!(matches!(
            check(folder.path(), owner + 1, 0o077),
            Err(ClusterError::NotOurs { wanted, .. }) if wanted == owner + 1
        ));
    }

    #[test]
    fn an_open_folder_and_a_link_are_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(
            ensure_private(&open),
            Err(ClusterError::OpenToOthers { mode: 0o755, .. })
        ));

        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert!(matches!(ensure_private(&link), Err(ClusterError::NotAFolder { .. })));
    }

    #[test]
    fn a_long_socket_path_is_refused() {
        assert!(fits(PathBuf::from("/tmp/short")).is_ok());
        let long = PathBuf::from(format!("/tmp/{}", "x".repeat(100)));
        assert!(matches!(fits(long), Err(ClusterError::SocketPath { .. })));
    }

    #[test]
    fn relative_base_folders_do_not_count() {
        let mut environment =
            Environment { home: Some("/home/ann".into()), ..Environment::default() };
        environment.vars.insert("XDG_STATE_HOME".into(), "state".into());
        assert_eq!(state_home(&environment).unwrap(), Path::new("/home/ann/.local/state"));
    }
}
