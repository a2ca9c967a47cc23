//! As root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use migrate_core::cluster::{Origin, RootAs, Stopped};

use crate::sandbox::{Sandbox, connect, is_root, read_something, skipped, write_something};

#[test]
fn root_works_below_a_private_home() {
    if !is_root() {
        return skipped("needs root");
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = sandbox.cluster().with_root_as(RootAs::Namespace);
    let server = cluster.start().unwrap();
    assert!(server.data.starts_with(sandbox.path()));
    assert_eq!(fs::metadata(&server.data).unwrap().uid(), 0);
    connect(&server);
}

#[test]
fn root_without_namespaces_becomes_another_user() {
    if !is_root() {
        return skipped("needs root");
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = sandbox.cluster().with_root_as(RootAs::OtherUser);
    let server = cluster.start().unwrap();
    assert!(server.data.starts_with("/var/tmp/migrate-0"));
    assert_ne!(fs::metadata(&server.data).unwrap().uid(), 0);
    write_something(&server);
    assert_eq!(cluster.stop().unwrap(), Stopped::Fast);
    // The choice is stored with the data.
    let again = sandbox.cluster().start().unwrap();
    assert_eq!(again.origin, Origin::Started);
    assert_eq!(read_something(&again), 42);
    cluster.remove().unwrap();
    assert!(!server.data.exists());
}

#[test]
fn data_of_another_user_is_found_without_the_record() {
    if !is_root() {
        return skipped("needs root");
    }
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster().with_root_as(RootAs::OtherUser);
    write_something(&cluster.start().unwrap());
    fs::remove_file(cluster.folder().join("cluster.json")).unwrap();
    assert_eq!(read_something(&sandbox.cluster().start().unwrap()), 42);
}
