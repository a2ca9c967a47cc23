//! Connections that are cut, and servers that go away.

use std::time::Duration;

use migrate_core::{DownTo, Environment, Error, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Cut, Engine, Proxy, migration};

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
