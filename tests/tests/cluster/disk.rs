//! Full and read-only disks.

use std::fs;
use std::process::{Command, Stdio};

use migrate_core::cluster::ClusterError;
use migrate_tests::Mount;

use crate::sandbox::{Sandbox, read_something, skipped, write_something};

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let sandbox = Sandbox::new();
    let small = sandbox.path().join("state");
    let Some(mount) = Mount::new(&small, "8m") else {
        return skipped("needs root to mount a small file system");
    };
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::NoSpace { .. }), "{error}");
    assert!(!sandbox.cluster().folder().join("data.new").exists());

    mount.resize("120m");
    let server = sandbox.cluster().start().unwrap();
    write_something(&server);
    sandbox.cluster().stop().unwrap();

    let filler = small.join("filler");
    let mut fill = Command::new("dd");
    fill.args(["if=/dev/zero", &format!("of={}", filler.display()), "bs=64k"]);
    // It ends when nothing fits any more.
    assert!(!fill.stderr(Stdio::null()).status().unwrap().success());
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
