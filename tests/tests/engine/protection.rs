//! A protected database.

use migrate_core::{Allowed, DownTo, Error, Event, History, Migrator, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn table_a(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

fn allowed(name: &str) -> Option<Allowed> {
    Some(Allowed { name: name.to_owned(), origin: "`--allow`".to_owned() })
}

fn is_refused<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Protected { ref name, .. }) if name == "production")
}

fn protected() -> (Engine, Migrator) {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, |_| {})];
    engine.up(&all).unwrap();
    let migrator = engine.migrator(&all);
    let mut quiet = |_: Event| {};
    assert!(migrator.protect(&mut engine.session(), "production", &mut quiet).unwrap());
    assert!(!migrator.protect(&mut engine.session(), "production", &mut quiet).unwrap());
    (engine, migrator)
}

#[test]
fn what_destroys_asks_for_the_name() {
    let (engine, migrator) = protected();
    let mut quiet = |_: Event| {};
    let names = [B.to_owned()];
    for given in [None, allowed("staging"), allowed("")] {
        let migrator = migrator.clone().allow(given);
        let session = &mut engine.session();
        assert!(is_refused(migrator.down(session, &DownTo::Count(1), &mut quiet)));
        assert!(is_refused(migrator.down(session, &DownTo::All, &mut quiet)));
        assert!(is_refused(migrator.redo(session, 1, &mut quiet)));
        assert!(is_refused(migrator.goto(session, A, &mut quiet)));
        assert!(is_refused(migrator.mark_pending(session, &names, &mut quiet)));
        assert!(is_refused(migrator.may_destroy_all(session)));
    }
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "2");
    let migrator = migrator.allow(allowed("production"));
    migrator.redo(&mut engine.session(), 1, &mut quiet).unwrap();
    migrator.goto(&mut engine.session(), A, &mut quiet).unwrap();
    migrator.mark_pending(&mut engine.session(), &[A.to_owned()], &mut quiet).unwrap();
    migrator.may_destroy_all(&mut engine.session()).unwrap();
}

#[test]
fn what_does_not_destroy_does_not_ask() {
    let (engine, migrator) = protected();
    let mut quiet = |_: Event| {};
    let session = &mut engine.session();
    assert_eq!(migrator.would_revert(session, &DownTo::Count(1)).unwrap().len(), 1);
    migrator.goto(session, B, &mut quiet).unwrap();
    migrator.mark_applied(session, &[A.to_owned()], &mut quiet).unwrap();
    migrator.mark_pending(session, &["20260103000000_c".to_owned()], &mut quiet).unwrap();
    let more = [migration(A, table_a), migration(B, |_| {}), migration("20260103000000_c", |_| {})];
    engine.migrator(&more).up(session, &UpTo::default(), &mut quiet).unwrap();
    assert_eq!(migrator.status(session).unwrap().protected.as_deref(), Some("production"));
}

fn drops(pgm: &mut Pgm) {
    pgm.drop_table("tags");
}

fn keeps(pgm: &mut Pgm) {
    pgm.drop_index("a_note");
    pgm.drop_table("tags").keep_data();
    pgm.drop_column("a", "note").keep_data();
    pgm.drop_schema("empty");
    pgm.sql("DELETE FROM a");
}

