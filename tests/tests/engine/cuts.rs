//! Connections that are cut.
//!
//! `FAULTS=200 cargo nextest run -p migrate-tests --test engine cuts --no-capture` cuts at every
//! message; without the variable at a few.

use std::time::Duration;

use migrate_core::lock::RunnerLock;
use migrate_core::{
    DownTo, Environment, Error, Event, Failure, History, Limits, Session, Target, UpTo,
};
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
    assert_eq!(failed.left, migrate_core::FailureState::Unknown);
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
fn an_inverse_whose_answer_is_lost() {
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
    tell(&format!("cut at {} moments, {by_itself} runs resumed automatically", moments.len()));
}

#[test]
fn a_commit_that_travels_alone() {
    // An inverse that is read from the catalog: its statements are sent one by one.
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

/// The last one leaves its trace each time that it is done, and nothing would refuse that.
fn two_with_a_trace(engine: &Engine) -> [Migration; 2] {
    engine.database.execute(
        "CREATE TABLE trace (n int);
         CREATE PROCEDURE work() LANGUAGE sql AS 'INSERT INTO trace VALUES (1)'",
    );
    [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE one ()").down("DROP TABLE one")),
        migration(B, |pgm| {
            _ = pgm.sql("CALL work()").outside_transaction().idempotent().down("");
        }),
    ]
}

#[test]
fn what_another_has_applied_meanwhile_is_not_done_again() {
    let engine = Engine::new();
    let all = two_with_a_trace(&engine);
    engine.up(&all).unwrap();
    let proxy = Proxy::new(&[Cut::Before("CREATE TABLE one")]);
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    let done = migrator.redo(&mut session(&engine, &proxy), 2, &mut |event| {
        if let Event::ConnectionLost { .. } = event {
            migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
        }
    });
    assert_eq!(done.unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "2");
}

#[test]
fn what_another_has_reverted_meanwhile_is_not_built_upon() {
    let engine = Engine::new();
    let all = two_with_a_trace(&engine);
    let proxy = Proxy::new(&[Cut::Before("CALL work")]);
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    let mut why = String::new();
    let done = migrator.up(&mut session(&engine, &proxy), &UpTo::default(), &mut |event| {
        if let Event::ConnectionLost { .. } = event {
            migrator.down(&mut engine.session(), &DownTo::All, &mut |_: Event| {}).unwrap();
        }
        if let Event::NotReconnected { why: told, .. } = event {
            why = told;
        }
    });
    assert!(done.is_err());
    insta::assert_snapshot!(why, @"another migrate has reverted `20260101000000_a` while the connection was gone");
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "0");
    assert_eq!(engine.status(&all), format!("pending {A}\npending {B}"));
}

#[test]
fn what_another_has_applied_meanwhile_is_not_reverted() {
    let engine = Engine::new();
    let all = two_with_a_trace(&engine);
    engine.up(&all).unwrap();
    let proxy = Proxy::new(&[Cut::Before("DROP TABLE one")]);
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    let mut why = String::new();
    let done = migrator.down(&mut session(&engine, &proxy), &DownTo::All, &mut |event| {
        if let Event::ConnectionLost { .. } = event {
            migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
        }
        if let Event::NotReconnected { why: told, .. } = event {
            why = told;
        }
    });
    assert!(done.is_err());
    insta::assert_snapshot!(why, @"another migrate has applied `20260102000000_b` while the connection was gone");
    assert_eq!(engine.status(&all), format!("applied {A}\napplied {B}"));
}

#[test]
fn what_is_recorded_already_is_not_begun() {
    let engine = Engine::new();
    let [_, b] = two_with_a_trace(&engine);
    let by_hand = migration(A, |pgm| {
        pgm.sql(
            "INSERT INTO migrations (name, applied_at, execution_time_ms, checksum, source_digest, \
             generator, up, down) VALUES ('20260102000000_b', now(), 0, '', '', '', '[]', '{}')",
        )
        .down("");
    });
    let error = engine.up(&[by_hand, b]).unwrap_err();
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @"it is recorded as applied already");
    assert_eq!(engine.value("SELECT count(*) FROM trace"), "0");
}

#[test]
fn a_history_that_says_both_is_damaged() {
    let engine = Engine::new();
    let all = two_with_a_trace(&engine);
    engine.up(&all).unwrap();
    engine.database.execute(
        "INSERT INTO migrations_journal (name, direction, checksum, statements_done, running, captured) \
         SELECT name, 'up', checksum, 1, false, '{}' FROM migrations ORDER BY id DESC LIMIT 1",
    );
    for error in [engine.up(&all).unwrap_err(), engine.down(&all, 1).unwrap_err()] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"`20260102000000_b` is partially applied: it is recorded as applied as well, and both cannot be");
        }
    }
    let (mut session, names) = (engine.session(), [B.to_owned()]);
    engine.migrator(&all).mark_applied(&mut session, &names, &mut |_| {}).unwrap();
    assert_eq!(engine.down(&all, 2).unwrap(), [B, A]);
}

#[test]
fn the_wait_for_the_lock_after_a_cut_has_an_end() {
    let engine = Engine::new();
    let proxy = Proxy::new(&[Cut::Before("CREATE TABLE two")]);
    let whole = Some(Duration::from_secs(1));
    let limits = Limits { whole, lock_wait: Duration::from_secs(60), ..Limits::default() };
    let migrator = engine.migrator(&two()).limits(limits);
    let mut other = engine.session();
    let mut held = None;
    let done = migrator.up(&mut session(&engine, &proxy), &UpTo::default(), &mut |event| {
        if let Event::ConnectionLost { .. } = event {
            let (history, patience) = (History::default(), Duration::from_secs(20));
            let lock = RunnerLock::acquire(other.client(), &history, patience, &mut |_: Event| {});
            held = Some(lock.unwrap());
        }
    });
    let Err(Error::Apply(failed)) = done else { panic!("{done:?}") };
    assert!(matches!(failed.failure, Failure::Stopped(_)), "{}", failed.failure);
    assert_eq!(failed.left, migrate_core::FailureState::Unknown);
}
