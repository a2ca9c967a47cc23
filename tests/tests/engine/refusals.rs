//! What the log says of runs that were refused or interrupted, and what is refused.

use std::time::Duration;

use migrate_core::history::HistoryError;
use migrate_core::lock::RunnerLock;
use migrate_core::{DownTo, Environment, Error, Event, History, Interrupt, Session, Target, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cut, Engine, Proxy, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn two() -> [Migration; 2] {
    [
        migration(A, |pgm| _ = pgm.create_table("one", |t| t.id())),
        migration(B, |pgm| _ = pgm.drop_table("one")),
    ]
}

fn last_line(engine: &Engine) -> String {
    engine.value(
        "SELECT concat_ws(' ', action, outcome, name, message) FROM migrations_log \
         ORDER BY id DESC LIMIT 1",
    )
}

#[test]
fn a_run_that_was_refused_is_in_the_log() {
    let engine = Engine::new();
    let all = two();
    let mut quiet = |_: Event| {};
    engine.up(&all[1..]).unwrap_err();
    assert_eq!(engine.value("SELECT count(*) FROM migrations_log"), "1");
    engine.up(&all[..1]).unwrap();
    engine.migrator(&all).protect(&mut engine.session(), "live", &mut quiet).unwrap();

    engine.up(&all).unwrap_err();
    let line = last_line(&engine);
    assert_eq!(line, format!("up failed {B} the database is protected as `live`"));
    engine.down(&all, 1).unwrap_err();
    let database = engine.database.name();
    let line = last_line(&engine);
    assert_eq!(line, format!("down failed {database} the database is protected as `live`"));

    let older = migration("20250101000000_older", |pgm| _ = pgm.create_table("t", |t| t.id()));
    engine.up(&[older, all[0].clone()]).unwrap_err();
    let line = last_line(&engine);
    assert!(
        line.starts_with("up failed 20250101000000_older `20250101000000_older` is older"),
        "{line}"
    );

    let mut other = engine.session();
    let history = History::default();
    let lock = RunnerLock::acquire(other.client(), &history, Duration::ZERO, &mut quiet).unwrap();
    engine.up(&all).unwrap_err();
    let line = last_line(&engine);
    assert!(line.starts_with("up failed") && line.contains("live"), "{line}");
    let error = engine.down(&all, 1).unwrap_err();
    assert!(matches!(error, Error::Lock(_)), "{error}");
    let line = last_line(&engine);
    assert!(
        line.contains(&format!("down failed {database} another `migrate` process holds the lock")),
        "{line}"
    );

    let interrupt = Interrupt::default();
    interrupt.stop();
    let migrator = engine.migrator(&all).interrupt(&interrupt).patience(Duration::from_secs(5));
    migrator.down(&mut engine.session(), &DownTo::All, &mut quiet).unwrap_err();
    let line = last_line(&engine);
    assert!(line.starts_with(&format!("down failed {database} interrupted")), "{line}");
    lock.release(other.client()).unwrap();
}

#[test]
fn an_inverse_of_a_newer_format_is_not_run() {
    let engine = Engine::new();
    let all = two();
    engine.up(&all[..1]).unwrap();
    engine.database.execute("UPDATE migrations SET down = jsonb_set(down, '{format}', '7')");
    let error = engine.down(&[], 1).unwrap_err();
    let expected = matches!(error, Error::History(HistoryError::NewerInverse { found: 7, .. }));
    assert!(expected, "{error}");
    insta::assert_snapshot!(error, @"the stored inverse of `20260101000000_a` has format 7; this version reads up to 1");
    assert_eq!(engine.value("SELECT to_regclass('one')"), "one");
}

#[test]
fn a_history_that_was_dropped_by_hand_is_created_again() {
    let engine = Engine::new();
    let all = two();
    engine.up(&all[..1]).unwrap();
    engine.database.execute(
        "DROP TABLE one, migrations, migrations_log, migrations_journal, migrations_settings",
    );
    let migrator = engine.migrator(&all);
    let applied = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    assert_eq!(applied.unwrap(), [A, B]);
    let refused = engine.database.client().batch_execute("DELETE FROM migrations_log");
    assert!(refused.is_err());
}

#[test]
fn a_full_disk_is_no_fault_of_the_file() {
    let engine = Engine::new();
    let helps = |up: fn(&mut Pgm)| {
        let error = engine.up(&[migration(A, up)]).unwrap_err();
        error.diagnostics()[0].helps.join("; ")
    };
    let full = |pgm: &mut Pgm| {
        let sql = "DO $$BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END$$";
        pgm.sql(sql).down("");
    };
    assert_eq!(helps(full), "fix the cause and run `migrate up` again");
    let wrong = |pgm: &mut Pgm| _ = pgm.sql("SELECT 1 / 0").down("");
    assert_eq!(helps(wrong), "fix the file and run `migrate up` again");
}

#[test]
fn a_lost_connection_is_not_taken_for_a_pool() {
    let engine = Engine::new();
    let proxy = Proxy::new(&vec![Cut::Before("SELECT 1 / count(*)"); 4]);
    let url = proxy.url(engine.database.name());
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test").unwrap();
    let all = [migration(A, |pgm| {
        pgm.sql("VACUUM pg_class").outside_transaction().idempotent().down("");
    })];
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    let error = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap_err();
    assert_eq!(proxy.happened(), 4);
    let told = &error.diagnostics()[0];
    assert!(!format!("{told:?}").contains("pool"), "{told:?}");
}
