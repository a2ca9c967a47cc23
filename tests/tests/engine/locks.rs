//! Locks that others hold: waited for without making other sessions wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use migrate_core::lock::Class;
use migrate_core::{DownTo, Error, Event, Failure, FailureState, Limits, Session, Target, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::process::eventually;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";

fn engine() -> Engine {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    engine
}

fn add_column() -> [Migration; 1] {
    [migration(A, |pgm| {
        pgm.sql("CREATE TABLE log AS SELECT 1 AS n").down("DROP TABLE log");
        pgm.add_column("t", |t| _ = t.integer("m"));
    })]
}

/// Holds `SELECT` on the table for a while, and gives the longest that another reader waited
/// meanwhile.
fn with_a_reader(
    engine: &Engine,
    hold: Duration,
    work: impl FnOnce() -> Result<Vec<String>, Error>,
) -> (Result<Vec<String>, Error>, Duration) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut holder = engine.database.client();
        holder.batch_execute("BEGIN; SELECT * FROM t").unwrap();
        scope.spawn(move || {
            std::thread::sleep(hold);
            holder.batch_execute("COMMIT").unwrap();
        });
        let reader = scope.spawn(|| {
            let mut client = engine.database.client();
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let started = Instant::now();
                client.batch_execute("SELECT count(*) FROM t").unwrap();
                longest = longest.max(started.elapsed());
                std::thread::sleep(Duration::from_millis(3));
            }
            longest
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        (done, reader.join().unwrap())
    })
}

fn up_within(engine: &Engine, all: &[Migration], patience: Duration) -> Result<Vec<String>, Error> {
    engine.migrator(all).patience(patience).up(
        &mut engine.session(),
        &UpTo::default(),
        &mut |_: Event| {},
    )
}

#[test]
fn nobody_queues_behind_a_lock_that_is_waited_for() {
    let engine = engine();
    let all = add_column();
    let started = Instant::now();
    let (done, longest) = with_a_reader(&engine, Duration::from_millis(1500), || {
        up_within(&engine, &all, Duration::from_secs(10))
    });
    assert_eq!(done.unwrap(), [A]);
    assert!(started.elapsed() >= Duration::from_millis(1500));
    // Two cores, shared with other tests: an idle reader is late by this much, too.
    assert!(longest < Duration::from_millis(250), "{longest:?}");
    assert_eq!(engine.value("SELECT count(*) FROM log"), "1");
}

#[test]
fn a_lock_that_is_waited_for_leaves_no_other_errors_in_the_servers_log() {
    let alone = [migration(A, |pgm| _ = pgm.add_column("t", |t| _ = t.integer("m")))];
    for all in [add_column(), alone] {
        let engine = engine();
        let (done, _) = with_a_reader(&engine, Duration::from_millis(300), || {
            up_within(&engine, &all, Duration::from_secs(10))
        });
        assert_eq!(done.unwrap(), [A]);
        let name = format!(" {} ", engine.database.name());
        let log = migrate_tests::server_log();
        let entries = log.lines().filter(|line| line.contains(&name));
        let (timeouts, others): (Vec<_>, Vec<_>) = entries
            .filter(|line| line.contains("ERROR:") || line.contains("WARNING:"))
            .partition(|line| line.contains("due to lock timeout"));
        assert!(!timeouts.is_empty() && others.is_empty(), "{timeouts:#?} {others:#?}");
    }
}

#[test]
fn patience_ends_with_the_name_of_the_holder() {
    let engine = engine();
    let all = add_column();
    let (done, _) = with_a_reader(&engine, Duration::from_millis(900), || {
        up_within(&engine, &all, Duration::from_millis(300))
    });
    let error = done.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
    assert_eq!(holders[0].class, Class::IdleInTransaction);
    assert_eq!((holders[0].relation.as_str(), holders[0].mode.as_str()), ("t", "AccessShareLock"));
    let message = failed.failure.to_string();
    assert!(
        message.starts_with("in its way is a transaction in which nothing happens, process "),
        "{message}"
    );
    assert!(message.contains("holds ACCESS SHARE on `t`"), "{message}");
    assert_eq!(engine.value("SELECT to_regclass('log')"), "NULL");
    assert_eq!(engine.status(&all), format!("pending {A}"));
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

/// A role that owns the table and may see nothing of others, and a session of it.
fn as_plain_role(engine: &Engine) -> (String, Session) {
    let role = engine.database.unique("plain");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN; ALTER TABLE t OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}"
    ));
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = Target::parse(&url, "the test", &migrate_core::Environment::default()).unwrap();
    (role, Session::connect(&target, "migrate test").unwrap())
}

