//! Temporary and shared servers.

use std::fs;
use std::process::Child;
use std::time::Duration;

use migrate_core::cluster::{RootAs, TemporaryCluster};

use crate::helper::{helper, is_alive, said_by, server_of};
use migrate_tests::process::{eventually, kill_9};

use crate::sandbox::{Sandbox, connect};

#[test]
fn a_temporary_server_leaves_nothing() {
    let sandbox = Sandbox::new();
    for root_as in [RootAs::Auto, RootAs::OtherUser] {
        let temporary = TemporaryCluster::start_with(&sandbox.environment, |cluster| {
            cluster.with_root_as(root_as).with_setting("wal_level", "logical")
        })
        .unwrap();
        let mut client = connect(&temporary);
        let level: String = client.query_one("SHOW wal_level", &[]).unwrap().get(0);
        assert_eq!(level, "logical");
        assert_eq!(temporary.tcp_url("postgres"), None);
        let (pid, folder) = (temporary.pid, temporary.data.parent().unwrap().to_owned());
        drop(temporary);
        assert!(!is_alive(pid) && !folder.exists());
    }
}

#[test]
fn a_temporary_server_ends_with_its_killed_owner() {
    let sandbox = Sandbox::new();
    let mut owner = helper("temporary", sandbox.path());
    let (pid, data) = server_of(&mut owner);
    assert!(is_alive(pid) && data.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the server is gone", || !is_alive(pid));
    eventually("its files are gone", || !data.parent().unwrap().exists());
}

#[test]
fn a_shared_server_ends_after_its_last_user() {
    let sandbox = Sandbox::new();
    let mut users: Vec<Child> = (0..4).map(|_| helper("shared", sandbox.path())).collect();
    let servers: Vec<_> = users.iter_mut().map(server_of).collect();
    assert!(servers.iter().all(|server| server == &servers[0]), "{servers:?}");
    let (pid, data) = servers[0].clone();

    let last = users.pop().unwrap();
    for mut user in users {
        user.kill().unwrap();
        user.wait().unwrap();
    }
    std::thread::sleep(Duration::from_secs(3));
    assert!(is_alive(pid), "one user is left");
    said_by(last);
    eventually("the server is gone", || !is_alive(pid));
    eventually("its files are gone", || !data.exists());
    let left: Vec<_> = fs::read_dir(sandbox.path().join("shared")).unwrap().collect();
    eventually("only the lock is left", || left.len() == 1);
}

#[test]
fn a_shared_server_that_was_killed_is_replaced() {
    let sandbox = Sandbox::new();
    let mut user = helper("shared", sandbox.path());
    let (pid, _) = server_of(&mut user);
    kill_9(pid);
    let mut other = helper("shared", sandbox.path());
    let (new_pid, _) = server_of(&mut other);
    assert_ne!(new_pid, pid);
    said_by(user);
    said_by(other);
    eventually("the server is gone", || !is_alive(new_pid));
}
