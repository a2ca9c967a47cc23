//! Servers that stop in the middle of a migration and start again.
//!
//! `FAULTS=200 cargo nextest run -p migrate-tests --test engine stops --no-capture` stops one at
//! every message; without the variable at a few.

use std::sync::Arc;
use std::time::Duration;

use migrate_core::cluster::{Cluster, Server};
use migrate_core::{Environment, Error, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::faults::{moments, one_of_each, state};
use migrate_tests::process::{eventually, kill_9, stop_immediately};
use migrate_tests::{Proxy, Side, environment, migration, plan, tell};
use postgres::{Client, NoTls};
use tempfile::TempDir;

const A: &str = "20260101000000_a";

/// A server of the test's own that can be restored. What it has written outlives its processes, though
/// not the machine, without being synced, which takes seconds at each start.
struct Own {
    cluster: Arc<Cluster>,
    server: Server,
    _folder: TempDir,
}

impl Own {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = environment();
        environment.home = Some(folder.path().to_owned());
        let state = folder.path().join("state").display().to_string();
        environment.vars.insert("XDG_STATE_HOME".into(), state);
        // A server that stops waits for clients that have connected and sent nothing yet.
        let cluster = Cluster::for_project(&environment, folder.path()).unwrap();
        let cluster = cluster.with_setting("authentication_timeout", "2s");
        let cluster = cluster.with_setting("fsync", "off");
        let server = cluster.start().unwrap();
        Self { cluster: Arc::new(cluster), server, _folder: folder }
    }

    fn client(&self, database: &str) -> Client {
        Client::connect(&self.server.url(database), NoTls).unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        _ = self.cluster.remove();
    }
}

fn up(url: &str, all: &[Migration]) -> Result<Vec<String>, Error> {
    let target = Target::parse(url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test")?;
    let mut tell = |event: Event| tell(&format!("{event:?}"));
    let migrator = migrator(plan(all)).patience(Duration::from_secs(30));
    migrator.up(&mut session, &UpTo::default(), &mut tell)
}

#[test]
fn a_server_that_crashes_and_is_restored() {
    let own = Own::new();
    let url = own.server.url("postgres");
    own.client("postgres").batch_execute("CREATE TABLE t (n int)").unwrap();
    let all = [migration(A, |pgm| {
        pgm.sql("INSERT INTO t VALUES (1)").down("");
        pgm.sql("INSERT INTO t SELECT 2 FROM pg_sleep(2)").down("");
    })];
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| up(&url, &all));
        let at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN%pg_sleep(2)%'";
        while own.client("postgres").query_one(at_work, &[]).unwrap().get::<_, i64>(0) == 0 {
            assert!(!runner.is_finished(), "{:?}", runner.join());
            std::thread::sleep(Duration::from_millis(20));
        }
        // Without any notice.
        kill_9(own.server.pid);
        own.cluster.start().unwrap();
        assert_eq!(runner.join().unwrap().unwrap(), [A]);
    });
    let sum: i64 = own.client("postgres").query_one("SELECT sum(n) FROM t", &[]).unwrap().get(0);
    assert_eq!(sum, 3);
}

#[test]
fn a_server_that_is_stopped_at_any_message_and_is_restored() {
    let own = Own::new();
    let all = one_of_each();
    let database = |name: &str| {
        own.client("postgres").batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        own.server.url(name)
    };
    let undisturbed = database("undisturbed");
    let never = Proxy::at(&own.server, (usize::MAX, Side::Before), || ());
    up(&never.url("undisturbed"), &all).unwrap();
    let (wanted, messages) = (state(&undisturbed), never.messages());
    let (mut stopped, mut by_itself) = (0, 0);
    for (round, moment) in moments(messages, 3).into_iter().enumerate() {
        let name = format!("round_{round}");
        let url = database(&name);
        let cluster = Arc::clone(&own.cluster);
        let proxy = Proxy::at(&own.server, moment, move || {
            stop_immediately(cluster.start().unwrap().pid);
            cluster.start().unwrap();
        });
        let first = up(&proxy.url(&name), &all);
        eventually("nothing is on its way any more", || proxy.is_idle());
        // With a watchdog that looks less often there are fewer messages this time.
        if first.is_err() || proxy.messages() >= moment.0 {
            eventually("it is back", || proxy.happened() == 1);
            stopped += 1;
        }
        by_itself += usize::from(first.is_ok());
        if let Err(error) = &first {
            tell(&format!("stopped at {moment:?}: {error}"));
        }
        up(&url, &all).unwrap_or_else(|error| panic!("stopped at {moment:?}: {error}"));
        assert_eq!(state(&url), wanted, "stopped at {moment:?}");
        own.client("postgres").batch_execute(&format!("DROP DATABASE {name}")).unwrap();
    }
    assert!(stopped > 0);
    tell(&format!("stopped {stopped} times, {by_itself} runs resumed automatically"));
}