#[test]
fn a_plain_role_is_told_what_it_may_not_see() {
    let engine = engine();
    let (role, mut session) = as_plain_role(&engine);
    assert_eq!(session.user(), role);
    let all = add_column();
    let mut up = |patience| {
        let migrator = engine.migrator(&all).patience(Duration::from_millis(patience));
        migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {})
    };
    let (done, _) = with_a_reader(&engine, Duration::from_millis(900), || up(300));
    let error = done.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
    assert_eq!(holders[0].class, Class::Hidden);
    assert!(error.diagnostics()[0].helps[0].contains("`GRANT pg_read_all_stats`"));
    let (done, longest) = with_a_reader(&engine, Duration::from_millis(900), || up(10_000));
    assert_eq!(done.unwrap(), [A]);
    assert!(longest < Duration::from_millis(250), "{longest:?}");
}

#[test]
fn a_row_that_is_locked_is_waited_for() {
    let engine = engine();
    let all = [migration(A, |pgm| _ = pgm.sql("UPDATE t SET n = n + 1").down(""))];
    std::thread::scope(|scope| {
        let mut holder = engine.database.client();
        holder.batch_execute("BEGIN; UPDATE t SET n = 10").unwrap();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(700));
            holder.batch_execute("COMMIT").unwrap();
        });
        up_within(&engine, &all, Duration::from_secs(10)).unwrap();
    });
    assert_eq!(engine.value("SELECT n FROM t"), "11");
}

#[test]
fn whoever_has_a_row_for_long_is_named() {
    let engine = engine();
    engine.database.execute("CREATE TABLE u (n int)");
    let rows: fn(&mut Pgm) = |pgm| _ = pgm.sql("UPDATE t SET n = n + 1").down("");
    let rows_behind_work: fn(&mut Pgm) = |pgm| {
        pgm.sql("INSERT INTO u SELECT generate_series(1, 50000)").down("");
        pgm.sql("UPDATE t SET n = n + 1").down("");
    };
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; UPDATE t SET n = 10").unwrap();
    for up in [rows, rows_behind_work] {
        let mut told = Vec::new();
        let migrator = engine.migrator(&[migration(A, up)]).patience(Duration::from_secs(4));
        let error = migrator
            .up(&mut engine.session(), &UpTo::default(), &mut |event: Event| {
                if let Event::WaitingForLock { holders, .. } = event {
                    told.extend(holders);
                }
            })
            .unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
        for holders in [&told[..], &holders[..]] {
            let [holder] = holders else { panic!("{holders:?}") };
            assert_eq!(holder.class, Class::IdleInTransaction);
            assert_eq!(holder.query.as_deref(), Some("BEGIN; UPDATE t SET n = 10"));
        }
        let helps = error.diagnostics()[0].helps.join("; ");
        assert!(helps.contains("pg_terminate_backend"), "{helps}");
    }
    holder.batch_execute("COMMIT").unwrap();
    up_within(&engine, &[migration(A, rows)], Duration::from_secs(10)).unwrap();
}

#[test]
fn a_deadlock_is_tried_again() {
    let engine = engine();
    engine.database.execute("CREATE TABLE u (n int)");
    // The server looks for one before the engine itself stops waiting.
    let name = engine.database.name();
    engine.database.execute(&format!("ALTER DATABASE {name} SET deadlock_timeout = '2ms'"));
    let all = [migration(A, |pgm| {
        pgm.add_column("t", |t| _ = t.integer("m"));
        pgm.sql("SELECT pg_sleep(0.3)").down("");
        pgm.add_column("u", |t| _ = t.integer("m"));
    })];
    std::thread::scope(|scope| {
        let mut other = engine.database.client();
        other.batch_execute("BEGIN; LOCK TABLE u").unwrap();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            other.batch_execute("LOCK TABLE t; COMMIT").unwrap();
        });
        assert_eq!(up_within(&engine, &all, Duration::from_secs(10)).unwrap(), [A]);
    });
    let deadlocks = "SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()";
    eventually("the server has counted one", || engine.value(deadlocks) == "t");
}

