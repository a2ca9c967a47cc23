//! The program ended in all the ways in which a program ends, at all the moments.
//!
//! `FAULTS=200 cargo nextest run -p migrate-tests --test cli faults` kills it at so many moments by
//! chance; without the variable at a few.

use std::hash::{BuildHasher as _, RandomState};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use migrate_dsl::Migration;
use migrate_tests::{Catalog, Cli, migration};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";

const OURS: &[&str] = &["public.migrations", "public.migrations_log", "public.migrations_journal"];

/// Transactions and statements outside of them in turn, each of which would fail, or leave its
/// trace, if it was done twice.
fn mixed() -> [Migration; 3] {
    [
        migration(A, |pgm| {
            pgm.sql("CREATE TABLE t (n int)").down("DROP TABLE t");
            pgm.sql("INSERT INTO t SELECT generate_series(1, 20000)").down("DELETE FROM t");
            pgm.create_index("t", "n").concurrently();
            pgm.sql("INSERT INTO t VALUES (0)").down("DELETE FROM t WHERE n = 0");
        }),
        migration(B, |pgm| {
            pgm.without_transaction();
            pgm.sql("CREATE TABLE u (n int)").down("DROP TABLE u");
            pgm.sql("INSERT INTO u VALUES (1)").down("DELETE FROM u");
            pgm.sql("VACUUM u").down("");
            pgm.sql("REINDEX TABLE CONCURRENTLY t").down("");
            pgm.sql("INSERT INTO u VALUES (2)").down("DELETE FROM u WHERE n = 2");
        }),
        migration(C, |pgm| {
            pgm.sql("DROP INDEX CONCURRENTLY t_n_idx")
                .outside_transaction()
                .down("CREATE INDEX CONCURRENTLY t_n_idx ON t (n)");
            pgm.sql("CREATE UNIQUE INDEX CONCURRENTLY t_key ON t (n)")
                .outside_transaction()
                .down("DROP INDEX CONCURRENTLY t_key");
            pgm.create_table("v", |t| t.id());
        }),
    ]
}

