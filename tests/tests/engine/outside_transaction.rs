//! What cannot share a transaction with its history row.

use migrate_core::{Error, FailureState};
use migrate_dsl::Migration;
use migrate_dsl::prelude::*;
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";

#[test]
fn transactions_and_single_statements_in_turn() {
    let engine = Engine::new();
    let empty = engine.catalog();
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| {
            t.id();
            t.text("title");
        });
        pgm.create_index("a", "title").concurrently();
        pgm.create_index("a", "id").concurrently();
        pgm.sql("INSERT INTO a (title) VALUES ('x')").down("DELETE FROM a");
    })];
    engine.up(&all).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM migrations_journal"), "0");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), empty);
}

#[test]
fn a_failure_in_the_middle_is_recorded_and_goes_on_there() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); INSERT INTO a VALUES (1)").down("DROP TABLE a");
        pgm.sql("VACUUM a; VACUUM b").outside_transaction().down("");
        pgm.sql("INSERT INTO a VALUES (2)").down("");
    })];
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, FailureState::Partial { done: 3, of: 5 });
    assert_eq!(engine.status(&all), format!("partial {A}"));
    assert_eq!(engine.value("SELECT string_agg(n::text, ',') FROM a"), "1");

    engine.database.execute("CREATE TABLE b ()");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.status(&all), format!("applied {A}"));
    assert_eq!(engine.value("SELECT string_agg(n::text, ',') FROM a"), "1,2");
}

#[test]
fn what_changed_since_it_stopped_does_not_go_on() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (); VACUUM b").outside_transaction();
    })];
    assert!(engine.up(&all).is_err());
    let changed = [migration(A, |pgm| _ = pgm.create_table("c", |t| t.id()))];
    let error = engine.up(&changed).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` is partially applied: its file was modified after it was applied");
    let error = engine.up(&[]).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` is partially applied: its file is missing");
    let (mut session, names) = (engine.session(), [A.to_owned()]);
    engine.migrator(&changed).mark_pending(&mut session, &names, &mut |_| {}).unwrap();
    engine.up(&changed).unwrap();
}

#[test]
fn a_statement_of_unknown_end_is_not_run_again() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); CALL b()").outside_transaction();
    })];
    assert!(engine.up(&all).is_err());
    // As a runner leaves it that was killed in the middle of the statement.
    engine.database.execute("UPDATE migrations_journal SET running = true");
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    insta::assert_snapshot!(failed.failure, @"the runner ended while this ran outside a transaction, and whether it was done is not known");
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.helps.join("\n"), @r#"
    look at the database; finish the migration by hand and run `migrate mark 20260101000000_a`, or undo by hand what it did and run `migrate mark 20260101000000_a --pending`
    say `.idempotent()` or `.done_when("SELECT …")` in the file, and it resumes automatically
    "#);
    assert_eq!(engine.status(&all), format!("partial {A}"));
}

#[test]
fn without_transaction_speaks_for_the_whole_migration() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.without_transaction();
        pgm.create_table("a", |t| t.id());
        pgm.sql("SELECT 1 / 0");
    })];
    assert!(engine.up(&all).is_err());
    assert_eq!(engine.value("SELECT to_regclass('a')"), "a");
    assert_eq!(engine.status(&all), format!("partial {A}"));
}

#[test]
fn a_first_statement_that_fails_leaves_nothing_to_go_on_with() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE a (n int)");
    let error = engine.up(&[migration(A, |pgm| _ = pgm.create_index("a", "typo").concurrently())]);
    let Err(Error::Apply(failed)) = &error else { panic!("{error:?}") };
    assert_eq!(failed.left, FailureState::Nothing);
    let fixed = [migration(A, |pgm| _ = pgm.create_index("a", "n").concurrently())];
    assert_eq!(engine.status(&fixed), format!("pending {A}"));
    assert_eq!(engine.up(&fixed).unwrap(), [A]);
}

