//! Full and read-only disks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use migrate_core::cluster::ClusterError;

use crate::sandbox::{Sandbox, read_something, skipped, write_something};

/// A small file system in memory, gone with the value. `None` where mounting is not allowed.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", folder.to_str()?]);
        mounted.then(|| Self(folder.to_owned()))
    }

    fn make_read_only(&self, read_only: bool) {
        let options = if read_only { "remount,ro" } else { "remount,rw" };
        assert!(run("mount", &["-o", options, self.0.to_str().unwrap()]));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let sandbox = Sandbox::new();
    let small = sandbox.path().join("state");
    let Some(_mount) = Mount::new(&small, "8m") else {
        return skipped("needs root to mount a small file system");
    };
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::NoSpace { .. }), "{error}");
    assert!(!sandbox.cluster().folder().join("data.new").exists());

    run("mount", &["-o", "remount,size=120m", small.to_str().unwrap()]);
    let server = sandbox.cluster().start().unwrap();
    write_something(&server);
    sandbox.cluster().stop().unwrap();

    let filler = small.join("filler");
    run("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=64k"]);
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::NoSpace { .. }), "{error}");
    assert!(error.help().unwrap().contains("df -h"));

    fs::remove_file(filler).unwrap();
    assert_eq!(read_something(&sandbox.cluster().start().unwrap()), 42);
    sandbox.cluster().stop().unwrap();
}

#[test]
fn a_read_only_disk_is_said() {
    let sandbox = Sandbox::new();
    let state = sandbox.path().join("state");
    let Some(mount) = Mount::new(&state, "120m") else {
        return skipped("needs root to mount a small file system");
    };
    mount.make_read_only(true);
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::Folder { action: "create", .. }), "{error}");
    assert!(error.help().unwrap().contains("XDG_STATE_HOME"));

    mount.make_read_only(false);
    let server = sandbox.cluster().start().unwrap();
    write_something(&server);
    sandbox.cluster().stop().unwrap();
    mount.make_read_only(true);
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::Folder { .. }), "{error}");
    mount.make_read_only(false);
    assert_eq!(read_something(&sandbox.cluster().start().unwrap()), 42);
    sandbox.cluster().stop().unwrap();
}
