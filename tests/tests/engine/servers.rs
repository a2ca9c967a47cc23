//! What takes a server of its own: one that crashes, prepared transactions, autovacuum.

use std::time::{Duration, Instant};

use migrate_core::cluster::{Cluster, TemporaryCluster};
use migrate_core::lock::Class;
use migrate_core::{Environment, Error, Event, Failure, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::kill_9;
use migrate_tests::{environment, migration, plan};
use postgres::{Client, NoTls};

const A: &str = "20260101000000_a";

fn client(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

#[expect(clippy::print_stderr, reason = "what led to a failure is shown with it")]
fn up(url: &str, all: &[Migration], patience: Duration) -> Result<Vec<String>, Error> {
    let target = Target::parse(url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test").unwrap();
    let mut tell = |event: Event| eprintln!("{event:?}");
    migrator(plan(all)).patience(patience).up(&mut session, &UpTo::default(), &mut tell)
}

#[test]
fn a_server_that_crashes_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = environment();
    environment.home = Some(folder.path().to_owned());
    environment
        .vars
        .insert("XDG_STATE_HOME".into(), folder.path().join("state").display().to_string());
    let cluster = Cluster::for_project(&environment, folder.path()).unwrap();
    let server = cluster.start().unwrap();
    let url = server.url("postgres");
    client(&url).batch_execute("CREATE TABLE t (n int)").unwrap();
    let all = [migration(A, |pgm| {
        pgm.sql("INSERT INTO t VALUES (1)").down("");
        pgm.sql("INSERT INTO t SELECT 2 FROM pg_sleep(2)").down("");
    })];
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| up(&url, &all, Duration::from_secs(30)));
        let at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN%pg_sleep(2)%'";
        while client(&url).query_one(at_work, &[]).unwrap().get::<_, i64>(0) == 0 {
            assert!(!runner.is_finished(), "{:?}", runner.join());
            std::thread::sleep(Duration::from_millis(20));
        }
        // As a machine that loses its power: nothing is written any more.
        kill_9(server.pid);
        cluster.start().unwrap();
        assert_eq!(runner.join().unwrap().unwrap(), [A]);
    });
    let sum: i64 = client(&url).query_one("SELECT sum(n) FROM t", &[]).unwrap().get(0);
    assert_eq!(sum, 3);
    cluster.stop().unwrap();
}

#[test]
fn a_prepared_transaction_is_named() {
    let server = TemporaryCluster::start_with(&environment(), |cluster| {
        cluster.with_setting("max_prepared_transactions", "5")
    });
    let server = server.unwrap();
    let url = server.url("postgres");
    let mut other = client(&url);
    other.batch_execute("CREATE TABLE t (n int)").unwrap();
    other.batch_execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'of 1'").unwrap();
    let all = [migration(A, |pgm| _ = pgm.add_column("t", |t| _ = t.integer("m")))];
    let error = up(&url, &all, Duration::from_millis(300)).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
    assert_eq!(holders[0].class, Class::Prepared("of 1".to_owned()));
    let helps = &error.diagnostics()[0].helps;
    assert!(helps[0].starts_with("`COMMIT PREPARED 'of 1'`"), "{helps:?}");
    other.batch_execute("COMMIT PREPARED 'of 1'").unwrap();
    assert_eq!(up(&url, &all, Duration::from_secs(10)).unwrap(), [A]);
}

#[test]
fn autovacuum_is_sent_away_while_others_read_on() {
    let server = TemporaryCluster::start_with(&environment(), |cluster| {
        cluster.with_setting("autovacuum_naptime", "1s")
    });
    let server = server.unwrap();
    let url = server.url("postgres");
    client(&url)
        .batch_execute(
            "CREATE TABLE t (n int) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, \
             autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); \
             INSERT INTO t SELECT generate_series(1, 200000); DELETE FROM t WHERE n % 2 = 0",
        )
        .unwrap();
    let at_work = "SELECT count(*) FROM pg_stat_progress_vacuum v JOIN pg_stat_activity a USING (pid) WHERE v.relid = 't'::regclass AND a.backend_type = 'autovacuum worker'";
    let until = Instant::now() + Duration::from_secs(30);
    while client(&url).query_one(at_work, &[]).unwrap().get::<_, i64>(0) == 0 {
        assert!(Instant::now() < until, "autovacuum never came");
        std::thread::sleep(Duration::from_millis(50));
    }
    let all = [migration(A, |pgm| _ = pgm.add_column("t", |t| _ = t.integer("m")))];
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| up(&url, &all, Duration::from_secs(20)));
        let mut reader = client(&url);
        let mut longest = Duration::ZERO;
        while !runner.is_finished() {
            let started = Instant::now();
            reader.batch_execute("SELECT n FROM t LIMIT 1").unwrap();
            longest = longest.max(started.elapsed());
            std::thread::sleep(Duration::from_millis(3));
        }
        assert_eq!(runner.join().unwrap().unwrap(), [A]);
        assert!(longest < Duration::from_millis(300), "{longest:?}");
    });
}
