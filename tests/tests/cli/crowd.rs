//! Many of them at once.
//!
//! `RUNNERS=50 cargo nextest run -p migrate-tests --test cli crowd` lets so many loose.

use std::process::{Child, Stdio};
use std::time::Duration;

use migrate_dsl::Migration;
use migrate_tests::process::eventually;
use migrate_tests::{Cli, knob, migration};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::Client;

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

/// Lets them work, and looks whether each of fifty was done once.
fn each_once(cli: &Cli, plans: &[&str]) {
    let runners = plans.iter().map(|plan| {
        let mut command = cli.command("up");
        command.args(["--plan", plan]).stdout(Stdio::null()).spawn().unwrap()
    });
    for runner in runners.collect::<Vec<_>>() {
        assert!(runner.wait_with_output().unwrap().status.success());
    }
    let row = cli.database.client().query_one(
        "SELECT count(*) = 50 AND count(DISTINCT name) = 50 FROM migrations_log WHERE outcome = 'done'",
        &[],
    );
    assert!(row.unwrap().get::<_, bool>(0));
}

#[test]
fn ten_programs_apply_each_of_fifty_once() {
    let cli = Cli::new().var("MAX_LOCK_WAIT", "300");
    cli.write_plan_as("all.json", &fifty());
    each_once(&cli, &vec!["all.json"; knob("RUNNERS").unwrap_or(10)]);
}

#[test]
fn older_and_newer_deployments_get_along() {
    let cli = Cli::new();
    cli.write_plan_as("newer.json", &fifty());
    cli.write_plan_as("older.json", &fifty()[..40]);
    cli.write_plan_as("oldest.json", &fifty()[..7]);
    let plans = ["newer.json", "older.json", "oldest.json"];
    let plans: Vec<_> = plans.into_iter().cycle().take(knob("RUNNERS").unwrap_or(6)).collect();
    each_once(&cli, &plans);
    // Unknown migrations are reported, and are no reason to fail.
    let said = cli.run("up --plan older.json");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("`20260101000041_m41` and 9 more: applied"), "{}", said.stderr);
}

/// Waits until a statement of this text runs.
fn wait_for(client: &mut Client, query: &str) {
    let at_work = format!(
        "SELECT FROM pg_stat_activity WHERE query LIKE '{query}' AND state = 'active' \
         AND datname = current_database() AND pid <> pg_backend_pid()"
    );
    eventually("it is at work", || client.query_opt(&at_work, &[]).unwrap().is_some());
}

#[test]
fn second_runner_reports_the_first_after_max_lock_wait() {
    let cli = Cli::with_plan(&[migration("20260101000000_slow", |pgm| {
        _ = pgm.sql("SELECT pg_sleep(3)")
    })])
    .var("MAX_LOCK_WAIT", "0.2");
    let mut first = cli.command("up").spawn().unwrap();
    wait_for(&mut cli.database.client(), "BEGIN%pg_sleep%");
    let said = cli.run("up");
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("error: another `migrate` process holds the lock: `migrate up`, process "),
        "{}",
        said.stderr
    );
    assert!(first.wait().unwrap().success());
}

/// A runner that is paused while the server works on the second of its four migrations.
struct Paused(Child);

impl Paused {
    fn start(cli: &Cli) -> Self {
        let mut command = cli.command("up");
        let runner = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let runner = Self(runner);
        wait_for(&mut cli.database.client(), "BEGIN%pg_sleep%");
        runner.signal(Signal::SIGSTOP);
        runner
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal).unwrap();
    }

    /// Continues it, and returns its output.
    fn ends(self) -> String {
        self.signal(Signal::SIGCONT);
        let output = self.0.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        stderr
    }
}

/// The last two leave their trace each time that they are done, and nothing would refuse that.
fn four() -> Cli {
    Cli::with_plan(&[
        migration("20260101000000_a", |pgm| {
            pgm.sql("CREATE TABLE trace (n int)").down("");
            pgm.sql(
                "CREATE PROCEDURE work() LANGUAGE plpgsql AS \
                 $$BEGIN INSERT INTO trace VALUES (3); COMMIT; END$$",
            )
            .down("");
        }),
        migration("20260102000000_b", |pgm| _ = pgm.sql("SELECT pg_sleep(0.7)").down("")),
        migration("20260103000000_c", |pgm| {
            pgm.sql("CALL work()").outside_transaction().idempotent().down("");
        }),
        migration("20260104000000_d", |pgm| {
            _ = pgm.sql("INSERT INTO trace VALUES (4)").down("");
        }),
    ])
    .var("MAX_LOCK_WAIT", "1.5")
}

const DONE: &str = "SELECT (SELECT string_agg(n::text, ',' ORDER BY n) FROM trace) || ' ' || \
                    (SELECT count(*) FROM migrations) || ' ' || \
                    (SELECT count(*) FROM migrations_log WHERE outcome = 'done')";

fn done(cli: &Cli) -> String {
    cli.database.client().query_one(DONE, &[]).unwrap().get(0)
}

#[test]
fn a_runner_that_is_paused_keeps_the_lock() {
    let cli = four();
    let paused = Paused::start(&cli);
    let said = cli.run("up");
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr.contains("another `migrate` process holds the lock: `migrate up`"),
        "{}",
        said.stderr
    );
    paused.ends();
    assert_eq!(done(&cli), "3,4 4 4");
}

#[test]
fn a_runner_that_was_paused_for_too_long_does_not_go_on_as_if_it_had_the_lock() {
    let cli = four();
    let paused = Paused::start(&cli);
    let mut client = cli.database.client();
    // As a timeout of the server's or of the network's ends it.
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE application_name = 'migrate up' AND datname = current_database()";
    assert_eq!(client.query_one(ended, &[]).unwrap().get::<_, i64>(0), 1);
    let said = cli.run("up");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(done(&cli), "3,4 4 4");
    std::thread::sleep(Duration::from_millis(100));
    let said = paused.ends();
    assert!(said.contains("connection"), "{said}");
    assert_eq!(done(&cli), "3,4 4 4");
}
