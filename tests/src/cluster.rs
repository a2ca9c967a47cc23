//! One server for all tests of this checkout.
//!
//! `cargo test` runs the tests of a program as threads and the programs one after the other;
//! `cargo nextest` runs every test as a process. Both join the same
//! [`SharedCluster`], keyed on the folder of the build. The first one starts it; half a minute after
//! the last one has ended, in whatever way, it ends and its files are removed.

use std::path::PathBuf;
use std::sync::OnceLock;

use migrate_core::Environment;
use migrate_core::cluster::{Server, SharedCluster};

/// The environment of this process, as the engine requires it.
#[must_use]
pub fn environment() -> Environment {
    Environment {
        vars: std::env::vars().collect(),
        account: None,
        home: std::env::home_dir(),
        current_dir: std::env::current_dir().expect("the working directory exists"),
    }
}

/// The server of this test run, started on first use.
///
/// `MIGRATE_TEST_PG_MAJOR` chooses the major version; each has a server of its own.
///
/// # Panics
///
/// If there is no PostgreSQL here, or it does not start: without it there is nothing to test.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let environment = environment();
        let major = environment
            .var("MIGRATE_TEST_PG_MAJOR")
            .map(|major| major.parse().expect("`MIGRATE_TEST_PG_MAJOR` is a number"));
        let name = major.map_or("any".to_owned(), |major: u32| major.to_string());
        let folder = build_folder().join("test-cluster").join(name);
        SharedCluster::new(&environment, &folder)
            .map(|cluster| {
                cluster.with(|cluster| {
                    // Subscriptions are of a server like this one.
                    let cluster = cluster.with_major(major).with_setting("wal_level", "logical");
                    cluster.with_setting("log_line_prefix", "%m [%p] %d ")
                })
            })
            .and_then(|cluster| cluster.join())
            .unwrap_or_else(|error| {
                let help = error.help().unwrap_or_default();
                let log = error.log().unwrap_or_default();
                panic!("the tests need a PostgreSQL server: {error}\n{help}\n{log}")
            })
    })
}

/// The server's log of this test run. Lines that begin an entry have the name of their database.
///
/// # Panics
///
/// If it cannot be read.
#[must_use]
pub fn server_log() -> String {
    let log = server().data.parent().expect("the data has a folder of its own").join("log");
    String::from_utf8_lossy(&std::fs::read(log).expect("the server has a log")).into_owned()
}

/// `target/debug`, from the test program's own path `target/debug/deps/<program>`.
pub(crate) fn build_folder() -> PathBuf {
    let program = std::env::current_exe().expect("the test program has a path");
    let folder = program.ancestors().find(|folder| folder.ends_with("deps"));
    let parent = folder.and_then(|deps| deps.parent()).or_else(|| program.parent());
    parent.expect("a program lies in a folder").to_owned()
}