#[test]
fn two_that_want_each_others_locks_both_get_them() {
    let engine = engine();
    engine.database.execute("CREATE TABLE u (n int)");
    let all = [migration(A, |pgm| {
        pgm.add_column("t", |t| _ = t.integer("m"));
        pgm.sql("SELECT pg_sleep(0.3)").down("");
        pgm.add_column("u", |t| _ = t.integer("m"));
    })];
    std::thread::scope(|scope| {
        let mut other = engine.database.client();
        other.batch_execute("BEGIN; LOCK TABLE u").unwrap();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            other.batch_execute("LOCK TABLE t; COMMIT").unwrap();
        });
        up_within(&engine, &all, Duration::from_secs(10)).unwrap();
    });
}

#[test]
fn a_build_waits_for_old_snapshots_before_it_begins() {
    let engine = engine();
    let all = [migration(A, |pgm| _ = pgm.create_index("t", "n").concurrently())];
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    let error = up_within(&engine, &all, Duration::from_millis(200)).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let message = failed.failure.to_string();
    assert!(message.contains("has a snapshot that is kept"), "{message}");
    assert_eq!(engine.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    assert_eq!(engine.status(&all), format!("pending {A}"));
    holder.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

#[test]
fn a_plain_role_is_told_whom_a_build_may_wait_for() {
    let engine = engine();
    let (_, mut session) = as_plain_role(&engine);
    let all = [migration(A, |pgm| _ = pgm.create_index("t", "n").concurrently())];
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
    let mut told = Vec::new();
    let mut hear = |event: Event| {
        if let Event::MayWaitFor { holders } = event {
            told.extend(holders.iter().map(|holder| (holder.class.clone(), holder.to_string())));
            holder.batch_execute("COMMIT").unwrap();
        }
    };
    let migrator = engine.migrator(&all).patience(Duration::from_secs(10));
    assert_eq!(migrator.up(&mut session, &UpTo::default(), &mut hear).unwrap(), [A]);
    let [(Class::Hidden, text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("whose work this role may not see of `postgres`"), "{text}");
    assert!(text.contains(", is in a transaction"), "{text}");
}

#[test]
fn sessions_do_not_queue_behind_exclusive_statement() {
    for sql in
        ["VACUUM FULL t", "CLUSTER t USING t_pkey", "REINDEX TABLE t", "REINDEX SCHEMA public"]
    {
        let engine = engine();
        engine.database.execute("ALTER TABLE t ADD PRIMARY KEY (n)");
        // Each of them is a function without a name, so the statement comes from the database.
        let all = match sql {
            "VACUUM FULL t" => {
                [migration(A, |pgm| _ = pgm.sql("VACUUM FULL t").outside_transaction().down(""))]
            }
            "CLUSTER t USING t_pkey" => [migration(A, |pgm| {
                _ = pgm.sql("CLUSTER t USING t_pkey").outside_transaction().down("")
            })],
            "REINDEX TABLE t" => {
                [migration(A, |pgm| _ = pgm.sql("REINDEX TABLE t").outside_transaction().down(""))]
            }
            _ => [migration(A, |pgm| {
                _ = pgm.sql("REINDEX SCHEMA public").outside_transaction().down("")
            })],
        };
        let started = Instant::now();
        let (done, longest) = with_a_reader(&engine, Duration::from_millis(1500), || {
            up_within(&engine, &all, Duration::from_secs(10))
        });
        assert_eq!(done.unwrap(), [A], "{sql}");
        assert!(started.elapsed() >= Duration::from_millis(1500), "{sql}");
        assert!(longest < Duration::from_millis(250), "{sql}: {longest:?}");
    }
}

#[test]
fn patience_ends_outside_a_transaction_too() {
    let engine = engine();
    let all = [migration(A, |pgm| _ = pgm.sql("VACUUM FULL t").outside_transaction().down(""))];
    let (done, _) = with_a_reader(&engine, Duration::from_millis(2000), || {
        up_within(&engine, &all, Duration::from_millis(700))
    });
    let error = done.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let Failure::Locked { holders, .. } = &failed.failure else { panic!("{}", failed.failure) };
    assert_eq!(holders[0].class, Class::IdleInTransaction);
    assert_eq!(engine.status(&all), format!("pending {A}"));
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

#[test]
fn patience_ends_for_what_commits_as_it_goes() {
    let block = migration(A, |pgm| {
        pgm.sql("DO $$BEGIN LOCK TABLE t; END$$").outside_transaction().down("");
    });
    let call = migration(A, |pgm| _ = pgm.sql("CALL work()").outside_transaction().down(""));
    let function = migration(A, |pgm| {
        let work = pgm.rust("work", |db| Ok(db.batch("TRUNCATE t")?));
        work.outside_transaction().down(|_| Ok(()));
    });
    let back = migration(A, |pgm| {
        pgm.sql("VACUUM u").outside_transaction().down("CALL work()");
        pgm.sql("SELECT 1 / 0").down("");
    });
    for (all, is_back, left) in [
        ([block], false, FailureState::Begun),
        ([call], false, FailureState::Begun),
        ([function], false, FailureState::Nothing),
        ([back], true, FailureState::Begun),
    ] {
        let engine = engine();
        engine.database.execute(
            "CREATE TABLE u (); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$BEGIN TRUNCATE t; END$$",
        );
        if is_back {
            engine.up(&all).unwrap_err();
        }
        let mut reader = engine.database.client();
        reader.batch_execute("BEGIN; SELECT FROM t").unwrap();
        let migrator = engine.migrator(&all).patience(Duration::from_millis(500));
        let (mut session, started) = (engine.session(), Instant::now());
        let done = match is_back {
            true => migrator.down(&mut session, &DownTo::All, &mut |_: Event| {}),
            false => migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}),
        };
        let error = done.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10));
        let Error::Apply(failed) = &error else { panic!("{error}") };
        assert!(matches!(failed.failure, Failure::Locked { .. }), "{:?}", failed.failure);
        assert_eq!(failed.left, left);
        let bound = session.client().query_one("SHOW lock_timeout", &[]).unwrap();
        assert_eq!(bound.get::<_, String>(0), "0");
    }
}

