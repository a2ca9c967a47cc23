//! What ends the work: a person, the clock.

use std::time::{Duration, Instant};

use migrate_core::event::Direction;
use migrate_core::{DownTo, Error, Event, Failure, FailureState, Interrupt, Limits, Stop, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

/// Applies, and brakes once `query` runs.
fn stopped_at(engine: &Engine, all: &[Migration], query: &str) -> Error {
    stopped(engine, all, query, Direction::Up)
}

fn stopped(engine: &Engine, all: &[Migration], query: &str, direction: Direction) -> Error {
    let interrupt = Interrupt::default();
    std::thread::scope(|scope| {
        let brake = interrupt.clone();
        scope.spawn(move || {
            let running = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{query}%' \
                 AND datname = current_database() AND pid <> pg_backend_pid()"
            );
            while engine.value(&running) == "0" {
                std::thread::sleep(Duration::from_millis(10));
            }
            brake.stop();
        });
        let migrator = engine.migrator(all).interrupt(&interrupt);
        let (mut session, mut quiet) = (engine.session(), |_: Event| {});
        match direction {
            Direction::Up => migrator.up(&mut session, &UpTo::default(), &mut quiet).unwrap_err(),
            Direction::Down => {
                migrator.down(&mut session, &DownTo::Count(1), &mut quiet).unwrap_err()
            }
        }
    })
}

fn stop_of(error: &Error) -> (Stop, FailureState) {
    let Error::Apply(failed) = error else { panic!("{error}") };
    let Failure::Stopped(stop) = failed.failure else { panic!("{}", failed.failure) };
    (stop, failed.left)
}

#[test]
fn a_transaction_is_rolled_back() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())),
        migration(B, |pgm| {
            pgm.create_table("b", |t| t.id());
            pgm.sql("SELECT pg_sleep(60)").down("");
        }),
    ];
    let started = Instant::now();
    let error = stopped_at(&engine, &all, "pg_sleep(60)");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(stop_of(&error), (Stop::Interrupted, FailureState::RolledBack));
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
    assert_eq!(engine.value("SELECT to_regclass('b')"), "NULL");
    assert_eq!(engine.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "0");
}

#[test]
fn a_build_is_taken_away_and_made_again() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    engine.database.execute("CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(current_setting('test.sleep', true)::float); RETURN n; END$$");
    let name = engine.database.name();
    engine.database.execute(&format!("ALTER DATABASE {name} SET test.sleep = '60'"));
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| t.id());
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    let error = stopped_at(&engine, &all, "CREATE INDEX CONCURRENTLY");
    assert_eq!(stop_of(&error), (Stop::Interrupted, FailureState::Partial { done: 1, of: 2 }));
    assert_eq!(engine.status(&all), format!("partial {A}"));
    assert_eq!(engine.value("SELECT to_regclass('slow_idx')"), "NULL");
    engine.database.execute(&format!("ALTER DATABASE {name} SET test.sleep = '0'"));
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(
        engine.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'slow_idx'::regclass"),
        "t"
    );
}

/// The server takes an index from all queries before it waits for those that still use it.
#[test]
fn an_index_that_is_half_dropped_goes() {
    let create = migration(A, |pgm| _ = pgm.create_index("t", ["n"]).concurrently());
    let drop = migration(B, |pgm| _ = pgm.drop_index("t_n_idx").concurrently());
    let is_valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_n_idx')";
    for direction in [Direction::Up, Direction::Down] {
        let engine = Engine::new();
        engine.database.execute("CREATE TABLE t (n int)");
        engine.up(std::slice::from_ref(&create)).unwrap();
        let all = match direction {
            Direction::Up => vec![create.clone(), drop.clone()],
            Direction::Down => vec![create.clone()],
        };
        let name = all.last().map(|migration| migration.name()).unwrap_or_default();
        let mut other = engine.database.client();
        other.batch_execute("BEGIN; SELECT FROM t").unwrap();
        let error = stopped(&engine, &all, "DROP INDEX CONCURRENTLY", direction);
        assert_eq!(stop_of(&error), (Stop::Interrupted, FailureState::Incomplete), "{direction}");
        assert_eq!(engine.value(is_valid), "f");
        assert!(engine.status(&all).contains(&format!("partial {name}")), "{direction}");
        other.batch_execute("COMMIT").unwrap();
        match direction {
            Direction::Up => _ = engine.up(&all).unwrap(),
            Direction::Down => _ = engine.down(&all, 1).unwrap(),
        }
        assert_eq!(engine.value("SELECT to_regclass('t_n_idx')"), "NULL");
        if direction == Direction::Up {
            engine.down(&all, 1).unwrap();
            assert_eq!(engine.value(is_valid), "t");
        }
    }
}

/// Reverting the half that is done restores the index.
#[test]
fn an_index_that_is_half_dropped_is_restored_when_that_is_reverted() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); CREATE INDEX t_n_idx ON t (n)");
    let all = [migration(A, |pgm| _ = pgm.drop_index("t_n_idx").concurrently())];
    let mut other = engine.database.client();
    other.batch_execute("BEGIN; SELECT FROM t").unwrap();
    stopped_at(&engine, &all, "DROP INDEX CONCURRENTLY");
    other.batch_execute("COMMIT").unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.status(&all), format!("pending {A}"));
    let is_valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n_idx'::regclass";
    assert_eq!(engine.value(is_valid), "t");
}

