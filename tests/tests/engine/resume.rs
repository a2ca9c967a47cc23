//! Going on after a runner that did not live to see the end of its statement.

use std::time::{Duration, Instant};

use migrate_core::plan::Checksum as _;
use migrate_core::{
    Environment, Error, Event, Failure, FailureState, Interrupt, Limits, Session, Target, UpTo,
};
use migrate_dsl::Migration;
use migrate_tests::{Engine, Proxy, migration};

const A: &str = "20260101000000_a";

const LEFT: &str = "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indisvalid, ',' ORDER BY 1), '') FROM pg_index WHERE indrelid = 't'::regclass";

/// A table, and a function for its indexes that sleeps as long as the database says.
fn engine() -> Engine {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE t (n int); INSERT INTO t VALUES (1);
         CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql
         AS $$BEGIN PERFORM pg_sleep(current_setting('test.sleep', true)::float); RETURN n; END$$",
    );
    sleep(&engine, "60");
    engine
}

fn sleep(engine: &Engine, seconds: &str) {
    let name = engine.database.name();
    engine.database.execute(&format!("ALTER DATABASE {name} SET test.sleep = '{seconds}'"));
}

/// Applies, and takes the runner its connection for good once a statement that begins like `query`
/// runs: as if it had been killed. The journal has its text earlier.
fn killed_at(engine: &Engine, all: &[Migration], query: &str) {
    let at_work = format!(
        "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '{query}%' \
         AND datname = current_database() AND pid <> pg_backend_pid()"
    );
    let (proxy, interrupt) = (Proxy::new(&[]), Interrupt::default());
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let target = Target::parse(
                &proxy.url(engine.database.name()),
                "the test",
                &Environment::default(),
            );
            let mut session = Session::connect(&target.unwrap(), "migrate test").unwrap();
            let migrator = engine.migrator(all).interrupt(&interrupt);
            migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {})
        });
        while engine.value(&format!("SELECT count(*) {at_work}")) == "0" {
            assert!(!runner.is_finished(), "{:?}", runner.join());
            std::thread::sleep(Duration::from_millis(10));
        }
        proxy.die();
        interrupt.stop();
        assert!(runner.join().unwrap().is_err());
        // The server itself would notice, in a while.
        while engine.value(&format!("SELECT count(pg_terminate_backend(pid)) {at_work}")) != "0" {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    assert_eq!(engine.status(all), format!("partial {A}"));
}

#[test]
fn a_build_that_was_broken_off_is_made_again() {
    let engine = engine();
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| t.id());
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    killed_at(&engine, &all, "CREATE INDEX CONCURRENTLY");
    assert_eq!(engine.value(LEFT), "slow_idx false");
    sleep(&engine, "0");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "slow_idx true");
}

#[test]
fn a_build_that_was_done_is_not_made_again() {
    let engine = engine();
    sleep(&engine, "0");
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int)").down("DROP TABLE a");
        pgm.sql("CREATE INDEX CONCURRENTLY ON t (n)")
            .outside_transaction()
            .down("DROP INDEX t_n_idx");
        pgm.sql("SELECT 1 / (SELECT count(*) FROM a)").down("");
    })];
    assert!(engine.up(&all).is_err());
    // As a runner leaves it that was killed after the build, before the journal knew.
    engine.database.execute(
        "UPDATE migrations_journal SET statements_done = 1, running = true, \
         noted = '{\"pid\":0,\"indexes\":[]}', checksum = (SELECT checksum FROM migrations_journal)",
    );
    let stored = engine.value("SELECT 't_n_idx'::regclass::oid");
    engine.database.execute("INSERT INTO a VALUES (1)");
    // Its checksum is that of two statements, so it is refused; fix that as well.
    let plan = migrate_tests::plan(&all);
    let up = &plan.migrations[0].up;
    let mut first = plan.migrations[0].clone();
    first.up = up[..1].to_vec();
    engine
        .database
        .execute(&format!("UPDATE migrations_journal SET checksum = '{}'", first.checksum()));
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value("SELECT 't_n_idx'::regclass::oid"), stored);
    assert_eq!(engine.value(LEFT), "t_n_idx true");
}

#[test]
fn leftovers_of_others_are_left_alone() {
    let engine = engine();
    // A build of another session with the same name, on another table and in another schema.
    engine.database.execute(
        "CREATE SCHEMA other; CREATE TABLE other.t (n int); INSERT INTO other.t VALUES (1), (1)",
    );
    let theirs =
        engine.database.try_execute("CREATE UNIQUE INDEX CONCURRENTLY slow_idx ON other.t (n)");
    assert!(theirs.is_err());
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    killed_at(&engine, &all, "CREATE INDEX CONCURRENTLY");
    sleep(&engine, "0");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "slow_idx true");
    assert_eq!(
        engine
            .value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'other.slow_idx'::regclass"),
        "f"
    );
}

