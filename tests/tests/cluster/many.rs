//! Many starts at once.

use std::process::Child;

use migrate_core::cluster::{Origin, Server};

use crate::helper::{helper, said_by};
use crate::sandbox::Sandbox;

#[test]
fn four_threads_at_once_make_one() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| cluster.start().unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_one_made(servers.iter().map(|server| server.origin == Origin::Created));
    assert!(servers.iter().all(|server| server.pid == servers[0].pid));
}

#[test]
fn four_processes_at_once_make_one() {
    let sandbox = Sandbox::new();
    let helpers: Vec<Child> = (0..4).map(|_| helper("start", sandbox.path())).collect();
    let said: Vec<String> = helpers.into_iter().map(said_by).collect();
    assert_one_made(said.iter().map(|said| said.contains("said: Created")));
    assert!(said.iter().all(|said| said.contains("said: ")), "{said:?}");
}

fn assert_one_made(made: impl Iterator<Item = bool>) {
    assert_eq!(made.filter(|made| *made).count(), 1);
}
