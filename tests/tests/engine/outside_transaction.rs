//! What cannot share a transaction with its history row.

use migrate_core::{Error, Left};
use migrate_tests::{Engine, migration};

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
fn a_failure_half_way_is_recorded_and_goes_on_there() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); INSERT INTO a VALUES (1)").down("DROP TABLE a");
        pgm.sql("VACUUM a; VACUUM b").outside_transaction().down("");
        pgm.sql("INSERT INTO a VALUES (2)").down("");
    })];
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, Left::Partial { done: 3, of: 5 });
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
    insta::assert_snapshot!(error, @"`20260101000000_a` stopped half way up: its file has changed since");
    let error = engine.up(&[]).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` stopped half way up: its file is gone");
    let (mut session, names) = (engine.session(), [A.to_owned()]);
    engine.migrator(&changed).mark_pending(&mut session, &names, &mut |_| {}).unwrap();
    engine.up(&changed).unwrap();
}

#[test]
fn a_statement_of_unknown_end_is_not_run_again() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int); VACUUM b").outside_transaction();
    })];
    assert!(engine.up(&all).is_err());
    // As a runner leaves it that was killed in the middle of the statement.
    engine.database.execute("UPDATE migrations_journal SET running = true");
    let error = engine.up(&all).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` stopped half way up: the runner ended while a statement ran outside a transaction, and whether it was done is not known");
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
