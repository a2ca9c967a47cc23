//! Connections that are cut.
//!
//! `FAULTS=200 cargo nextest run -p migrate-tests --test engine cuts --no-capture` cuts at every
//! message; without the variable at a few.

use std::time::Duration;

use migrate_core::{DownTo, Environment, Error, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::faults::{moments, one_of_each, state};
use migrate_tests::{Cut, Engine, Proxy, Side, migration, server, tell};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn session(engine: &Engine, proxy: &Proxy) -> Session {
    let target =
        Target::parse(&proxy.url(engine.database.name()), "the test", &Environment::default());
    Session::connect(&target.unwrap(), "migrate test").unwrap()
}

/// Applies through the proxy; whether the server turned out to have done it, for each cut.
fn up(
    engine: &Engine,
    proxy: &Proxy,
    all: &[Migration],
) -> (Result<Vec<String>, Error>, Vec<bool>) {
    let mut recorded = Vec::new();
    let done = engine.migrator(all).patience(Duration::from_secs(20)).up(
        &mut session(engine, proxy),
        &UpTo::default(),
        &mut |event| {
            if let Event::Reconnected { recorded: is, .. } = event {
                recorded.push(is);
            }
        },
    );
    (done, recorded)
}

fn two() -> [Migration; 2] {
    [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE one (n int)").down("DROP TABLE one")),
        migration(B, |pgm| {
            pgm.sql("INSERT INTO one VALUES (1)").down("DELETE FROM one");
            pgm.sql("CREATE TABLE two ()").down("DROP TABLE two");
        }),
    ]
}

#[test]
fn an_answer_to_a_commit_that_is_lost() {
    let engine = Engine::new();
    let proxy = Proxy::new(&[Cut::After("CREATE TABLE two")]);
    let (done, recorded) = up(&engine, &proxy, &two());
    assert_eq!((done.unwrap(), recorded), (vec![A.to_owned(), B.to_owned()], vec![true]));
    assert_eq!(engine.value("SELECT count(*) FROM one"), "1");
    assert_eq!(engine.value("SELECT count(*) FROM migrations_log WHERE outcome = 'done'"), "2");
}

#[test]
fn a_commit_that_never_arrived() {
    let engine = Engine::new();
    let proxy = Proxy::new(&[Cut::Before("CREATE TABLE two"), Cut::Before("CREATE TABLE two")]);
    let (done, recorded) = up(&engine, &proxy, &two());
    assert_eq!((done.unwrap(), recorded), (vec![A.to_owned(), B.to_owned()], vec![false, false]));
    assert_eq!(proxy.happened(), 2);
    assert_eq!(engine.value("SELECT count(*) FROM one"), "1");
}

#[test]
fn a_network_that_is_cut_again_and_again_is_told() {
    let engine = Engine::new();
    let cuts = vec![Cut::Before("CREATE TABLE two"); 4];
    let proxy = Proxy::new(&cuts);
    let (done, _) = up(&engine, &proxy, &two());
    let error = done.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, migrate_core::Left::Unknown);
    assert_eq!(engine.status(&two()), format!("applied {A}\npending {B}"));
    assert_eq!(engine.up(&two()).unwrap(), [B]);
}

#[test]
fn a_build_whose_end_nobody_saw() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| t.id());
        pgm.create_index("t", "n").concurrently();
        pgm.sql("CREATE TABLE b ()").down("DROP TABLE b");
    })];
    for cut in [Cut::Before("CREATE INDEX CONCURRENTLY"), Cut::After("CREATE INDEX CONCURRENTLY")] {
        let proxy = Proxy::new(&[cut]);
        let (done, recorded) = up(&engine, &proxy, &all);
        assert_eq!(
            (done.unwrap(), recorded, proxy.happened()),
            (vec![A.to_owned()], vec![false], 1)
        );
        assert_eq!(engine.value("SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ',') FROM pg_index WHERE indrelid = 't'::regclass"), "t_n_idx true");
        engine.down(&all, 1).unwrap();
        assert_eq!(engine.value("SELECT to_regclass('t_n_idx')"), "NULL");
    }
}

#[test]
fn a_way_back_whose_answer_is_lost() {
    let engine = Engine::new();
    engine.up(&two()).unwrap();
    let proxy = Proxy::new(&[Cut::After("DROP TABLE two"), Cut::Before("DROP TABLE one")]);
    let mut session = session(&engine, &proxy);
    let migrator = engine.migrator(&two()).patience(Duration::from_secs(20));
    let done = migrator.down(&mut session, &DownTo::All, &mut |_: Event| {}).unwrap();
    assert_eq!((done, proxy.happened()), (vec![B.to_owned(), A.to_owned()], 2));
    assert_eq!(engine.value("SELECT to_regclass('one')"), "NULL");
}

#[test]
fn cut_at_any_message_it_goes_on() {
    let all = one_of_each();
    let undisturbed = Engine::new();
    let never = Proxy::at(server(), (usize::MAX, Side::Before), || ());
    up(&undisturbed, &never, &all).0.unwrap();
    let (wanted, messages) = (state(&undisturbed.database.url()), never.messages());
    let mut by_itself = 0;
    let moments = moments(messages, 8);
    for moment in &moments {
        let engine = Engine::new();
        let proxy = Proxy::at(server(), *moment, || ());
        // At first, when nothing has been done, it just says that there is no connection.
        let target =
            Target::parse(&proxy.url(engine.database.name()), "the test", &Environment::default());
        let first = Session::connect(&target.unwrap(), "migrate test").is_ok_and(|mut session| {
            let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
            migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}).is_ok()
        });
        by_itself += usize::from(first);
        let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
        let second = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        second.unwrap_or_else(|error| panic!("cut at {moment:?}: {error}"));
        assert_eq!(state(&engine.database.url()), wanted, "cut at {moment:?}");
    }
    assert!(by_itself > 0);
    tell(&format!("cut at {} moments, {by_itself} runs went on by themselves", moments.len()));
}

#[test]
fn a_commit_that_travels_alone() {
    // A way back that is read from the catalog: its statements are sent one by one.
    const COMMIT: &str = "Q\0\0\0\u{b}COMMIT";
    for (cut, recorded) in [(Cut::Before(COMMIT), false), (Cut::After(COMMIT), true)] {
        let engine = Engine::new();
        engine.database.execute("CREATE TABLE one (n int)");
        let all = [migration(A, |pgm| _ = pgm.drop_table("one"))];
        let proxy = Proxy::new(&[cut]);
        let (done, found) = up(&engine, &proxy, &all);
        assert_eq!((done.unwrap(), found), (vec![A.to_owned()], vec![recorded]));
        engine.down(&all, 1).unwrap();
        assert_eq!(engine.value("SELECT to_regclass('one')"), "one");
    }
}
