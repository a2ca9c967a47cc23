//! Connections that are frozen: every packet is acknowledged, and nothing is delivered.

use std::time::{Duration, Instant};

use migrate_core::{
    DownTo, Environment, Error, Event, FailureState, Interrupt, Limits, Session, Target, UpTo,
};
use migrate_dsl::Migration;
use migrate_tests::process::eventually;
use migrate_tests::{Engine, TcpProxy, migration, server};

const A: &str = "20260101000000_a";

fn session(engine: &Engine, proxy: &TcpProxy) -> Session {
    let target =
        Target::parse(&proxy.url(engine.database.name()), "the test", &Environment::default());
    Session::connect(&target.unwrap(), "migrate test").unwrap()
}

fn slow() -> Vec<Migration> {
    vec![migration(A, |pgm| _ = pgm.sql("CREATE TABLE t (); SELECT pg_sleep(2.5)").down(""))]
}

/// Runs it through a proxy that freezes during the sleep; how it ended, and how long after the
/// moment that `then` gives.
fn up_frozen(
    engine: &Engine,
    all: &[Migration],
    limits: Limits,
    then: impl FnOnce(&Interrupt) -> Instant,
) -> (Error, Duration) {
    let proxy = TcpProxy::new(server());
    let interrupt = Interrupt::default();
    let migrator = engine.migrator(all).limits(limits).interrupt(&interrupt);
    let mut session = session(engine, &proxy);
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let result = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {});
            drop(session);
            (result, Instant::now())
        });
        eventually("it sleeps", || {
            let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                          AND datname = current_database()";
            engine.value(sleeps) == "1"
        });
        proxy.freeze();
        let since = then(&interrupt);
        let (result, ended) = runner.join().unwrap();
        let waited = ended.saturating_duration_since(since);
        proxy.thaw();
        (result.unwrap_err(), waited)
    })
}

#[test]
fn an_interrupt_ends_the_wait_on_a_frozen_connection() {
    let engine = Engine::new();
    let all = slow();
    let stop = |interrupt: &Interrupt| {
        interrupt.stop();
        Instant::now()
    };
    let (error, waited) = up_frozen(&engine, &all, Limits::default(), stop);
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!((error.stopped().is_some(), failed.left), (true, FailureState::Unknown), "{error}");
    let told = &error.diagnostics()[0];
    insta::assert_snapshot!(told.message, @"interrupted, and the server did not answer");
    insta::assert_snapshot!(told.notes.join("\n"), @"`20260101000000_a`: whether it was committed is not known");
    insta::assert_snapshot!(told.helps.join("\n"), @"run `migrate up` again: it waits until the server has ended the lost session, reads from the history whether that was committed, and continues from there");
    // What became of it, the next run reads.
    let migrator = engine.migrator(&all).patience(Duration::from_secs(10));
    migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    assert_eq!(engine.status(&all), format!("applied {A}"));
}

#[test]
fn time_limits_hold_on_a_frozen_connection() {
    let engine = Engine::new();
    let whole = Some(Duration::from_millis(1000));
    let statement = Some(Duration::from_secs(3));
    let limits = Limits { whole, statement, ..Limits::default() };
    let begun = Instant::now();
    let (error, waited) = up_frozen(&engine, &slow(), limits, |_| begun);
    assert!(waited < Duration::from_secs(4), "{waited:?}");
    assert!(error.stopped().is_some(), "{error}");
}

#[test]
fn an_interrupt_ends_what_only_reads_on_a_frozen_connection() {
    let engine = Engine::new();
    let all = slow();
    let proxy = TcpProxy::new(server());
    let interrupt = Interrupt::default();
    let migrator = engine.migrator(&all).interrupt(&interrupt);
    let mut session = session(&engine, &proxy);
    interrupt.watch_over(&session);
    proxy.freeze();
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let result = migrator.down(&mut session, &DownTo::All, &mut |_: Event| {});
            migrator.unless_stopped(result.unwrap_err())
        });
        std::thread::sleep(Duration::from_millis(200));
        let since = Instant::now();
        interrupt.stop();
        let error = runner.join().unwrap();
        assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
        assert!(error.stopped().is_some(), "{error}");
    });
    drop(session);
}

#[test]
fn connecting_to_a_frozen_server_ends_with_its_timeout() {
    let engine = Engine::new();
    let proxy = TcpProxy::new(server());
    proxy.freeze();
    let url = format!("{}&connect_timeout=1", proxy.url(engine.database.name()));
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    let since = Instant::now();
    let error = Session::connect(&target, "migrate test").err().unwrap();
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert!(error.is_temporary(), "{error}");
}
