//! The number of messages: what makes `up` quick on a server that is far away.

use std::time::Duration;

use migrate_core::{Environment, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Engine, Proxy, Side, server};

/// Returns how many messages it takes to apply so many migrations, and to find then that there is
/// nothing to do.
fn messages(count: usize) -> [usize; 2] {
    // The texts live as long as the test process.
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let migrations = (10..10 + count).map(|number| {
        let name = leak(format!("202601010000{number}_m{number}"));
        let up = leak(format!("CREATE TABLE t{number} (n int); CREATE INDEX ON t{number} (n)"));
        Migration::sql(name, name, name, up, None)
    });
    let (engine, all) = (Engine::new(), migrations.collect::<Vec<_>>());
    [count, 0].map(|applied| {
        let proxy = Proxy::at(server(), (usize::MAX, Side::Before), || ());
        let url = proxy.url(engine.database.name());
        let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
        let mut session = Session::connect(&target, "migrate test").unwrap();
        let migrator = engine.migrator(&all);
        let done = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap();
        assert_eq!(done.len(), applied);
        // Goodbyes to statements, and to the server, are on their way still.
        drop(session);
        let mut counted = 0;
        while counted != proxy.messages() {
            counted = proxy.messages();
            std::thread::sleep(Duration::from_millis(100));
        }
        counted
    })
}

#[test]
fn a_migration_in_a_transaction_is_one_message() {
    let ([few, nothing], [many, again]) = (messages(5), messages(25));
    // What arrives together counts as one, so that a few more or less say nothing.
    assert!((many - few).abs_diff(20) < 5, "{few}, {many}");
    assert!(nothing.abs_diff(again) < 5, "{nothing}, {again}");
    // One to find out, the rest to come and to go.
    assert!(nothing < 6, "{nothing}");
}