#[test]
fn an_index_whose_build_failed_is_not_in_its_own_way() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE a (n int); INSERT INTO a VALUES (1), (1); CREATE TABLE other (n int); INSERT INTO other VALUES (1), (1)");
    // It belongs to another session, and is older: it stays.
    _ = engine
        .database
        .client()
        .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY a_n_idx_of_another ON other (n)");
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE a ADD m int").down("ALTER TABLE a DROP m");
        pgm.create_index("a", "n").unique().concurrently();
    })];
    assert!(engine.up(&all).is_err());
    let invalid =
        "SELECT string_agg(indexrelid::regclass::text, ',') FROM pg_index WHERE NOT indisvalid";
    assert_eq!(engine.value(invalid), "a_n_idx_of_another");
    engine.database.execute("DELETE FROM a");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value(invalid), "a_n_idx_of_another");
}

#[test]
fn an_inverse_that_changed_in_between_does_not_go_on() {
    let engine = Engine::new();
    let up = |pgm: &mut migrate_dsl::Pgm| _ = pgm.create_table("a", |t| t.id());
    let broken = [reversible(A, up, |pgm| {
        pgm.sql("SELECT 1; VACUUM nothing; DROP TABLE a").outside_transaction();
    })];
    engine.up(&broken).unwrap();
    assert!(engine.down(&broken, 1).is_err());
    assert_eq!(engine.status(&broken), format!("partial {A}"));
    let fixed = [reversible(A, up, |pgm| _ = pgm.sql("DROP TABLE a"))];
    let error = engine.down(&fixed, 1).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` is partially reverted: what it has reverted is no longer what its inverse says");
    // What is said to be done by hand is believed.
    let (mut session, names) = (engine.session(), [A.to_owned()]);
    assert_eq!(
        engine.migrator(&fixed).mark_applied(&mut session, &names, &mut |_| {}).unwrap(),
        [A]
    );
    assert_eq!(engine.down(&fixed, 1).unwrap(), [A]);
    assert_eq!(engine.value("SELECT to_regclass('a')"), "NULL");
}

#[test]
fn an_inverse_goes_on_where_it_stopped() {
    let engine = Engine::new();
    let up = |pgm: &mut migrate_dsl::Pgm| _ = pgm.sql("CREATE TABLE a (n int)");
    let all = [reversible(A, up, |pgm| {
        pgm.sql("INSERT INTO a VALUES (1); VACUUM b; ALTER TABLE a RENAME TO gone")
            .outside_transaction();
    })];
    engine.up(&all).unwrap();
    assert!(engine.down(&all, 1).is_err());
    engine.database.execute("CREATE TABLE b ()");
    assert_eq!(engine.down(&all, 1).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM gone"), "1");
    assert_eq!(engine.status(&all), format!("pending {A}"));
}

#[test]
fn the_statement_that_failed_may_be_fixed() {
    let engine = Engine::new();
    let broken = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); INSERT INTO a VALUES (1); VACUUM b").outside_transaction();
    })];
    assert!(engine.up(&broken).is_err());
    let fixed = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); INSERT INTO a VALUES (1); VACUUM a; ANALYZE a")
            .outside_transaction();
    })];
    assert_eq!(engine.up(&fixed).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM a"), "1");
}

/// A procedure that does something for good, and then fails as `end` says.
fn procedure(end: &str) -> Engine {
    let engine = Engine::new();
    engine.database.execute(&format!(
        "CREATE TABLE trace (n int); CREATE TABLE busy ();
         CREATE PROCEDURE work() LANGUAGE plpgsql AS
         $$BEGIN INSERT INTO trace VALUES (1); COMMIT; {end}; END$$"
    ));
    engine
}

const UNTIL_FREE: &str = "LOCK TABLE busy IN SHARE MODE NOWAIT";

fn left_of(error: &Error) -> FailureState {
    let Error::Apply(failed) = error else { panic!("{error}") };
    failed.left
}

#[test]
fn a_procedure_is_not_repeated_by_itself() {
    for end in [UNTIL_FREE, "PERFORM 1 / 0", "RAISE SQLSTATE '40P01'"] {
        let engine = procedure(end);
        let mut other = engine.database.client();
        other.batch_execute("BEGIN; LOCK TABLE busy").unwrap();
        let all = [migration(A, |pgm| _ = pgm.sql("CALL work()").outside_transaction().down(""))];
        let error = engine.up(&all).unwrap_err();
        assert_eq!(left_of(&error), FailureState::Begun);
        let notes = &error.diagnostics()[0].notes;
        assert_eq!(
            notes.last().unwrap(),
            "`20260101000000_a`: it ran outside a transaction: what it did for good before it failed is done"
        );
        assert_eq!(engine.status(&all), format!("partial {A}"));
        // It is unknown how far it came.
        let error = engine.up(&all).unwrap_err();
        assert_eq!(error.diagnostics()[0].code.as_deref(), Some("unknown"));
        assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
    }
}

#[test]
fn a_procedure_may_be_repeated_if_its_author_says_so() {
    let engine = procedure(UNTIL_FREE);
    let mut other = engine.database.client();
    other.batch_execute("BEGIN; LOCK TABLE busy").unwrap();
    let all = [migration(A, |pgm| {
        pgm.sql("CALL work()").outside_transaction().idempotent().down("");
    })];
    assert_eq!(left_of(&engine.up(&all).unwrap_err()), FailureState::Begun);
    assert_ne!(engine.value("SELECT count(*) FROM trace"), "1");
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

#[test]
fn a_procedure_is_done_when_its_author_says_so() {
    let engine = procedure(UNTIL_FREE);
    let mut other = engine.database.client();
    other.batch_execute("BEGIN; LOCK TABLE busy").unwrap();
    let all = [migration(A, |pgm| {
        pgm.sql("CALL work()")
            .outside_transaction()
            .done_when("SELECT EXISTS (SELECT FROM trace)")
            .down("");
    })];
    assert_eq!(engine.up(&all).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
}

#[test]
fn a_question_that_gives_no_boolean_is_the_authors() {
    const CALL: fn(&mut Pgm, &str) = |pgm, query| {
        pgm.sql("CALL work()").outside_transaction().done_when(query).down("");
    };
    let engine = procedure("PERFORM 1 / 0");
    let number = [migration(A, |pgm| CALL(pgm, "SELECT 1 FROM trace"))];
    assert_eq!(left_of(&engine.up(&number).unwrap_err()), FailureState::Begun);
    let rows = [migration(A, |pgm| CALL(pgm, "SELECT true FROM generate_series(1, 2)"))];
    let two = [migration(A, |pgm| CALL(pgm, "SELECT true, true"))];
    for all in [number, rows, two] {
        let error = engine.up(&all).unwrap_err();
        assert_eq!(left_of(&error), FailureState::Begun);
        let told = &error.diagnostics()[0];
        assert_eq!(told.message, "`done_when` has to give one boolean");
        assert!(told.source.is_some() && told.helps[0].contains("SELECT EXISTS"), "{told:?}");
        assert_eq!(engine.status(&all), format!("partial {A}"));
    }
    let fixed = [migration(A, |pgm| CALL(pgm, "SELECT EXISTS (SELECT FROM trace)"))];
    assert_eq!(engine.up(&fixed).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
}

#[test]
fn what_the_server_did_not_begin_with_has_done_nothing() {
    let engine = Engine::new();
    let call = migration(A, |pgm| _ = pgm.sql("CALL nothing()").outside_transaction().down(""));
    let block = migration(A, |pgm| {
        _ = pgm.sql("DO $$BEGIN typo END$$").outside_transaction().down("");
    });
    for all in [[call], [block]] {
        assert_eq!(left_of(&engine.up(&all).unwrap_err()), FailureState::Nothing);
        assert_eq!(engine.status(&all), format!("pending {A}"));
    }
}

#[test]
fn a_file_of_sql_says_so_in_its_first_line() {
    const UP: &str = "-- migrate: outside transaction\nCREATE TABLE a (n int);\n\n\
                      CREATE INDEX CONCURRENTLY i ON a (n);\nCREATE INDEX CONCURRENTLY j ON b (n);";
    const DOWN: &str = "-- migrate: outside transaction\nDROP INDEX CONCURRENTLY j;\n\
                        DROP INDEX CONCURRENTLY i;\nDROP TABLE a";
    let engine = Engine::new();
    let all = [Migration::sql(A, "src/a.up.sql", A, UP, Some(("src/a.down.sql", DOWN)))];
    let error = engine.up(&all).unwrap_err();
    assert_eq!(error.diagnostics()[0].source.as_ref().unwrap().place.line, 5);
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, FailureState::Partial { done: 2, of: 3 });

    engine.database.execute("CREATE TABLE b (n int)");
    assert_eq!(engine.up(&all).unwrap(), [A]);
    let valid = "SELECT count(*) FROM pg_index WHERE indisvalid \
                 AND indexrelid IN (to_regclass('i'), to_regclass('j'))";
    assert_eq!(engine.value(valid), "2");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value("SELECT count(to_regclass('a'))"), "0");
}

#[test]
fn what_must_not_run_in_a_transaction_is_told_how_it_may() {
    let engine = Engine::new();
    let helps = |migration: Migration| {
        let told = engine.up(&[migration]).unwrap_err().diagnostics().remove(0);
        assert_eq!(told.code.as_deref(), Some("25001"));
        told.helps.join("; ")
    };
    engine.database.execute("CREATE TABLE a (n int)");
    let sql = "CREATE INDEX CONCURRENTLY i ON a (n)";
    insta::assert_snapshot!(
        helps(migration(A, |pgm| _ = pgm.sql("CREATE INDEX CONCURRENTLY i ON a (n)"))),
        @"add `.outside_transaction()`: each statement then runs alone; fix the file and run `migrate up` again"
    );
    insta::assert_snapshot!(
        helps(Migration::sql(A, "src/a.up.sql", A, sql, None)),
        @"make `-- migrate: outside transaction` the first line of the file: each statement then runs alone; fix the file and run `migrate up` again"
    );
    let within = "DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY i ON a (n)'; END $$";
    let told = helps(Migration::sql(A, "src/a.up.sql", A, within, None));
    assert_eq!(told, "fix the file and run `migrate up` again");
}

#[test]
fn an_inverse_that_did_something_for_good_is_not_repeated_by_itself() {
    fn fails(pgm: &mut Pgm) {
        pgm.sql("SELECT 1 / (SELECT count(*) FROM busy)").down("");
    }
    let call = migration(A, |pgm| {
        pgm.sql("VACUUM trace").outside_transaction().down("CALL work()");
        fails(pgm);
    });
    let function = migration(A, |pgm| {
        let charge = pgm.rust("charge", |_| Ok(()));
        charge.outside_transaction().idempotent().down(|db| Ok(db.batch("CALL work()")?));
        fails(pgm);
    });
    for all in [[call], [function]] {
        let engine = procedure("PERFORM 1 / 0");
        assert_eq!(
            left_of(&engine.up(&all).unwrap_err()),
            FailureState::Partial { done: 1, of: 2 }
        );
        let error = engine.down(&all, 1).unwrap_err();
        assert_eq!(left_of(&error), FailureState::Begun, "{error:?}");
        assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
        assert_eq!(engine.status(&all), format!("partial {A}"));
        // Neither way.
        for error in [engine.down(&all, 1).unwrap_err(), engine.up(&all).unwrap_err()] {
            let told = &error.diagnostics()[0];
            assert_eq!(told.code.as_deref(), Some("unknown"), "{told:?}");
            assert!(told.message.contains("reverted a part of it"), "{}", told.message);
            assert!(told.helps[0].starts_with("look at the database"), "{:?}", told.helps);
        }
        assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
        let migrator = engine.migrator(&all);
        let names = [A.to_owned()];
        migrator.mark_pending(&mut engine.session(), &names, &mut |_| {}).unwrap();
        assert_eq!(engine.status(&all), format!("pending {A}"));
    }
}

#[test]
fn an_inverse_that_the_server_did_not_begin_with_can_be_tried_again() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE trace (n int)");
    let all = [migration(A, |pgm| {
        pgm.sql("VACUUM trace").outside_transaction().down("CALL work()");
        pgm.sql("SELECT 1 / (SELECT count(*) FROM trace)").down("");
    })];
    engine.up(&all).unwrap_err();
    assert_eq!(left_of(&engine.down(&all, 1).unwrap_err()), FailureState::Nothing);
    engine
        .database
        .execute("CREATE PROCEDURE work() LANGUAGE sql AS $$INSERT INTO trace VALUES (1)$$");
    assert_eq!(engine.down(&all, 1).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "1");
    assert_eq!(engine.status(&all), format!("pending {A}"));
}