#[test]
fn statement_is_canceled_when_it_blocks_others_too_long() {
    let engine = engine();
    let all = [migration(A, |pgm| {
        pgm.add_column("t", |t| _ = t.integer("m"));
        pgm.sql("SELECT pg_sleep(20)").down("");
    })];
    let limits = Limits { blocking: Duration::from_millis(300), ..Limits::default() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = engine.database.client();
            std::thread::sleep(Duration::from_millis(500));
            client.batch_execute("SELECT * FROM t").unwrap();
        });
        let started = Instant::now();
        let error = engine
            .migrator(&all)
            .limits(limits)
            .up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {})
            .unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5));
        let Error::Apply(failed) = &error else { panic!("{error}") };
        let Failure::InTheWay { others: 1, .. } = &failed.failure else {
            panic!("{}", failed.failure)
        };
        let diagnostic = &error.diagnostics()[0];
        assert!(
            diagnostic.message.starts_with("1 session waited behind it for 0."),
            "{diagnostic:?}"
        );
    });
    assert_eq!(engine.status(&all), format!("pending {A}"));
    assert_eq!(
        engine.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"),
        "1"
    );
}

#[test]
fn an_index_that_is_not_valid_is_not_accepted() {
    let engine = engine();
    engine.database.execute("INSERT INTO t VALUES (1)");
    assert!(
        engine.database.try_execute("CREATE UNIQUE INDEX CONCURRENTLY t_n_idx ON t (n)").is_err()
    );
    for all in [
        [migration(A, |pgm| _ = pgm.create_index("t", "n").if_not_exists())],
        [migration(A, |pgm| _ = pgm.create_index("t", "n").if_not_exists().concurrently())],
    ] {
        let error = engine.up(&all).unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        assert_eq!(
            failed.failure.to_string(),
            "index `t_n_idx` exists but is invalid: a previous build was interrupted"
        );
        assert_eq!(engine.status(&all), format!("pending {A}"));
    }
    engine.database.execute("DROP INDEX t_n_idx");
    engine.up(&[migration(A, |pgm| _ = pgm.create_index("t", "n").if_not_exists())]).unwrap();
}

/// Half a second of work that leaves a trace outside of its transaction, and then a lock.
fn work_before_a_lock() -> [Migration; 1] {
    [migration(A, |pgm| {
        pgm.sql("CREATE TABLE log (n int)").down("DROP TABLE log");
        pgm.sql("INSERT INTO log SELECT nextval('runs') FROM pg_sleep(0.5)").down("");
        pgm.sql("ALTER TABLE t ADD COLUMN m integer").down("ALTER TABLE t DROP COLUMN m");
    })]
}

