//! Proxies that end connections on which nothing is sent for a while.

use std::time::Duration;

use migrate_core::{Environment, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Engine, TcpProxy, migration, server};

const A: &str = "20260101000000_a";
const LIMIT: Duration = Duration::from_millis(2200);

fn slow() -> Vec<Migration> {
    vec![migration(A, |pgm| _ = pgm.sql("CREATE TABLE t (); SELECT pg_sleep(3.5)").down(""))]
}

fn session(engine: &Engine, proxy: &TcpProxy, more: &str) -> Session {
    let url = format!("{}&{more}", proxy.url(engine.database.name()));
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    Session::connect(&target, "migrate test").unwrap()
}

#[test]
fn a_statement_outlasts_the_idle_limit_of_a_proxy() {
    let engine = Engine::new();
    let proxy = TcpProxy::with_idle_limit(server(), Some(LIMIT));
    let mut session = session(&engine, &proxy, "keepalives_idle=1");
    let mut lost = 0;
    let mut observer =
        |event: Event| lost += usize::from(matches!(event, Event::ConnectionLost { .. }));
    let all = slow();
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    assert_eq!(migrator.up(&mut session, &UpTo::default(), &mut observer).unwrap(), [A]);
    assert_eq!(lost, 0);
    // What was sent meanwhile had no effect.
    let one = session.client().query_one("SELECT 1", &[]).unwrap();
    assert_eq!(one.get::<_, i32>(0), 1);
    let sum = session.client().query("SELECT generate_series(1, 100000)", &[]).unwrap();
    assert_eq!(sum.len(), 100_000);
}

#[test]
fn an_idle_limit_is_recognised() {
    let engine = Engine::new();
    let limit = Duration::from_millis(1300);
    let proxy = TcpProxy::with_idle_limit(server(), Some(limit));
    let mut session = session(&engine, &proxy, "keepalives=0");
    let mut told = Vec::new();
    let mut observer = |event: Event| {
        if let Event::IdleTimeout { after } = event {
            told.push(after);
        }
    };
    let all = slow();
    let migrator = engine.migrator(&all).patience(Duration::from_secs(20));
    let error = migrator.up(&mut session, &UpTo::default(), &mut observer).unwrap_err();
    assert_eq!(told.len(), 1);
    assert!(told[0].abs_diff(limit) < Duration::from_millis(400), "{told:?}");
    let said = &error.diagnostics()[0];
    assert!(said.message.contains("s without traffic, each time"), "{said:?}");
    assert!(said.helps[0].contains("idle timeout"), "{said:?}");
}
