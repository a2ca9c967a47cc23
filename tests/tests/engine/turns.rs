//! `redo` and `goto` where a migration is partially applied, or where the files say something else.

use migrate_core::{Allowed, DownTo, Error, Event};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";

fn table(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

/// Stops after its first statement, until there is a table `go`.
fn half(pgm: &mut Pgm) {
    pgm.create_table("half", |t| t.id());
    pgm.sql("VACUUM go").outside_transaction().down("");
}

fn story() -> [Migration; 3] {
    [migration(A, table), migration(B, half), migration(C, |_| {})]
}

/// One that is applied, and one that is partially applied.
fn stopped() -> Engine {
    let engine = Engine::new();
    assert!(engine.up(&story()).is_err());
    assert_eq!(engine.status(&story()), format!("applied {A}\npartial {B}\npending {C}"));
    engine
}

fn redo(engine: &Engine, count: usize) -> Result<Vec<String>, Error> {
    engine.migrator(&story()).redo(&mut engine.session(), count, &mut |_: Event| {})
}

fn goto(
    engine: &Engine,
    all: &[Migration],
    name: &str,
) -> Result<(Vec<String>, Vec<String>), Error> {
    engine.migrator(all).goto(&mut engine.session(), name, &mut |_: Event| {})
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn redo_begins_what_is_partially_applied_again() {
    let engine = stopped();
    assert!(redo(&engine, 1).is_err());
    assert_eq!(engine.status(&story()), format!("applied {A}\npartial {B}\npending {C}"));
    engine.database.execute("CREATE TABLE go (); INSERT INTO half DEFAULT VALUES");
    assert_eq!(redo(&engine, 1).unwrap(), [B]);
    assert_eq!(engine.value("SELECT count(*) FROM half"), "0");

    let engine = stopped();
    engine.database.execute("CREATE TABLE go ()");
    assert_eq!(redo(&engine, 2).unwrap(), [A, B]);
    assert_eq!(engine.status(&story()), format!("applied {A}\napplied {B}\npending {C}"));

    // Where it is all that there is.
    let engine = Engine::new();
    assert!(engine.up(&story()[1..2]).is_err());
    engine.database.execute("CREATE TABLE go ()");
    assert_eq!(redo(&engine, 1).unwrap(), [B]);
}

#[test]
fn goto_finishes_or_reverts_what_is_partially_applied() {
    let engine = stopped();
    assert_eq!(goto(&engine, &story(), A).unwrap(), (names(&[B]), vec![]));
    assert_eq!(engine.value("SELECT to_regclass('half')"), "NULL");
    for name in [B, C] {
        let engine = stopped();
        engine.database.execute("CREATE TABLE go (); INSERT INTO half DEFAULT VALUES");
        let there = if name == B { vec![B] } else { vec![B, C] };
        assert_eq!(goto(&engine, &story(), name).unwrap(), (vec![], names(&there)));
        assert_eq!(engine.value("SELECT count(*) FROM half"), "1");
    }
    // Nothing is touched where its file no longer says what it has done.
    let engine = stopped();
    let changed = [migration(A, table), migration(B, |_| {}), migration(C, |_| {})];
    for name in [A, C] {
        assert!(matches!(goto(&engine, &changed, name), Err(Error::Unfinished { .. })));
        assert_eq!(engine.status(&story()), format!("applied {A}\npartial {B}\npending {C}"));
    }
}

#[test]
fn what_was_being_reverted_goes_all_the_way_and_comes_again() {
    let up = |pgm: &mut Pgm| _ = pgm.sql("CREATE TABLE b ()");
    let all = [
        migration(A, table),
        reversible(B, up, |pgm| {
            pgm.sql("ALTER TABLE b ADD n int; VACUUM go; DROP TABLE b").outside_transaction();
        }),
        migration(C, |_| {}),
    ];
    let half_back = || {
        let engine = Engine::new();
        engine.up(&all[..2]).unwrap();
        assert!(engine.down(&all, 1).is_err());
        engine.database.execute("CREATE TABLE go ()");
        engine
    };
    let engine = half_back();
    assert_eq!(goto(&engine, &all, A).unwrap(), (names(&[B]), vec![]));
    let engine = half_back();
    assert_eq!(goto(&engine, &all, B).unwrap(), (names(&[B]), names(&[B])));
    let engine = half_back();
    assert_eq!(goto(&engine, &all, C).unwrap(), (names(&[B]), names(&[B, C])));
    let engine = half_back();
    let redone = engine.migrator(&all).redo(&mut engine.session(), 1, &mut |_: Event| {});
    assert_eq!(redone.unwrap(), [B]);
}

#[test]
fn redo_applies_what_the_file_says_now() {
    let engine = Engine::new();
    engine.up(&[migration(A, table)]).unwrap();
    let now = [migration(A, |pgm| _ = pgm.create_table("other", |t| t.id()))];
    let redone = engine.migrator(&now).redo(&mut engine.session(), 1, &mut |_: Event| {});
    assert_eq!(redone.unwrap(), [A]);
    assert_eq!(
        engine.value("SELECT to_regclass('a') IS NULL AND to_regclass('other') IS NOT NULL"),
        "t"
    );
}

#[test]
fn goto_tells_what_it_leaves_as_it_is() {
    let engine = Engine::new();
    engine.up(&[migration(A, table), migration(B, |_| {}), migration(C, |_| {})]).unwrap();
    let now = [migration(A, |_| {}), migration(C, |_| {})];
    let mut drift = Vec::new();
    let went = engine.migrator(&now).goto(&mut engine.session(), B, &mut |event: Event| {
        if let Event::Drifted { changed, missing } = event {
            drift.push((changed, missing));
        }
    });
    assert_eq!(went.unwrap(), (names(&[C]), vec![]));
    assert_eq!(drift, [(names(&[A]), names(&[B]))]);
}

#[test]
fn what_is_partially_applied_is_protected_too_and_refused_as_a_whole() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            pgm.irreversible("mails were sent");
            pgm.sql("SELECT 1");
        }),
        migration(B, half),
    ];
    assert!(engine.up(&all).is_err());
    let migrator = engine.migrator(&all);
    let (session, mut quiet) = (&mut engine.session(), |_: Event| {});
    // The first of the two could be reverted, but the second cannot.
    let error = migrator.down(session, &DownTo::Count(2), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Irreversible { .. }), "{error}");
    assert_eq!(engine.value("SELECT to_regclass('half')"), "half");
    migrator.protect(session, "production", &mut quiet).unwrap();
    let error = migrator.down(session, &DownTo::Count(1), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Protected { .. }), "{error}");
    assert_eq!(engine.value("SELECT to_regclass('half')"), "half");
    let allowed = Allowed { name: "production".to_owned(), origin: "`--allow`".to_owned() };
    let migrator = migrator.allow(Some(allowed));
    assert_eq!(migrator.down(session, &DownTo::Count(1), &mut quiet).unwrap(), [B]);
}