#[test]
fn a_rebuild_that_was_broken_off_leaves_nothing() {
    let engine = engine();
    sleep(&engine, "0");
    engine.database.execute("CREATE INDEX slow_idx ON t (slow(n))");
    sleep(&engine, "60");
    let all = [migration(A, |pgm| {
        pgm.sql("REINDEX TABLE CONCURRENTLY t").outside_transaction().down("");
    })];
    killed_at(&engine, &all, "REINDEX TABLE CONCURRENTLY");
    assert_eq!(engine.value(LEFT), "slow_idx true,slow_idx_ccnew false");
    sleep(&engine, "0");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "slow_idx true");
}

#[test]
fn an_index_that_is_half_dropped_is_dropped() {
    let engine = engine();
    sleep(&engine, "0");
    engine.database.execute("CREATE INDEX slow_idx ON t (n)");
    let all = [migration(A, |pgm| {
        pgm.sql("DROP INDEX CONCURRENTLY slow_idx").outside_transaction().down("");
    })];
    // A reader of the table is what it waits for.
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM t").unwrap();
    killed_at(&engine, &all, "DROP INDEX CONCURRENTLY");
    assert_eq!(engine.value(LEFT), "slow_idx false");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "");
}

/// A migration that detaches a partition concurrently, where the server can.
fn with_a_partition_to_detach() -> Option<(Engine, [Migration; 1])> {
    let engine = engine();
    if engine.session().major() < 14 {
        return None;
    }
    engine.database.execute(
        "CREATE TABLE p (n int) PARTITION BY LIST (n); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
    );
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")
            .outside_transaction()
            .down("ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)");
    })];
    Some((engine, all))
}

#[test]
fn a_partition_that_is_partially_detached_leaves() {
    let Some((engine, all)) = with_a_partition_to_detach() else { return };
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM p").unwrap();
    // The first finds it in use, the second partially detached.
    for _ in 0..2 {
        let (failed, waited) = std::thread::scope(|scope| {
            let runner = scope.spawn(|| engine.up(&all));
            let mut other = engine.database.client();
            let mut longest = Duration::ZERO;
            while !runner.is_finished() {
                let asked = Instant::now();
                other.batch_execute("SELECT * FROM p1").unwrap();
                longest = longest.max(asked.elapsed());
            }
            (runner.join().unwrap().unwrap_err(), longest)
        });
        // No session had to wait for the reader, which stays forever.
        assert!(waited < Duration::from_secs(2), "{waited:?}");
        let Error::Apply(failed) = &failed else { panic!("{failed}") };
        assert!(matches!(failed.failure, Failure::Locked { .. }), "{}", failed.failure);
        assert_eq!(failed.left, FailureState::Incomplete);
        assert_eq!(engine.status(&all), format!("partial {A}"));
        assert_eq!(engine.value("SELECT inhdetachpending FROM pg_inherits"), "t");
    }
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM pg_inherits"), "0");
    engine.down(&all, 1).unwrap();
}

#[test]
fn a_partition_leaves_when_it_is_free() {
    let Some((engine, all)) = with_a_partition_to_detach() else { return };
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM p").unwrap();
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let migrator = engine.migrator(&all).patience(Duration::from_secs(30));
            migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {})
        });
        let pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending";
        while engine.value(pending) == "0" {
            assert!(!runner.is_finished());
            std::thread::sleep(Duration::from_millis(10));
        }
        reader.batch_execute("COMMIT").unwrap();
        assert_eq!(runner.join().unwrap().unwrap(), [A]);
    });
    assert_eq!(engine.value("SELECT count(*) FROM pg_inherits"), "0");
}

/// A procedure that commits in its middle, and then sleeps.
const PROCEDURE: &str =
    "CREATE TABLE done (n int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$BEGIN
    INSERT INTO done VALUES (1); COMMIT;
    PERFORM pg_sleep(current_setting('test.sleep', true)::float); END$$";

#[test]
fn resume_refuses_when_statement_outcome_is_unknown() {
    let engine = engine();
    engine.database.execute(PROCEDURE);
    let all = [migration(A, |pgm| _ = pgm.sql("CALL work()").outside_transaction().down(""))];
    killed_at(&engine, &all, "CALL work");
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert!(matches!(failed.failure, Failure::Unknown { .. }), "{}", failed.failure);
    assert_eq!(engine.status(&all), format!("partial {A}"));
    assert_eq!(engine.value("SELECT count(*) FROM done"), "1");
}