fn start(cli: &Cli, arguments: &str) -> Child {
    let mut command = cli.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

fn value(cli: &Cli, sql: &str) -> String {
    cli.database.client().query_one(sql, &[]).unwrap().get(0)
}

/// Waits until a statement of this text runs.
fn wait_for(cli: &Cli, query: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    let sql = format!(
        "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' \
         AND query LIKE '%{query}%' AND datname = current_database() AND pid <> pg_backend_pid()"
    );
    while value(cli, &sql) == "0" {
        assert!(Instant::now() < until, "`{query}` never ran");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What the database is like: its schema, what its tables hold, what is recorded.
fn state(cli: &Cli) -> String {
    let rows = "SELECT concat_ws(' ', (SELECT count(*) || '/' || sum(n) FROM t), \
                (SELECT string_agg(n::text, ',' ORDER BY n) FROM u), \
                (SELECT string_agg(name, ',' ORDER BY id) FROM migrations), \
                (SELECT count(*) FROM migrations_journal), \
                (SELECT count(*) FROM pg_index WHERE NOT indisvalid))";
    let mut catalog = Catalog::open(&cli.database.url(), OURS, false);
    format!("{}\n{}", value(cli, rows), catalog.read())
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let undisturbed = Cli::with_plan(&mixed());
    let started = Instant::now();
    assert_eq!(undisturbed.run("up").code, Some(0));
    let whole = started.elapsed().as_millis() as u64;
    let wanted = state(&undisturbed);
    let count: u64 = std::env::var("FAULTS").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let random = RandomState::new();
    for round in 0..count {
        let cli = Cli::with_plan(&mixed());
        let moments = [random.hash_one((round, 0)) % whole, random.hash_one((round, 1)) % whole];
        for moment in moments {
            let mut child = start(&cli, "up");
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let said = cli.run("up");
        assert_eq!(said.code, Some(0), "after {moments:?} ms: {}", said.stderr);
        assert_eq!(state(&cli), wanted, "after {moments:?} ms");
    }
}

#[test]
fn killed_in_a_build_that_goes_on_without_it() {
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").down("DROP TABLE t");
        pgm.sql("CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n FROM pg_sleep(1)'")
            .down("DROP FUNCTION slow");
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    let cli = Cli::with_plan(&all);
    let mut child = start(&cli, "up");
    wait_for(&cli, "CREATE INDEX CONCURRENTLY");
    child.kill().unwrap();
    child.wait().unwrap();
    // The next one waits for the session of the first, which holds the lock.
    let said = cli.run("up");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("resuming"), "{}", said.stderr);
    let valid = "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ',') FROM pg_index WHERE indrelid = 't'::regclass";
    assert_eq!(value(&cli, valid), "slow_idx true");
}

#[test]
fn a_signal_ends_it_in_good_order() {
    let all = [
        migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())),
        migration(B, |pgm| {
            pgm.create_table("b", |t| t.id());
            pgm.sql("SELECT pg_sleep(60)").down("");
        }),
    ];
    let cli = Cli::with_plan(&all);
    for sent in [Signal::SIGINT, Signal::SIGTERM] {
        let mut command = cli.command("up");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&cli, "pg_sleep(60)");
        let started = Instant::now();
        signal(&child, sent);
        let output = child.wait_with_output().unwrap();
        assert!(started.elapsed() < Duration::from_secs(10));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("error: interrupted"), "{stderr}");
        assert!(stderr.contains("the transaction was rolled back"), "{stderr}");
        let left = "SELECT (to_regclass('a') IS NOT NULL) || ' ' || (to_regclass('b') IS NULL)";
        assert_eq!(value(&cli, left), "true true");
        let locks = "SELECT count(*)::text FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                     WHERE locktype = 'advisory' AND datname = current_database()";
        assert_eq!(value(&cli, locks), "0");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let cli = Cli::with_plan(&[migration(A, |pgm| _ = pgm.sql("SELECT pg_sleep(60)").down(""))]);
    let mut child = start(&cli, "up");
    wait_for(&cli, "pg_sleep(60)");
    // A server that is stopped answers nobody, so the first signal gets it nowhere.
    let pid = "SELECT pid::text FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";
    let backend = Pid::from_raw(value(&cli, pid).parse().unwrap());
    kill(backend, Signal::SIGSTOP).unwrap();
    signal(&child, Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, Signal::SIGINT);
    let status = child.wait().unwrap();
    kill(backend, Signal::SIGCONT).unwrap();
    assert_eq!(status.code(), Some(130));
}

#[test]
fn time_runs_out() {
    let all = [migration(A, |pgm| _ = pgm.sql("SELECT pg_sleep(60)").down(""))];
    let cli = Cli::with_plan(&all).var("MIGRATION_TIMEOUT", "0.5");
    let said = cli.run("up");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("error: stopped after 0.5 s, the time that was given"),
        "{}",
        said.stderr
    );
    let said = cli.run("up --migration-timeout 0 --statement-timeout 100");
    assert!(
        said.stderr.contains("canceling statement due to statement timeout"),
        "{}",
        said.stderr
    );
    let cli = cli.var("DB_STATEMENT_TIMEOUT", "soon");
    let said = cli.run("up");
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("`DB_STATEMENT_TIMEOUT` is not a number of milliseconds"),
        "{}",
        said.stderr
    );
}

#[test]
fn who_waits_for_whom_is_shown() {
    let cli = Cli::new();
    cli.database.execute("CREATE TABLE t (n int)");
    let mut holder = cli.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE t").unwrap();
    std::thread::scope(|scope| {
        // Released however this ends, or the other would wait for ever.
        let mut holder = holder;
        scope.spawn(|| cli.database.execute("SELECT * FROM t"));
        wait_for(&cli, "SELECT * FROM t");
        std::thread::sleep(Duration::from_millis(100));
        let said = cli.run("watch --once");
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(
            said.stdout.contains("for ACCESS SHARE on t: SELECT * FROM t\n    behind "),
            "{}",
            said.stdout
        );
        assert!(said.stdout.contains("idle in transaction"), "{}", said.stdout);
        let said = cli.run("watch --once --json");
        let value: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(value["blocked"][0]["waits_for"], "t");
        assert_eq!(value["blocked"][0]["blocked_by"][0]["state"], "idle in transaction");
        holder.batch_execute("COMMIT").unwrap();
    });
    assert_eq!(cli.run("watch --once").stdout, "nobody waits\n");
}