#[test]
fn what_destroys_on_the_way_up_asks_for_the_name() {
    fn prepare(engine: &Engine) -> Vec<Migration> {
        engine.database.execute(
            "CREATE TABLE tags (id int); INSERT INTO tags VALUES (1), (2); CREATE SCHEMA empty; \
             CREATE TABLE hits (note int); CREATE TYPE pair AS (x int, y int)",
        );
        vec![migration(A, table_a), migration(B, |_| {})]
    }
    const C: &str = "20260103000000_c";
    let forms: [fn(&mut Pgm); 7] = [
        drops,
        |pgm| _ = pgm.drop_column("hits", "note"),
        |pgm| _ = pgm.truncate_table("tags"),
        |pgm| _ = pgm.purge_table("tags"),
        |pgm| _ = pgm.drop_schema("empty").cascade(),
        |pgm| _ = pgm.drop_type("pair").cascade(),
        |pgm| _ = pgm.alter_composite_type("pair").drop_attribute("y"),
    ];
    let (engine, _) = protected();
    let mut quiet = |_: Event| {};
    let session = &mut engine.session();
    let mut all = prepare(&engine);
    for form in forms {
        all.truncate(2);
        // The first of the two would be applied if it were judged one at a time.
        all.push(migration(C, |pgm| _ = pgm.create_table("fine", |t| t.id())));
        all.push(migration("20260104000000_d", form));
        for given in [None, allowed("staging")] {
            let migrator = engine.migrator(&all).allow(given);
            let together = UpTo { single_transaction: true, ..UpTo::default() };
            assert!(is_refused(migrator.up(session, &UpTo::default(), &mut quiet)));
            assert!(is_refused(migrator.up(session, &together, &mut quiet)));
            assert!(is_refused(migrator.goto(session, "20260104000000_d", &mut quiet)));
            assert!(is_refused(migrator.sync(session, true, &mut quiet)));
        }
        assert_eq!(engine.migrator(&all).would_apply(session, &UpTo::default()).unwrap().len(), 2);
    }
    assert_eq!(engine.value("SELECT count(*) FROM tags"), "2");
    assert_eq!(engine.value("SELECT to_regclass('fine') IS NULL"), "t");
    all.truncate(3);
    all.push(migration("20260104000000_d", drops));
    let one = UpTo { count: Some(1), ..UpTo::default() };
    engine.migrator(&all).up(session, &one, &mut quiet).unwrap();
    let migrator = engine.migrator(&all).allow(allowed("production"));
    migrator.up(session, &UpTo::default(), &mut quiet).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('tags') IS NULL"), "t");
}

#[test]
fn what_is_kept_on_the_way_up_does_not_ask() {
    let (engine, _) = protected();
    engine.database.execute(
        "CREATE TABLE tags (id int); CREATE SCHEMA empty; ALTER TABLE a ADD note text; \
         CREATE INDEX a_note ON a (note)",
    );
    let all = [migration(A, table_a), migration(B, |_| {}), migration("20260103000000_c", keeps)];
    engine.up(&all).unwrap();
}

#[test]
fn the_protection_goes_only_by_its_own_name() {
    let (engine, migrator) = protected();
    let mut quiet = |_: Event| {};
    let session = &mut engine.session();
    let other = migrator.protect(session, "staging", &mut quiet);
    assert!(matches!(other, Err(Error::ProtectedAs { .. })));
    let other = migrator.unprotect(session, "staging", &mut quiet);
    assert!(matches!(other, Err(Error::ProtectedAs { .. })));
    assert!(migrator.unprotect(session, "production", &mut quiet).unwrap());
    assert!(!migrator.unprotect(session, "production", &mut quiet).unwrap());
    migrator.down(session, &DownTo::Count(1), &mut quiet).unwrap();
}

#[test]
fn a_whole_database_is_protected_by_any_of_its_histories() {
    let (engine, migrator) = protected();
    let session = &mut engine.session();
    let elsewhere = migrator.clone().history(History::new("Ops", "other history"));
    assert!(is_refused(elsewhere.may_destroy_all(session)));
    elsewhere.protect(session, "shop \"x\"", &mut |_: Event| {}).unwrap();
    let error = migrator.clone().allow(allowed("production")).may_destroy_all(session).unwrap_err();
    insta::assert_snapshot!(error, @r#"the database is protected as `shop "x"`, and `--allow` says `production`"#);
    // Tables of others that look a little like ours do not stand in the way.
    let engine = Engine::new();
    engine
        .database
        .execute("CREATE TABLE user_settings (key int, value int); CREATE TABLE user_log ()");
    engine.migrator(&[]).may_destroy_all(&mut engine.session()).unwrap();
}

#[test]
fn nothing_to_protect_against_where_there_is_no_history() {
    let engine = Engine::new();
    let migrator = engine.migrator(&[]);
    assert!(!migrator.unprotect(&mut engine.session(), "x", &mut |_: Event| {}).unwrap());
    assert_eq!(engine.value("SELECT to_regclass('migrations') IS NULL"), "t");
    assert!(migrator.protect(&mut engine.session(), "x", &mut |_: Event| {}).unwrap());
    assert_eq!(migrator.protection(&mut engine.session()).unwrap().as_deref(), Some("x"));
}