#[test]
fn status_tells_who_is_at_work() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.sql("SELECT pg_sleep(1)").down(""))];
    let runner = || engine.migrator(&all).status(&mut engine.session()).unwrap().runner;
    assert_eq!(runner(), None);
    std::thread::scope(|scope| {
        scope.spawn(|| engine.up(&all).unwrap());
        let running = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(10));
            runner()
        });
        let found = running.take(500).flatten().next().unwrap();
        assert_eq!(found.purpose, "migrate test");
    });
}

#[test]
fn waiting_for_another_runner_ends_as_well() {
    let engine = Engine::new();
    let slow = [migration(A, |pgm| _ = pgm.sql("SELECT pg_sleep(2)").down(""))];
    std::thread::scope(|scope| {
        scope.spawn(|| engine.up(&slow).unwrap());
        while engine.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN%pg_sleep%' AND datname = current_database()") == "0" {
            std::thread::sleep(Duration::from_millis(10));
        }
        let interrupt = Interrupt::default();
        let brake = interrupt.clone();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            brake.stop();
        });
        let migrator =
            engine.migrator(&slow).interrupt(&interrupt).patience(Duration::from_secs(60));
        let error =
            migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap_err();
        insta::assert_snapshot!(error, @"interrupted while it waited for another migrate");
    });
}

#[test]
fn run_stops_when_total_timeout_expires() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())),
        migration(B, |pgm| _ = pgm.sql("SELECT pg_sleep(60)").down("")),
    ];
    let whole = Some(Duration::from_millis(700));
    let migrator = engine.migrator(&all).limits(Limits { whole, ..Limits::default() });
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    let error = error.unwrap_err();
    assert_eq!(
        stop_of(&error),
        (Stop::OutOfTime(Duration::from_millis(700)), FailureState::RolledBack)
    );
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @"stopped after 0.7 s, the time that was given");
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
}

#[test]
fn each_statement_has_an_end_but_a_build_takes_what_it_takes() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    engine.database.execute("CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n FROM pg_sleep(0.5)'");
    let all = [
        migration(A, |pgm| {
            pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
                .outside_transaction()
                .down("DROP INDEX slow_idx");
        }),
        migration(B, |pgm| _ = pgm.sql("SELECT pg_sleep(60)").down("")),
    ];
    let statement = Some(Duration::from_millis(200));
    let migrator = engine.migrator(&all).limits(Limits { statement, ..Limits::default() });
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    let error = error.unwrap_err();
    assert_eq!(error.diagnostics()[0].message, "canceling statement due to statement timeout");
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
}

#[test]
fn nothing_leaks_into_the_next_migration() {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE FUNCTION leak() RETURNS void LANGUAGE plpgsql AS $$BEGIN
           PERFORM set_config('statement_timeout', '50ms', false);
           PERFORM set_config('DateStyle', 'German', false);
           CREATE TEMP TABLE shadow (n int);
         END$$",
    );
    let all = [
        migration(A, |pgm| _ = pgm.sql("SELECT leak()").down("")),
        migration(B, |pgm| {
            pgm.sql("CREATE TABLE seen AS SELECT pg_sleep(0.2)::text, current_setting('DateStyle') AS style, to_regclass('shadow') IS NULL AS gone").down("DROP TABLE seen");
        }),
    ];
    engine.up(&all).unwrap();
    assert_eq!(engine.value("SELECT style || gone FROM seen"), "ISO, YMDtrue");
}

/// Applies while an administrator cancels it once, as it sleeps.
fn cancelled_as_it_sleeps(engine: &Engine, all: &[Migration]) -> Error {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The text of the query is that of all statements that were sent with it.
            let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity \
                          WHERE wait_event = 'PgSleep' AND datname = current_database()";
            while engine.value(cancel) == "0" {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        engine.up(all).unwrap_err()
    })
}

#[test]
fn what_an_administrator_cancels_is_not_begun_again() {
    let engine = Engine::new();
    engine.database.execute("CREATE SEQUENCE runs");
    let one = [migration(A, |pgm| _ = pgm.sql("SELECT nextval('runs'), pg_sleep(60)").down(""))];
    let error = cancelled_as_it_sleeps(&engine, &one);
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @"canceling statement due to user request");
    assert!(diagnostic.sql.is_some());
    let two = [migration(A, |pgm| {
        pgm.sql("SELECT nextval('runs')").down("");
        pgm.sql("SELECT pg_sleep(60)").down("");
    })];
    let error = cancelled_as_it_sleeps(&engine, &two);
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @"one of its statements was ended: canceling statement due to user request");
    insta::assert_snapshot!(diagnostic.helps.join("\n"), @"run `migrate up` again; DB_STATEMENT_TIMEOUT says how long a statement may take");
    assert_eq!(engine.value("SELECT last_value FROM runs"), "2");
    assert_eq!(engine.status(&two), format!("pending {A}"));
}

#[test]
fn what_takes_too_long_is_not_begun_again() {
    let engine = Engine::new();
    engine.database.execute("CREATE SEQUENCE runs");
    let all = [migration(A, |pgm| {
        pgm.sql("SELECT nextval('runs')").down("");
        pgm.sql("SELECT pg_sleep(60)").down("");
    })];
    let statement = Some(Duration::from_millis(300));
    let migrator = engine.migrator(&all).limits(Limits { statement, ..Limits::default() });
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    let error = error.unwrap_err();
    insta::assert_snapshot!(error.diagnostics()[0].message, @"one of its statements was ended: canceling statement due to statement timeout");
    assert_eq!(engine.value("SELECT last_value FROM runs"), "1");
}