#[test]
fn work_before_a_lock_is_done_once_and_nobody_waits_for_it() {
    let engine = engine();
    engine.database.execute("CREATE SEQUENCE runs");
    let all = work_before_a_lock();
    let (done, longest) = with_a_reader(&engine, Duration::from_millis(2000), || {
        up_within(&engine, &all, Duration::from_secs(10))
    });
    assert_eq!(done.unwrap(), [A]);
    assert!(longest < Duration::from_millis(250), "{longest:?}");
    assert_eq!(engine.value("SELECT last_value FROM runs"), "1");
    assert_eq!(engine.value("SELECT n FROM log"), "1");
    engine.down(&all, 1).unwrap();
}

#[test]
fn work_before_a_captured_drop_is_done_once() {
    let engine = engine();
    engine.database.execute("CREATE SEQUENCE runs; ALTER TABLE t ADD COLUMN old text DEFAULT 'x'");
    let all = [migration(A, |pgm| {
        pgm.sql("SELECT nextval('runs') FROM pg_sleep(0.5)").down("");
        pgm.drop_column("t", "old");
    })];
    let (done, longest) = with_a_reader(&engine, Duration::from_millis(2000), || {
        up_within(&engine, &all, Duration::from_secs(10))
    });
    assert_eq!(done.unwrap(), [A]);
    assert!(longest < Duration::from_millis(300), "{longest:?}");
    assert_eq!(engine.value("SELECT last_value FROM runs"), "1");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM t WHERE old = 'x'"), "1");
}

#[test]
fn a_transaction_that_others_wait_behind_does_not_wait_for_a_lock() {
    let engine = engine();
    engine.database.execute("CREATE SEQUENCE runs; CREATE TABLE other (n int)");
    // The first lock is one that others wait behind, so that all of it has to be repeated.
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE other ADD COLUMN m integer").down("ALTER TABLE other DROP COLUMN m");
        pgm.sql("SELECT nextval('runs') FROM pg_sleep(0.7)").down("");
        pgm.sql("ALTER TABLE t ADD COLUMN m integer").down("ALTER TABLE t DROP COLUMN m");
    })];
    // Both are known to be required by then.
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE other IN ACCESS SHARE MODE").unwrap();
    let holds = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1200));
        drop(holder);
    });
    let mut warnings = Vec::new();
    let (done, longest) = with_a_reader(&engine, Duration::from_millis(4000), || {
        let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
        migrator.up(&mut engine.session(), &UpTo::default(), &mut |event: Event| {
            if let Event::Notice { message, .. } = event {
                warnings.push(message);
            }
        })
    });
    holds.join().unwrap();
    assert_eq!(done.unwrap(), [A]);
    assert!(longest < Duration::from_millis(400), "{longest:?}");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("rolled back and repeated"), "{warnings:?}");
    assert_ne!(engine.value("SELECT last_value FROM runs"), "1");
}

#[test]
fn a_row_that_others_want_is_given_up_while_a_lock_is_waited_for() {
    let engine = engine();
    engine.database.execute("CREATE TABLE other AS SELECT 1 AS n; CREATE SEQUENCE runs");
    let all = [migration(A, |pgm| {
        pgm.sql("UPDATE other SET n = n + nextval('runs')::int FROM pg_sleep(0.2)").down("");
        pgm.sql("ALTER TABLE t ADD COLUMN m integer").down("ALTER TABLE t DROP COLUMN m");
    })];
    let limits = Limits {
        lock_wait: Duration::from_secs(10),
        blocking: Duration::from_millis(400),
        ..Limits::default()
    };
    let (done, _) = with_a_reader(&engine, Duration::from_millis(3000), || {
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut client = engine.database.client();
                std::thread::sleep(Duration::from_millis(600));
                let started = Instant::now();
                client.batch_execute("UPDATE other SET n = 0").unwrap();
                started.elapsed()
            });
            let done = engine.migrator(&all).limits(limits).up(
                &mut engine.session(),
                &UpTo::default(),
                &mut |_: Event| {},
            );
            let waited = writer.join().unwrap();
            assert!(waited < Duration::from_millis(1500), "{waited:?}");
            done
        })
    });
    assert_eq!(done.unwrap(), [A]);
}