#[test]
fn unknown_outcome_persists_when_file_changes() {
    let engine = engine();
    engine.database.execute(PROCEDURE);
    let all = [migration(A, |pgm| _ = pgm.sql("CALL work()").outside_transaction().down(""))];
    killed_at(&engine, &all, "CALL work");
    let changed = [migration(A, |pgm| {
        pgm.sql("ANALYZE t; CALL work()").outside_transaction().down("");
    })];
    let shorter = [migration(A, |pgm| pgm.without_transaction())];
    for other in [&changed, &shorter] {
        let error = engine.up(other).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error.diagnostics()[0].message, @"`CALL work()` ran here when the runner ended, and the file has another statement there by now");
        }
    }
    assert_eq!(engine.status(&all), format!("partial {A}"));
    assert_eq!(engine.value("SELECT count(*) FROM done"), "1");
}

#[test]
fn invalid_index_is_dropped_when_file_changed() {
    let engine = engine();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    killed_at(&engine, &all, "CREATE INDEX CONCURRENTLY");
    let changed = [migration(A, |pgm| _ = pgm.create_index("t", "n").concurrently())];
    assert_eq!(engine.up(&changed).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "t_n_idx true");
}

#[test]
fn what_is_left_of_a_build_is_not_waited_for_without_an_end() {
    let engine = engine();
    let all = [migration(A, |pgm| _ = pgm.create_index("t", "n").concurrently())];
    let mut writer = engine.database.client();
    writer.batch_execute("BEGIN; INSERT INTO t VALUES (1)").unwrap();
    let whole = Some(Duration::from_millis(500));
    let migrator = engine.migrator(&all).limits(Limits { whole, ..Limits::default() });
    let started = Instant::now();
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    let error = error.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(15));
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert!(matches!(failed.failure, Failure::Stopped(_)), "{}", failed.failure);
    assert_eq!(failed.left, FailureState::Incomplete);
    assert_eq!(
        error.diagnostics()[0].helps,
        ["run `migrate up` again: it completes or cleans up this statement, then continues"]
    );
    // The next one does not wait forever either.
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert!(matches!(failed.failure, Failure::Locked { .. }), "{}", failed.failure);
    assert_eq!(failed.left, FailureState::Incomplete);
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "t_n_idx true");
}

#[test]
fn what_is_left_of_a_build_that_failed_is_not_waited_for_without_an_end() {
    let engine = engine();
    engine.database.execute("INSERT INTO t VALUES (1)");
    let all = [migration(A, |pgm| _ = pgm.create_index("t", "n").unique().concurrently())];
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM t").unwrap();
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, FailureState::Incomplete);
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @r#"could not create unique index "t_n_idx""#);
    reader.batch_execute("COMMIT").unwrap();
    engine.database.execute("DELETE FROM t");
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

#[test]
fn the_author_may_know() {
    let engine = engine();
    engine.database.execute(PROCEDURE);
    let done_when = [migration(A, |pgm| {
        pgm.sql("CALL work()")
            .outside_transaction()
            .done_when("SELECT EXISTS (SELECT FROM done)")
            .down("");
    })];
    killed_at(&engine, &done_when, "CALL work");
    sleep(&engine, "0");
    assert_eq!(engine.up(&done_when).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM done"), "1");
    engine.down(&done_when, 1).unwrap();

    sleep(&engine, "60");
    let idempotent = [migration(A, |pgm| {
        _ = pgm.sql("CALL work()").outside_transaction().idempotent().down("")
    })];
    killed_at(&engine, &idempotent, "CALL work");
    sleep(&engine, "0");
    assert_eq!(engine.up(&idempotent).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM done"), "3");
}

#[test]
fn most_statements_are_never_in_doubt() {
    let engine = engine();
    let all = [migration(A, |pgm| {
        pgm.without_transaction();
        pgm.sql("CREATE TABLE a (n int)").down("DROP TABLE a");
        pgm.sql("INSERT INTO a SELECT slow(1)").down("");
        pgm.sql("VACUUM a").down("");
    })];
    killed_at(&engine, &all, "%INSERT INTO a SELECT slow");
    assert_eq!(
        engine.value("SELECT statements_done || ' ' || running FROM migrations_journal"),
        "1 false"
    );
    sleep(&engine, "0");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM a"), "1");
}

#[test]
fn what_is_partially_applied_can_be_reverted() {
    let engine = engine();
    sleep(&engine, "0");
    let empty = engine.catalog();
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| t.id());
        pgm.create_index("t", "n").concurrently();
        pgm.sql("CREATE TABLE b ()").down("DROP TABLE b");
        pgm.sql("CALL nothing()").outside_transaction().down("");
        pgm.sql("CREATE TABLE c ()").down("DROP TABLE c");
    })];
    assert!(engine.up(&all).is_err());
    assert_eq!(engine.status(&all), format!("partial {A}"));
    assert_eq!(engine.down(&all, 1).unwrap(), [A]);
    assert_eq!(engine.status(&all), format!("pending {A}"));
    assert_eq!(engine.catalog(), empty);
    assert_eq!(engine.value("SELECT count(*) FROM migrations_journal"), "0");
}

