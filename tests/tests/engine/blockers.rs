//! Sessions that are in the way, of every class, as a superuser and as a role that owns just its tables.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_core::lock::{Class, LockHolder};
use migrate_core::{Environment, Error, Event, Failure, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::eventually;
use migrate_tests::{environment, migration, plan};
use postgres::{Client, NoTls};

const FIRST: &str = "20250101000000_first";
const A: &str = "20260101000000_a";

/// A server of its own with a table that `plain` owns, a role that may log in and nothing else.
struct Place {
    server: TemporaryCluster,
}

impl Place {
    fn new(settings: &[(&str, &str)]) -> Self {
        let server = TemporaryCluster::start_with(&environment(), |cluster| {
            settings
                .iter()
                .fold(cluster, |cluster, (name, value)| cluster.with_setting(name, value))
        });
        let place = Self { server: server.unwrap() };
        place.execute(
            "CREATE ROLE plain LOGIN; ALTER DATABASE postgres OWNER TO plain; CREATE TABLE t (n int); INSERT INTO t VALUES (1); \
             ALTER TABLE t OWNER TO plain; GRANT ALL ON SCHEMA public TO plain",
        );
        // The history is its own as well; a superuser trusts it because the database is, too.
        assert_eq!(place.run("plain", &[], Duration::ZERO).0.unwrap(), [FIRST]);
        place
    }

    fn url(&self, role: &str) -> String {
        self.server.url("postgres").replace("user=postgres", &format!("user={role}"))
    }

    fn client(&self) -> Client {
        Client::connect(&self.url("postgres"), NoTls).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap();
    }

    /// Applies as this role, while another session reads the table; returns also the longest that a
    /// reader waited.
    fn up(&self, role: &str, patience: u64) -> (Result<Vec<String>, Error>, Duration) {
        let all = [migration(A, |pgm| _ = pgm.add_column("t", |t| _ = t.integer("m")))];
        self.run(role, &all, Duration::from_millis(patience))
    }

    fn run(
        &self,
        role: &str,
        all: &[Migration],
        patience: Duration,
    ) -> (Result<Vec<String>, Error>, Duration) {
        let target = Target::parse(&self.url(role), "the test", &Environment::default()).unwrap();
        let mut session = Session::connect(&target, "migrate test").unwrap();
        let all = [&[migration(FIRST, |_| {})], all].concat();
        std::thread::scope(|scope| {
            let runner = scope.spawn(move || {
                let migrator = migrator(plan(&all)).patience(patience);
                migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {})
            });
            let mut reader = self.client();
            let mut longest = Duration::ZERO;
            while !runner.is_finished() {
                let started = Instant::now();
                reader.batch_execute("SELECT n FROM t LIMIT 1").unwrap();
                longest = longest.max(started.elapsed());
                std::thread::sleep(Duration::from_millis(3));
            }
            (runner.join().unwrap(), longest)
        })
    }

    /// Returns the holder named on a timeout; no session has waited for long, and nothing is done.
    fn holder(&self, role: &str, patience: u64) -> (LockHolder, String) {
        let (done, longest) = self.up(role, patience);
        let error = done.unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
        assert!(longest < Duration::from_millis(300), "{longest:?}");
        (holders[0].clone(), error.diagnostics()[0].helps.join("\n"))
    }
}

#[test]
fn a_long_read_and_a_transaction_in_which_nothing_happens() {
    let place = Place::new(&[]);
    let (mut reader, mut idle) = (place.client(), place.client());
    std::thread::scope(|scope| {
        scope.spawn(|| reader.batch_execute("SELECT pg_sleep(2.5) FROM t"));
        std::thread::sleep(Duration::from_millis(200));
        let (holder, help) = place.holder("postgres", 300);
        assert_eq!(holder.class, Class::Query);
        assert_eq!(holder.query.as_deref(), Some("SELECT pg_sleep(2.5) FROM t"));
        assert!(help.contains("pg_cancel_backend"), "{help}");
        let (holder, help) = place.holder("plain", 300);
        assert_eq!((holder.class, holder.query), (Class::Hidden, None));
        assert!(help.contains("`GRANT pg_read_all_stats`"), "{help}");
    });
    idle.batch_execute("BEGIN; SELECT FROM t").unwrap();
    let (holder, help) = place.holder("postgres", 300);
    assert_eq!(holder.class, Class::IdleInTransaction);
    assert!(help.contains("pg_terminate_backend"), "{help}");
    assert_eq!(place.holder("plain", 300).0.class, Class::Hidden);
    // With the privilege that was suggested, it sees as much.
    place.execute("GRANT pg_read_all_stats TO plain");
    assert_eq!(place.holder("plain", 300).0.class, Class::IdleInTransaction);
    idle.batch_execute("COMMIT").unwrap();
    assert_eq!(place.up("plain", 10_000).0.unwrap(), [A]);
}

