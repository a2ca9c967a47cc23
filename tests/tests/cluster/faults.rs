//! Crashes, leftovers, refusals.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use migrate_core::cluster::{ClusterError, Origin, Programs, Status, Stopped, offers};
use migrate_tests::process::{kill_9, write_script};
use postgres::{Client, NoTls};

use crate::sandbox::{Sandbox, connect, is_root, read_something, skipped, text, write_something};

#[test]
fn survives_kill_9() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    kill_9(server.pid);
    let again = cluster.start().unwrap();
    assert_ne!(again.pid, server.pid);
    assert_eq!(read_something(&again), 42);
}

#[test]
fn a_stale_pid_that_is_another_program_now_is_seen_through() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    let file = server.data.join("postmaster.pid");
    kill_9(server.pid);

    let mut stranger = Command::new("sleep").arg("30").stdout(Stdio::null()).spawn().unwrap();
    let content = fs::read_to_string(&file).unwrap();
    let stale = content.replacen(&server.pid.to_string(), &stranger.id().to_string(), 1);
    fs::write(&file, stale).unwrap();

    assert_eq!(cluster.status(), Status::Stopped { major: server.major() });
    assert_eq!(cluster.stop().unwrap(), Stopped::WasNotRunning);
    let again = cluster.start().unwrap();
    assert_eq!(read_something(&again), 42);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_socket_that_was_swept_away_is_made_again() {
    let sandbox = Sandbox::new();
    let server = sandbox.cluster().start().unwrap();
    fs::remove_dir_all(&server.socket_folder).unwrap();
    let again = sandbox.cluster().start().unwrap();
    assert_eq!(again.origin, Origin::Started);
    connect(&again);
}

#[test]
fn a_half_made_folder_is_recreated() {
    let sandbox = Sandbox::new();
    let half = sandbox.cluster().folder().join("data.new");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::set_permissions(half.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(half.join("PG_VERSION"), "15").unwrap();
    assert_eq!(sandbox.cluster().start().unwrap().origin, Origin::Created);
    assert!(!half.exists());
}

#[test]
fn a_lost_record_loses_nothing() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    fs::remove_file(cluster.folder().join("cluster.json")).unwrap();
    let again = cluster.start().unwrap();
    assert_eq!(read_something(&again), 42);
    Client::connect(&again.tcp_url("postgres").unwrap(), NoTls).unwrap();
}

#[test]
fn data_of_another_major_is_left_alone() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    cluster.stop().unwrap();
    let asked = server.major() + 1;
    let error = cluster.clone().with_major(Some(asked)).start().unwrap_err();
    assert!(matches!(&error, ClusterError::OtherMajor { asked: true, .. }), "{error}");

    fs::write(server.data.join("PG_VERSION"), "9\n").unwrap();
    let error = cluster.start().unwrap_err();
    let ClusterError::OtherMajor { data, data_major: 9, found, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(data, &server.data);
    assert!(found.contains(&server.major()));
    let help = error.help().unwrap();
    assert!(help.contains("install PostgreSQL 9") && help.contains("mv "), "{help}");

    fs::write(server.data.join("PG_VERSION"), format!("{}\n", server.major())).unwrap();
    assert_eq!(cluster.start().unwrap().origin, Origin::Started);
}

#[test]
fn a_port_that_is_taken_is_left_and_a_fixed_one_is_an_error() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    cluster.stop().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", server.port)).unwrap();

    let error = cluster.clone().with_port(server.port).start().unwrap_err();
    assert!(matches!(error, ClusterError::PortTaken { port } if port == server.port), "{error}");
    let elsewhere = cluster.start().unwrap();
    assert_ne!(elsewhere.port, server.port);
    drop(taken);
    assert_eq!(cluster.start().unwrap().port, elsewhere.port);
    assert_eq!(cluster.with_port(server.port).start().unwrap().port, server.port);
}

#[test]
fn no_programs_is_said_with_all_places() {
    let mut sandbox = Sandbox::new();
    sandbox.environment.vars.remove("MIGRATE_PG_BINDIR");
    sandbox.environment.vars.insert("PATH".into(), text(&sandbox.path().join("bin")));
    sandbox.environment.vars.insert("MIGRATE_PG_SEARCH".into(), "/nonexistent/pg".into());
    let error = sandbox.cluster().start().unwrap_err();
    assert_eq!(error.to_string(), "no PostgreSQL programs found on this machine");
    let help = error.help().unwrap();
    assert!(help.contains("`/nonexistent/pg`") && help.contains("DATABASE_URL"), "{help}");
    assert_eq!(offers(&sandbox.environment, None), []);
}

#[test]
fn a_refusing_initdb_is_quoted() {
    let mut sandbox = Sandbox::new();
    let real = Programs::find(&sandbox.environment, None).unwrap();
    let bindir = sandbox.path().join("bin");
    fs::create_dir(&bindir).unwrap();
    let script = |name: &str, body: &str| {
        write_script(&bindir.join(name), &format!("#!/bin/sh\n{body}\n"));
    };
    script("postgres", &format!("exec {} \"$@\"", real.program("postgres").display()));
    script("initdb", "echo 'initdb: error: not today' >&2; exit 1");
    sandbox.environment.vars.insert("MIGRATE_PG_BINDIR".into(), text(&bindir));
    let error = sandbox.cluster().start().unwrap_err();
    assert!(error.to_string().ends_with("/data`: not today"), "{error}");
    assert!(!sandbox.cluster().folder().join("data").exists());
}

#[test]
fn a_broken_setting_is_quoted_from_the_log() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    cluster.stop().unwrap();
    let error = cluster.clone().with_setting("shared_buffers", "nonsense").start().unwrap_err();
    assert!(matches!(error, ClusterError::Start { .. }), "{error:?}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
    assert!(error.log().unwrap().contains("shared_buffers"));
    assert_eq!(read_something(&cluster.start().unwrap()), 42);
}

#[test]
fn a_folder_of_someone_else_is_refused() {
    if !is_root() {
        return skipped("needs root to give a folder away");
    }
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    fs::create_dir_all(cluster.folder()).unwrap();
    std::os::unix::fs::chown(cluster.folder(), Some(4242), None).unwrap();
    let error = cluster.start().unwrap_err();
    assert!(matches!(error, ClusterError::NotOurs { owner: 4242, wanted: 0, .. }), "{error}");
    std::os::unix::fs::chown(cluster.folder(), Some(0), None).unwrap();
}

#[test]
fn a_copied_folder_is_a_cluster_of_its_own() {
    let (one, two) = (Sandbox::new(), Sandbox::new());
    let first = one.cluster().start().unwrap();
    write_something(&first);
    one.cluster().stop().unwrap();
    let folder = two.cluster().folder().to_owned();
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let copied = Command::new("cp").arg("-a").arg(one.cluster().folder()).arg(&folder).status();
    assert!(copied.unwrap().success());

    let second = two.cluster().start().unwrap();
    assert!(second.data.starts_with(two.path()));
    assert_eq!(read_something(&second), 42);
    assert_ne!(one.cluster().start().unwrap().pid, second.pid);
}