#[test]
fn an_inverse_that_is_partially_done_goes_on_in_either_direction() {
    let engine = engine();
    sleep(&engine, "0");
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int)").down("DROP TABLE a; SELECT 1 / (SELECT count(*) FROM u)");
        pgm.create_index("t", "n").concurrently();
        pgm.sql("CREATE TABLE b AS SELECT 1 / (SELECT count(*) FROM u)").down("DROP TABLE b");
    })];
    engine.database.execute("CREATE TABLE u ()");
    assert!(engine.up(&all).is_err());
    // The index is dropped, the table cannot be.
    assert!(engine.down(&all, 1).is_err());
    assert_eq!(engine.value(LEFT), "");
    assert_eq!(engine.value("SELECT to_regclass('a')"), "a");
    engine.database.execute("INSERT INTO u DEFAULT VALUES");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "t_n_idx true");
}

#[test]
fn what_a_dropped_index_was_like_is_known_after_a_crash() {
    let engine = engine();
    engine
        .database
        .execute("CREATE INDEX by_n ON t (n DESC) WHERE n > 0; COMMENT ON INDEX by_n IS 'kept'");
    let before = engine.catalog();
    let all = [migration(A, |pgm| _ = pgm.drop_index("by_n").concurrently())];
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM t").unwrap();
    killed_at(&engine, &all, "DROP INDEX CONCURRENTLY");
    reader.batch_execute("COMMIT").unwrap();
    // As if the server had reached its end before it noticed that the client had disconnected.
    engine.database.execute("DROP INDEX by_n");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);

    killed_at_drop_and_again(&engine, &all);
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

/// The same, with an index that is half dropped when the next one comes.
fn killed_at_drop_and_again(engine: &Engine, all: &[Migration]) {
    let mut reader = engine.database.client();
    reader.batch_execute("BEGIN; SELECT * FROM t").unwrap();
    killed_at(engine, all, "DROP INDEX CONCURRENTLY");
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.value(LEFT), "by_n false");
    assert_eq!(engine.up(all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), "");
}

/// 64 bytes: the server keeps 63 of them; of the second one 62, as its last character has two.
const LONG: [&str; 2] = [
    "an_index_name_of_sixty_four_bytes_which_is_more_than_postgres_ke",
    "an_index_name_of_sixty_four_bytes_which_is_more_than_postgres_ü",
];

#[test]
fn up_applies_an_index_whose_name_the_server_truncates() {
    let engine = engine();
    assert!(LONG.iter().all(|name| name.len() == 64));
    let all = [migration(A, |pgm| {
        for name in LONG {
            let sql = format!("CREATE INDEX IF NOT EXISTS {name} ON t (n)");
            pgm.sql(sql).down(format!("DROP INDEX public.{name}"));
        }
    })];
    let before = engine.catalog();
    assert_eq!(engine.up(&all).unwrap(), [A]);
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);

    // One of that name that is not valid is found.
    engine.database.execute("INSERT INTO t VALUES (1)");
    for name in LONG {
        let invalid = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON t (n)");
        assert!(engine.database.try_execute(&invalid).is_err());
        let error = engine.up(&all).unwrap_err();
        assert_eq!(error.diagnostics()[0].code.as_deref(), Some("invalid_index"), "{error:?}");
        engine.database.execute(&format!("DROP INDEX {name}"));
    }
}

#[test]
fn a_build_whose_name_the_server_truncates_is_made_again() {
    let engine = engine();
    let all = [migration(A, |pgm| {
        let [name, _] = LONG;
        pgm.sql(format!("CREATE INDEX CONCURRENTLY {name} ON public.t (slow(n))"))
            .outside_transaction()
            .down(format!("DROP INDEX {name}"));
    })];
    killed_at(&engine, &all, "CREATE INDEX CONCURRENTLY");
    sleep(&engine, "0");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(LEFT), format!("{} true", &LONG[0][..63]));
}

#[test]
fn a_long_name_of_a_database_is_found() {
    let engine = engine();
    let name = format!("{}_{}", engine.database.name(), "x".repeat(63));
    let name: &'static str = Box::leak(name.into_boxed_str());
    engine.database.execute(&format!("CREATE DATABASE {name}"));
    let all = Migration::sql(
        A,
        "src/a.up.sql",
        A,
        Box::leak(
            format!("-- migrate: outside transaction\nDROP DATABASE IF EXISTS {name}")
                .into_boxed_str(),
        ),
        None,
    );
    let all = [all];
    // It is there, and so the statement is sent.
    assert_eq!(engine.up(&all).unwrap(), [A]);
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(engine.value(&left), "0");
}
