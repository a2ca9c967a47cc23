//! A project's server, from the first start on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use migrate_core::cluster::{Origin, Status, Stopped};
use postgres::{Client, NoTls};

use crate::sandbox::{Sandbox, connect, read_something, text, write_something};

#[test]
fn is_made_reused_stopped_and_started_again() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    assert_eq!(cluster.status(), Status::Absent);
    assert_eq!(cluster.stop().unwrap(), Stopped::WasNotRunning);

    let server = cluster.start().unwrap();
    assert_eq!(server.origin, Origin::Created);
    write_something(&server);

    let again = cluster.start().unwrap();
    assert_eq!((again.origin, again.pid), (Origin::Reused, server.pid));
    assert_eq!(cluster.status(), Status::Running(again));

    assert_eq!(cluster.stop().unwrap(), Stopped::Fast);
    assert_eq!(cluster.status(), Status::Stopped { major: server.major() });

    let restarted = cluster.start().unwrap();
    assert_eq!((restarted.origin, restarted.port), (Origin::Started, server.port));
    assert_eq!(restarted.tcp_url("postgres"), server.tcp_url("postgres"));
    assert_eq!(read_something(&restarted), 42);
}

#[test]
fn data_is_synced_and_text_is_unicode() {
    let sandbox = Sandbox::new();
    let mut client = connect(&sandbox.cluster().start().unwrap());
    let mut show = |what: &str| -> String { client.query_one(what, &[]).unwrap().get(0) };
    assert_eq!(show("SHOW fsync"), "on");
    assert_eq!(show("SHOW synchronous_commit"), "on");
    assert_eq!(show("SHOW server_encoding"), "UTF8");
    assert_eq!(show("SHOW listen_addresses"), "127.0.0.1");
    assert_eq!(show("SELECT upper('ä')"), "Ä");
}

#[test]
fn tcp_asks_for_the_password() {
    let sandbox = Sandbox::new();
    let server = sandbox.cluster().start().unwrap();
    let url = server.tcp_url("postgres").unwrap();
    Client::connect(&url, NoTls).unwrap();

    let mut wrong: postgres::Config = url.parse().unwrap();
    let error = wrong.password("guess").connect(NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");

    let log = fs::read_to_string(sandbox.cluster().log()).unwrap();
    let secret = url.split([':', '@']).nth(2).unwrap();
    assert!(!log.contains(secret) && !format!("{server:?}").contains(secret));
}

#[test]
fn all_of_it_is_private() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(cluster.folder()), 0o700);
    assert_eq!(mode(&server.socket_folder), 0o700);
    assert_eq!(mode(&server.data), 0o700);
    assert_eq!(mode(&cluster.folder().join("cluster.json")), 0o600);
}

#[test]
fn the_runtime_folder_is_used_if_it_is_ours_and_private() {
    let mut sandbox = Sandbox::new();
    let runtime = sandbox.path().join("run");
    fs::create_dir(&runtime).unwrap();
    sandbox.environment.vars.insert("XDG_RUNTIME_DIR".into(), text(&runtime));

    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o755)).unwrap();
    let open = sandbox.cluster().start().unwrap();
    assert!(open.socket_folder.starts_with("/tmp"));
    sandbox.cluster().stop().unwrap();

    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let private = sandbox.cluster().start().unwrap();
    assert!(private.socket_folder.starts_with(&runtime));
    connect(&private);
}
