//! Many runners on one database.

use std::time::Duration;

use migrate_core::lock::LockError;
use migrate_core::{Error, Event, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::{Engine, migration, plan};

/// Fifty migrations, each of which fails if it is applied twice.
fn fifty() -> Vec<Migration> {
    // The texts live as long as the test process.
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let migrations = (1..=50).map(|number| {
        let name = leak(format!("202601010000{number:02}_m{number}"));
        let up = leak(format!("CREATE TABLE m{number} ()"));
        Migration::sql(name, name, name, up, None)
    });
    migrations.collect()
}

#[test]
fn ten_at_once_apply_each_migration_once() {
    let engine = Engine::new();
    let all = fifty();
    std::thread::scope(|scope| {
        let runners: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let mut session = engine.session();
                    migrator(plan(&all)).up(&mut session, &UpTo::default(), &mut |_: Event| {})
                })
            })
            .collect();
        let applied: usize =
            runners.into_iter().map(|runner| runner.join().unwrap().unwrap().len()).sum();
        assert_eq!(applied, 50);
    });
    assert_eq!(
        engine.value("SELECT count(*) || ' ' || count(DISTINCT name) FROM migrations_log"),
        "50 50"
    );
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "50");
}

#[test]
fn who_holds_the_lock_is_told() {
    let engine = Engine::new();
    let slow = [migration("20260101000000_slow", |pgm| _ = pgm.sql("SELECT pg_sleep(3)"))];
    std::thread::scope(|scope| {
        scope.spawn(|| engine.up(&slow).unwrap());
        while engine.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN%pg_sleep%' AND datname = current_database()") == "0" {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut events = Vec::new();
        let error = engine
            .migrator(&slow)
            .up(&mut engine.session(), &UpTo::default(), &mut |event| events.push(event))
            .unwrap_err();
        let Error::Lock(LockError::Held { holder: Some(holder), .. }) = &error else {
            panic!("{error}")
        };
        assert_eq!(holder.purpose, "migrate test");
        assert!(
            error
                .to_string()
                .starts_with("another `migrate` process holds the lock: `migrate test`, process "),
            "{error}"
        );
        assert!(matches!(&events[..], [Event::WaitingForRunner { holder: Some(_), .. }]));
    });
    assert_eq!(engine.status(&slow), "applied 20260101000000_slow");
}
