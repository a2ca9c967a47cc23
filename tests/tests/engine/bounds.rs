//! Limits: how long others wait where their waits cannot be watched, how long a client that has
//! disconnected retains its locks, how many of the server's messages are stored.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use migrate_core::{Environment, Error, Event, Failure, Limits, Migrator, Session, Target, UpTo};
use migrate_dsl::Migrations;
use migrate_tests::process::eventually;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";
const D: &str = "20260104000000_d";
const E: &str = "20260105000000_e";

fn engine() -> Engine {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    engine
}

#[test]
fn missing_watchdog_is_reported_and_restored() {
    let engine = engine();
    let role = engine.database.unique("single");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; ALTER TABLE t OWNER TO {role}; \
         GRANT ALL ON SCHEMA public TO {role}"
    ));
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test").unwrap();
    let all = [migration(A, |pgm| {
        pgm.add_column("t", |t| _ = t.integer("m"));
        pgm.sql("SELECT pg_sleep(30)").down("");
    })];
    let is_told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&is_told);
    let limits = Limits { blocking: Duration::from_millis(300), ..Limits::default() };
    let migrator = engine.migrator(&all).limits(limits).reporter(Arc::new(move |event| {
        if let Event::Unwatched { why } = event {
            assert!(why.contains("too many connections for role"), "{why}");
            assert!(!tell.swap(true, Ordering::SeqCst), "once is enough");
        }
    }));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("it is told", || is_told.load(Ordering::SeqCst));
            engine.database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 2"));
            engine.database.execute("SELECT * FROM t");
        });
        let started = Instant::now();
        let error = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        let failure = &failed.failure;
        assert!(matches!(failure, Failure::InTheWay { others: 1, .. }), "{failure}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    });
}

#[test]
fn lock_wait_is_bounded_for_nonexclusive_statements() {
    let engine = engine();
    let all = [migration(A, |pgm| _ = pgm.sql("VACUUM t").outside_transaction().down(""))];
    let limits = Limits {
        blocking: Duration::from_millis(200),
        lock_wait: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let (over, is_over) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            _ = is_over.recv_timeout(Duration::from_secs(10));
            holder.batch_execute("COMMIT").unwrap();
        });
        let migrator = engine.migrator(&all).limits(limits);
        let done = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        let Err(Error::Apply(failed)) = &done else { panic!("{done:?}") };
        let failure = &failed.failure;
        assert!(matches!(failure, Failure::Locked { .. }), "{failure}");
        drop(over);
    });
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

#[test]
fn waits_behind_one_migration_are_not_of_the_next() {
    let engine = engine();
    let slow = |pgm: &mut migrate_dsl::Pgm| {
        pgm.sql("LOCK TABLE t").down("");
        pgm.sql("SELECT pg_sleep(1.2)").down("");
    };
    let short = |pgm: &mut migrate_dsl::Pgm| _ = pgm.sql("SELECT 1").down("");
    let all = [
        migration(A, slow),
        migration(B, short),
        migration(C, short),
        migration(D, short),
        migration(E, slow),
    ];
    let limits = Limits { blocking: Duration::from_secs(2), ..Limits::default() };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = engine.database.client();
            while !over.load(Ordering::Relaxed) {
                client.batch_execute("SELECT * FROM t").unwrap();
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        let migrator = engine.migrator(&all).limits(limits);
        let done = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        over.store(true, Ordering::Relaxed);
        assert_eq!(done.unwrap(), [A, B, C, D, E]);
    });
}

#[test]
fn a_client_that_is_silent_in_a_transaction_loses_it_and_goes_on() {
    static IS_SILENT: AtomicBool = AtomicBool::new(true);
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE seen (n serial, bound text)");
    let all = [
        // What follows it starts with `RESET ALL`.
        migration(A, |pgm| _ = pgm.sql("SELECT 1").down("")),
        migration(B, |pgm| {
            pgm.rust("think", |db| {
                let bound = "INSERT INTO seen (bound) \
                             SELECT current_setting('idle_in_transaction_session_timeout')";
                db.execute(bound, &[])?;
                if IS_SILENT.swap(false, Ordering::SeqCst) {
                    db.batch(
                        "SELECT set_config('idle_in_transaction_session_timeout', '100ms', true)",
                    )?;
                    std::thread::sleep(Duration::from_millis(600));
                }
                db.execute(bound, &[])?;
                Ok(())
            })
            .down(|_| Ok(()));
            pgm.sql("INSERT INTO seen (bound) SELECT current_setting('idle_in_transaction_session_timeout')").down("");
        }),
    ];
    let migrator = Migrator::embedded(Migrations::new("", "", all.to_vec()), "test");
    let mut events = Vec::new();
    let mut hear = |event: Event| events.push(event);
    assert_eq!(migrator.up(&mut engine.session(), &UpTo::default(), &mut hear).unwrap(), [A, B]);
    assert!(!IS_SILENT.load(Ordering::SeqCst));
    let lost = events.iter().any(|event| matches!(event, Event::ConnectionLost { .. }));
    assert!(lost, "{events:?}");
    let seen = engine.value("SELECT string_agg(bound, ', ' ORDER BY n) FROM seen");
    assert_eq!(seen, "10min, 10min, 30s");
}

#[test]
fn the_first_of_many_notices_are_kept() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("DO $$BEGIN FOR i IN 1..5000 LOOP RAISE NOTICE 'row %', i; END LOOP; END$$")
            .down("");
    })];
    let mut said = Vec::new();
    let mut hear = |event: Event| {
        if let Event::Notice { message, .. } = event {
            said.push(message);
        }
    };
    engine.migrator(&all).up(&mut engine.session(), &UpTo::default(), &mut hear).unwrap();
    assert_eq!(said.len(), 201);
    assert_eq!((said[0].as_str(), said[199].as_str()), ("row 1", "row 200"));
    assert_eq!(said[200], "and 4800 more like these, which were not kept");
}
