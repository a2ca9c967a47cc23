//! What ends the program, and what it reports about sessions that wait for each other.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use migrate_tests::{Cli, migration};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

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
    let mut child = cli.command("up").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&cli, "pg_sleep(60)");
    // A server that is stopped does not answer, so the first signal has no effect there.
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
fn a_signal_ends_a_backup_and_leaves_no_half_of_it() {
    let cli = Cli::with_plan(&[migration(A, |pgm| _ = pgm.create_table("a", |t| t.id()))]);
    assert_eq!(cli.run("up").code, Some(0));
    let mut holder = cli.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE a").unwrap();
    let mut command = cli.command("backup kept/");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&cli, "IN ACCESS SHARE MODE");
    signal(&child, Signal::SIGTERM);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("error: interrupted while it backed up"), "{stderr}");
    assert_eq!(std::fs::read_dir(cli.folder.path().join("kept")).unwrap().count(), 0);
    migrate_tests::process::eventually("no session of pg_dump", || {
        value(
            &cli,
            "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg_dump'",
        ) == "0"
    });
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
        // Released however this ends, or the other would wait forever.
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
    assert_eq!(cli.run("watch --once").stdout, "no session waits\n");
}
