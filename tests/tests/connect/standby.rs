//! A synchronous standby that does not answer.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use migrate_core::lock::blocked;
use migrate_core::{Error, Event, Interrupt, Session, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::{migration, plan};

use crate::server::{Server, Surroundings};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn all() -> [Migration; 2] {
    [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE a ()").down("")),
        migration(B, |pgm| _ = pgm.sql("CREATE TABLE b ()").down("")),
    ]
}

/// A server with a history whose standby is stopped.
fn server() -> Server {
    let server = Server::new();
    for sql in [
        "ALTER SYSTEM SET synchronous_standby_names = 'gone'",
        "ALTER SYSTEM SET synchronous_commit = on",
    ] {
        server.execute(sql);
    }
    let mut session = session(&server);
    let none = migrator(plan(&[migration(A, |_| ())]));
    none.up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap();
    none.mark_pending(&mut session, &[A.to_owned()], &mut |_: Event| {}).unwrap();
    server.reload();
    server
}

fn session(server: &Server) -> Session {
    let text = format!("host=127.0.0.1 port={} user=postgres", server.port);
    Surroundings::new().connect(&text).unwrap()
}

/// Interrupts once a wait for the standby is reported, or after a time.
fn interrupted(session: &mut Session, all: &[Migration]) -> (Error, Duration, bool) {
    let (told, is_told) = mpsc::channel();
    let interrupt = Interrupt::default();
    let reporter = std::sync::Arc::new(move |event| {
        if let Event::WaitingForStandby { .. } = event {
            _ = told.send(());
        }
    });
    let migrator = migrator(plan(all)).interrupt(&interrupt).reporter(reporter);
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| migrator.up(session, &UpTo::default(), &mut |_: Event| {}));
        let was_told = is_told.recv_timeout(Duration::from_secs(5)).is_ok();
        let since = Instant::now();
        interrupt.stop();
        let error = runner.join().unwrap().unwrap_err();
        (error, since.elapsed(), was_told)
    })
}

#[test]
fn a_wait_for_a_standby_is_shown_and_an_interrupt_ends_it() {
    let server = server();
    let mut runner = session(&server);
    let (error, waited, was_told) = interrupted(&mut runner, &all());
    assert!(was_told);
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    assert!(error.stopped().is_some());
    insta::assert_snapshot!(error, @"interrupted: `20260101000000_a` is committed here, not yet confirmed by the standby");
    let mut client = server.client();
    let found = client.query_one("SELECT string_agg(name, ',') FROM migrations", &[]).unwrap();
    assert_eq!(found.get::<_, String>(0), A);
    // No session of it remains.
    let mut other = session(&server);
    let major = other.major();
    assert_eq!(blocked(other.client(), major).unwrap(), []);
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(client.query_one(locks, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn what_is_journaled_is_waited_for_no_longer_than_that() {
    let server = server();
    let step = migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int)").down("");
        pgm.create_index("a", "n").concurrently();
    });
    // Over the socket, which is never given up.
    let mut runner = Surroundings::new().connect(&server.cluster.url("postgres")).unwrap();
    let (error, waited, _) = interrupted(&mut runner, &[step]);
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    assert!(error.stopped().is_some(), "{error}");
}

#[test]
fn who_holds_the_lock_and_waits_for_a_standby_is_told() {
    let server = server();
    let mut runner = session(&server);
    std::thread::scope(|scope| {
        let all = all();
        let interrupt = Interrupt::default();
        let first = migrator(plan(&all)).interrupt(&interrupt);
        let first =
            scope.spawn(move || first.up(&mut runner, &UpTo::default(), &mut |_: Event| {}));
        let mut other = session(&server);
        let major = other.major();
        migrate_tests::process::eventually("it waits", || {
            let waits = blocked(other.client(), major).unwrap();
            waits.iter().any(|wait| wait.waits_for.contains("standby"))
        });
        let second = migrator(plan(&all)).patience(Duration::from_millis(100));
        let second = second.up(&mut other, &UpTo::default(), &mut |_: Event| {});
        let error = second.unwrap_err();
        assert!(error.to_string().contains("waits for a synchronous standby"), "{error}");
        assert!(error.help().unwrap().contains("pg_terminate_backend"), "{error}");
        interrupt.stop();
        first.join().unwrap().unwrap_err();
    });
}
