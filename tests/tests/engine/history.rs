//! What the database remembers.

use migrate_core::history::HistoryError;
use migrate_core::{DownTo, Error, Event, History, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";

fn table_a(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

fn table_b(pgm: &mut Pgm) {
    pgm.create_table("b", |t| t.id());
}

#[test]
fn applied_once_and_recorded() {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, table_b)];
    assert_eq!(engine.up(&all).unwrap(), [A, B]);
    assert_eq!(engine.up(&all).unwrap(), [""; 0]);
    assert_eq!(engine.status(&all), format!("applied {A}\napplied {B}"));
    assert_eq!(
        engine.value("SELECT string_agg(action || ' ' || name || ' ' || outcome || ' ' || actor, ', ' ORDER BY id) FROM migrations_log"),
        format!("up {A} done ada@test, up {B} done ada@test")
    );
    assert_eq!(engine.value("SELECT count(*) FROM migrations_journal"), "0");
}

#[test]
fn down_to_nothing_leaves_nothing() {
    let engine = Engine::new();
    let empty = engine.catalog();
    let all = [migration(A, table_a), migration(B, table_b)];
    engine.up(&all).unwrap();
    assert_ne!(engine.catalog(), empty);
    assert_eq!(engine.down(&all, 1).unwrap(), [B]);
    assert_eq!(engine.down(&all, 5).unwrap(), [A]);
    assert_eq!(engine.down(&all, 1).unwrap(), [""; 0]);
    assert_eq!(engine.catalog(), empty);
}

#[test]
fn nothing_is_written_where_nothing_is_done() {
    let engine = Engine::new();
    let all = [migration(A, table_a)];
    let mut session = engine.session();
    let migrator = engine.migrator(&all);
    assert_eq!(migrator.would_apply(&mut session, &UpTo::default()).unwrap().len(), 1);
    assert_eq!(migrator.would_revert(&mut session, &DownTo::All).unwrap().len(), 0);
    assert_eq!(migrator.down(&mut session, &DownTo::All, &mut |_: Event| {}).unwrap(), [""; 0]);
    assert_eq!(migrator.status(&mut session).unwrap().migrations.len(), 1);
    assert_eq!(
        engine.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "0"
    );
}

#[test]
fn some_at_a_time() {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, table_b), migration(C, |_| {})];
    let one = UpTo { count: Some(1), ..UpTo::default() };
    assert_eq!(engine.up_to(&all, &one).unwrap(), [A]);
    let to_b = UpTo { name: Some(B.to_owned()), ..UpTo::default() };
    assert_eq!(engine.up_to(&all, &to_b).unwrap(), [B]);
    let (mut session, migrator) = (engine.session(), engine.migrator(&all));
    let mut quiet = |_: Event| {};
    assert_eq!(migrator.goto(&mut session, A, &mut quiet).unwrap(), (vec![B.to_owned()], vec![]));
    assert_eq!(
        migrator.goto(&mut session, C, &mut quiet).unwrap(),
        (vec![], vec![B.to_owned(), C.to_owned()])
    );
    assert_eq!(migrator.redo(&mut session, 2, &mut quiet).unwrap(), [B, C]);
    assert_eq!(engine.status(&all), format!("applied {A}\napplied {B}\napplied {C}"));
}

#[test]
fn redo_again_applies_only_what_it_reverted() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    let all = [migration(A, table_a), migration(B, table_b)];
    let redone = engine.migrator(&all).redo(&mut engine.session(), 1, &mut |_: Event| {});
    assert_eq!(redone.unwrap(), [A]);
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
    // With its file missing, nothing is changed.
    let gone = engine.migrator(&[]).redo(&mut engine.session(), 1, &mut |_: Event| {});
    assert!(matches!(gone, Err(Error::FileMissing { name }) if name == A));
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
}

#[test]
fn marks_are_recorded_and_run_nothing() {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, table_b)];
    let (mut session, migrator) = (engine.session(), engine.migrator(&all));
    let names = [A.to_owned(), B.to_owned()];
    assert_eq!(migrator.mark_applied(&mut session, &names, &mut |_: Event| {}).unwrap(), names);
    assert_eq!(migrator.mark_applied(&mut session, &names, &mut |_: Event| {}).unwrap(), [""; 0]);
    assert_eq!(migrator.mark_pending(&mut session, &names[1..], &mut |_: Event| {}).unwrap(), [B]);
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
    assert_eq!(engine.value("SELECT to_regclass('a')"), "NULL");
    assert_eq!(
        engine.value("SELECT string_agg(action, ', ' ORDER BY id) FROM migrations_log"),
        "mark applied, mark applied, mark pending"
    );
}

#[test]
fn a_table_of_another_tool_is_left_alone() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE migrations (id serial, name text, run_on timestamptz)");
    let before = engine.catalog();
    let error = engine.up(&[migration(A, table_a)]).unwrap_err();
    assert!(matches!(error, Error::History(HistoryError::Foreign { .. })));
    insta::assert_snapshot!(error, @"the table `public.migrations` is not a history of migrate: it has no column `applied_at`; its columns are `id`, `name`, `run_on`");
    assert_eq!(engine.catalog(), before);

    let elsewhere = engine
        .migrator(&[migration(A, table_a)])
        .history(History::new("ops \"x\"", "schéma history"));
    elsewhere.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    assert_eq!(engine.value(r#"SELECT name FROM "ops ""x"""."schéma history""#), A);
}

#[test]
fn a_late_migration_is_refused_and_changes_nothing() {
    let engine = Engine::new();
    engine.up(&[migration(B, table_b)]).unwrap();
    let all = [migration(A, table_a), migration(B, table_b), migration(C, |_| {})];
    let error = engine.up(&all).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` is older than `20260102000000_b`, which is applied already");
    assert_eq!(engine.status(&all), format!("pending {A}\napplied {B}\npending {C}"));
    let allowed = UpTo { allow_out_of_order: true, ..UpTo::default() };
    assert_eq!(engine.up_to(&all, &allowed).unwrap(), [A, C]);
}

#[test]
fn changed_and_missing_files_are_told_apart() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a), migration(B, table_b)]).unwrap();
    let now = [migration(A, table_b)];
    assert_eq!(engine.status(&now), format!("changed {A}\nmissing {B}"));
    assert_eq!(engine.up(&now).unwrap(), [""; 0]);
}
