//! Many of them at once.

use migrate_dsl::Migration;
use migrate_tests::{Cli, migration};

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
fn ten_programs_apply_each_of_fifty_once() {
    let cli = Cli::with_plan(&fifty());
    let runners: Vec<_> = (0..10).map(|_| cli.command("up").spawn().unwrap()).collect();
    for runner in runners {
        assert!(runner.wait_with_output().unwrap().status.success());
    }
    let row = cli.database.client().query_one(
        "SELECT count(*) = 50 AND count(DISTINCT name) = 50 FROM migrations_log WHERE outcome = 'done'",
        &[],
    );
    assert!(row.unwrap().get::<_, bool>(0));
}

#[test]
fn whoever_will_not_wait_is_told_who_is_at_work() {
    let cli = Cli::with_plan(&[migration("20260101000000_slow", |pgm| {
        _ = pgm.sql("SELECT pg_sleep(3)")
    })])
    .var("MAX_LOCK_WAIT", "0.2");
    let mut first = cli.command("up").spawn().unwrap();
    let mut client = cli.database.client();
    let at_work = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'BEGIN%pg_sleep%' AND datname = current_database()";
    while client.query_opt(at_work, &[]).unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let said = cli.run("up");
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr.contains("error: another migrate is at work: `migrate up`, process "),
        "{}",
        said.stderr
    );
    assert!(first.wait().unwrap().success());
}
