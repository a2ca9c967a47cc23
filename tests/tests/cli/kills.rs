//! The program killed with -9, at every message that it sends and at random points.
//!
//! `FAULTS=200 cargo nextest run -p migrate-tests --test cli kills --no-capture` kills it at each
//! message, and at so many random points; without the variable at a few.

use std::hash::{BuildHasher as _, RandomState};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use migrate_dsl::Migration;
use migrate_tests::faults::{fifty, moments, one_of_each, state};
use migrate_tests::process::{eventually, kill_9};
use migrate_tests::{Cli, Proxy, Side, knob, migration, server, tell};

const A: &str = "20260101000000_a";

fn start(cli: &Cli, url: &str) -> Child {
    let mut command = cli.command("up");
    command.env("DATABASE_URL", url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn pid(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

/// Returns the result of an undisturbed run, in how many messages and how much time.
fn undisturbed(all: &[Migration]) -> (String, usize, Duration) {
    let cli = Cli::with_plan(all);
    let never = Proxy::at(server(), (usize::MAX, Side::Before), || ());
    let started = Instant::now();
    assert!(start(&cli, &never.url(cli.database.name())).wait().unwrap().success());
    (state(&cli.database.url()), never.messages(), started.elapsed())
}

/// The next run succeeds without intervention, and leaves everything as expected.
fn goes_on(cli: &Cli, wanted: &str, killed: &str) {
    let said = cli.run("up");
    assert_eq!(said.code, Some(0), "killed {killed}: {}", said.stderr);
    assert_eq!(state(&cli.database.url()), wanted, "killed {killed}");
}

#[test]
fn killed_at_any_message_it_goes_on() {
    let all = one_of_each();
    let (wanted, messages, _) = undisturbed(&all);
    let mut killed = 0;
    for moment in moments(messages, 8) {
        let cli = Cli::with_plan(&all);
        let victim = Arc::new(AtomicI32::new(0));
        let named = Arc::clone(&victim);
        let proxy = Proxy::at(server(), moment, move || {
            eventually("the program is known", || named.load(Ordering::SeqCst) != 0);
            kill_9(named.load(Ordering::SeqCst));
        });
        let mut child = start(&cli, &proxy.url(cli.database.name()));
        victim.store(pid(&child), Ordering::SeqCst);
        // With a server that is quicker this time it may be done before that.
        killed += usize::from(!child.wait().unwrap().success());
        goes_on(&cli, &wanted, &format!("at {moment:?}"));
    }
    assert!(killed > 0);
    tell(&format!("killed at {killed} of {} sides of {messages} messages", 2 * messages));
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let all = fifty();
    let (wanted, _, whole) = undisturbed(&all);
    let whole = u64::try_from(whole.as_millis()).unwrap();
    let random = RandomState::new();
    let count = knob("FAULTS").unwrap_or(3);
    for round in 0..count {
        let cli = Cli::with_plan(&all);
        // The second one is killed as it continues from where the first was.
        let moments = [0, 1].map(|number| random.hash_one((round, number)) % whole);
        for moment in moments {
            let mut child = start(&cli, &cli.database.url());
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        goes_on(&cli, &wanted, &format!("after {moments:?} ms"));
    }
    tell(&format!("killed at {} moments of a run of {whole} ms", 2 * count));
}

/// Kills it while a statement of this text runs, and lets the server go on with that.
fn killed_while(cli: &Cli, query: &str) {
    let mut child = start(cli, &cli.database.url());
    let at_work = format!(
        "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{query}%' \
         AND datname = current_database() AND pid <> pg_backend_pid()"
    );
    let mut client = cli.database.client();
    eventually("it is at work", || client.query_opt(&at_work, &[]).unwrap().is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(client.query_opt(&at_work, &[]).unwrap().is_some(), "the server goes on");
}

#[test]
fn a_build_goes_on_without_its_runner() {
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").down("DROP TABLE t");
        pgm.sql("CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n FROM pg_sleep(1)'")
            .down("DROP FUNCTION slow");
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    let cli = Cli::with_plan(&all);
    killed_while(&cli, "CREATE INDEX CONCURRENTLY");
    // The next one waits for the session of the first, which holds the lock.
    let said = cli.run("up");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("resuming"), "{}", said.stderr);
    let valid = "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ',') FROM pg_index WHERE indrelid = 't'::regclass";
    let valid: String = cli.database.client().query_one(valid, &[]).unwrap().get(0);
    assert_eq!(valid, "slow_idx true");
}

#[test]
fn a_transaction_goes_on_without_its_runner() {
    let cli = Cli::with_plan(&[migration(A, |pgm| {
        pgm.sql("CREATE TABLE t (n int); INSERT INTO t SELECT 1 FROM pg_sleep(1)").down("");
    })]);
    killed_while(&cli, "BEGIN%pg_sleep");
    let said = cli.run("up");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let row = "SELECT (SELECT count(*) FROM t) + 10 * (SELECT count(*) FROM migrations)";
    assert_eq!(cli.database.client().query_one(row, &[]).unwrap().get::<_, i64>(0), 11);
}