#[test]
fn a_prepared_transaction() {
    let place = Place::new(&[("max_prepared_transactions", "5")]);
    place.execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'of 1'");
    for role in ["postgres", "plain"] {
        let (holder, help) = place.holder(role, 300);
        assert_eq!(holder.class, Class::Prepared("of 1".to_owned()));
        assert!(help.starts_with("`COMMIT PREPARED 'of 1'`"), "{help}");
    }
    place.execute("COMMIT PREPARED 'of 1'");
    assert_eq!(place.up("plain", 10_000).0.unwrap(), [A]);
}

#[test]
fn a_dump() {
    let place = Place::new(&[]);
    place.execute("CREATE TABLE last (n int)");
    // It has its locks on all tables but the last one, for which it waits.
    let mut gate = place.client();
    gate.batch_execute("BEGIN; LOCK TABLE last").unwrap();
    let mut dump = Command::new(place.server.server().bindir.join("pg_dump"));
    dump.args(["--dbname", &place.url("postgres"), "--table", "t", "--table", "last"]);
    let mut dump = dump.stdout(Stdio::null()).spawn().unwrap();
    let waits = "SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'";
    let mut client = place.client();
    eventually("the dump waits", || client.query_opt(waits, &[]).unwrap().is_some());
    for role in ["postgres", "plain"] {
        let (holder, help) = place.holder(role, 300);
        assert_eq!(holder.class, Class::Dump);
        assert!(help.starts_with("run the command again when the dump is done"), "{help}");
    }
    gate.batch_execute("COMMIT").unwrap();
    assert!(dump.wait().unwrap().success());
    assert_eq!(place.up("plain", 10_000).0.unwrap(), [A]);
}

#[test]
fn an_old_snapshot_before_a_concurrent_build() {
    let place = Place::new(&[]);
    let mut other = place.client();
    other.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    let all = [migration(A, |pgm| _ = pgm.create_index("t", "n").concurrently())];
    let error = place.run("postgres", &all, Duration::from_millis(300)).0.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let message = failed.failure.to_string();
    assert!(message.contains("has a snapshot that is kept"), "{message}");
    let index = "SELECT to_regclass('t_n_idx')::text";
    let index_is = |wanted: Option<&str>| {
        assert_eq!(place.client().query_one(index, &[]).unwrap().get::<_, Option<&str>>(0), wanted);
    };
    index_is(None);
    // A plain role cannot see it beforehand. The build waits, which blocks no other session.
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| place.run("plain", &all, Duration::from_millis(300)));
        let mut client = place.client();
        let waits =
            "SELECT FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'";
        eventually("the build waits", || client.query_opt(waits, &[]).unwrap().is_some());
        other.batch_execute("COMMIT").unwrap();
        let (done, longest) = runner.join().unwrap();
        assert_eq!(done.unwrap(), [A]);
        assert!(longest < Duration::from_millis(300), "{longest:?}");
    });
    index_is(Some("t_n_idx"));
}

/// Waits until autovacuum is at work on the table, slowly.
fn until_autovacuum_comes(place: &Place) {
    let at_work = "SELECT FROM pg_stat_progress_vacuum v JOIN pg_stat_activity a USING (pid) \
                   WHERE v.relid = 't'::regclass AND a.backend_type = 'autovacuum worker'";
    let until = Instant::now() + Duration::from_secs(60);
    let mut client = place.client();
    while client.query_opt(at_work, &[]).unwrap().is_none() {
        assert!(Instant::now() < until, "autovacuum never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const SLOWLY: &str = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1";

#[test]
fn autovacuum_is_sent_away_while_others_read_on() {
    for role in ["postgres", "plain"] {
        let place = Place::new(&[("autovacuum_naptime", "1s")]);
        place.execute(&format!(
            "ALTER TABLE t SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, {SLOWLY}); \
             INSERT INTO t SELECT generate_series(1, 200000); DELETE FROM t WHERE n % 2 = 0",
        ));
        until_autovacuum_comes(&place);
        let (done, longest) = place.up(role, 20_000);
        assert_eq!(done.unwrap(), [A], "as {role}");
        assert!(longest < Duration::from_millis(300), "as {role}: {longest:?}");
    }
}

#[test]
fn autovacuum_against_wraparound_is_let_finish() {
    let place =
        Place::new(&[("autovacuum_naptime", "1s"), ("autovacuum_vacuum_cost_delay", "100ms")]);
    place.execute(&format!(
        "ALTER TABLE t SET (autovacuum_enabled = off, autovacuum_freeze_max_age = 100000, {SLOWLY}); \
         INSERT INTO t SELECT generate_series(1, 200000)"
    ));
    // As many transactions as are too many for the table.
    place.execute(
        "DO $$BEGIN FOR i IN 1..101000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END$$",
    );
    until_autovacuum_comes(&place);
    let (holder, help) = place.holder("postgres", 3000);
    assert_eq!(holder.class, Class::Wraparound);
    assert!(help.starts_with("let it finish"), "{help}");
    // A role that may not see its work cannot distinguish it from one that gives way.
    let (holder, help) = place.holder("plain", 4000);
    assert_eq!(holder.class, Class::Autovacuum);
    assert!(help.contains("`GRANT pg_read_all_stats`"), "{help}");
    until_autovacuum_comes(&place);
}
