//! A history that others have locked: the holder is reported, and it is not waited for without end.

use std::time::{Duration, Instant};

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, Said, migration};
use postgres::Client;

const FIRST: &str = "20260101000000_create_posts";
const TABLES: [&str; 4] =
    ["migrations", "migrations_log", "migrations_journal", "migrations_settings"];

fn story() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
    }
    fn tags(pgm: &mut Pgm) {
        pgm.create_table("tags", |t| t.id());
    }
    vec![migration(FIRST, posts), migration("20260102000000_create_tags", tags)]
}

/// One is applied, one is pending, and this many seconds are waited.
fn cli(seconds: &str) -> Cli {
    let cli = Cli::with_plan(&story()).var("MAX_LOCK_WAIT", seconds);
    assert_eq!(cli.run("up 1").code, Some(0));
    cli
}

/// Returns a session that has locked tables of the history.
fn holder(cli: &Cli, tables: &[&str], mode: &str) -> Client {
    let mut holder = cli.database.client();
    let tables = tables.join(", ");
    holder.batch_execute(&format!("BEGIN; LOCK TABLE {tables} IN {mode} MODE")).unwrap();
    holder
}

/// Returns the output of commands that are run at the same time, and do not take long.
fn at_once<'a>(cli: &Cli, commands: &[&'a str]) -> Vec<(&'a str, Said)> {
    std::thread::scope(|scope| {
        let started = Instant::now();
        let running: Vec<_> = commands
            .iter()
            .map(|command| {
                let mut child = cli.command(command);
                child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                let mut child = child.spawn().unwrap();
                scope.spawn(move || {
                    while child.try_wait().unwrap().is_none() {
                        if started.elapsed() > Duration::from_secs(40) {
                            child.kill().unwrap();
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    let output = child.wait_with_output().unwrap();
                    let text = |bytes| String::from_utf8(bytes).unwrap();
                    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
                    (*command, Said { code: output.status.code(), stdout, stderr })
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn is_refused(commands: &[&str], tables: &[&str], mode: &str) {
    let cli = cli("2");
    let holder = holder(&cli, tables, mode);
    for (command, Said { code, stdout, stderr }) in at_once(&cli, commands) {
        let said = format!("`migrate {command}` with {tables:?} in {mode}:\n{stdout}{stderr}");
        assert_eq!(code, Some(1), "{said}");
        assert!(stderr.contains("waiting") || stdout.contains("waiting_for_"), "{said}");
        let told = stderr.clone() + &stdout;
        assert!(told.contains(&format!("holds {mode} on `migrations")), "{said}");
        assert!(
            told.contains("of `postgres`") && told.contains(" s: `BEGIN; LOCK TABLE"),
            "{said}"
        );
        let unchanged = ["nothing was changed", "nothing of this migration was"];
        assert!(unchanged.iter().any(|words| told.contains(words)), "{said}");
        assert!(told.contains("pg_terminate_backend") && told.contains("MAX_LOCK_WAIT"), "{said}");
    }
    drop(holder);
    assert_eq!(cli.run("up").code, Some(0));
}

#[test]
fn no_command_waits_for_it_in_silence() {
    let commands = [
        "up",
        "up --dry-run",
        "down",
        "down --all --dry-run",
        "status",
        "log",
        "verify",
        "sync",
        "sync --dry-run",
        "redo",
        "goto create_posts",
        "protect production",
        "mark create_tags",
        "mark --pending create_posts",
        "restore nothing.dump",
    ];
    is_refused(&commands, &TABLES, "ACCESS EXCLUSIVE");
}

#[test]
fn commands_fail_when_one_history_table_is_locked() {
    is_refused(
        &["up", "status", "down", "log --name create_posts"],
        &["migrations_settings"],
        "ACCESS EXCLUSIVE",
    );
    is_refused(
        &["up", "status", "verify", "goto create_posts"],
        &["migrations"],
        "ACCESS EXCLUSIVE",
    );
    is_refused(&["up", "log", "verify", "down"], &["migrations_log"], "ACCESS EXCLUSIVE");
    is_refused(
        &["up", "status", "sync", "mark --all"],
        &["migrations_journal"],
        "ACCESS EXCLUSIVE",
    );
}

#[test]
fn commands_fail_when_history_writes_are_locked() {
    for command in ["protect production", "mark create_tags", "down --json", "redo"] {
        is_refused(&[command], &TABLES, "SHARE");
    }
}

#[test]
fn a_migration_that_cannot_be_recorded_waits_and_is_rolled_back() {
    is_refused(&["up"], &TABLES, "SHARE");
    is_refused(&["down"], &["migrations_log"], "SHARE ROW EXCLUSIVE");
}

#[test]
fn a_flag_says_how_long_it_is_waited_for() {
    let cli = cli("300");
    let _holder = holder(&cli, &TABLES, "ACCESS EXCLUSIVE");
    let commands =
        ["up --max-lock-wait 1.5", "down --max-lock-wait 1.5", "sync --max-lock-wait 1.5"];
    let started = Instant::now();
    for (command, said) in at_once(&cli, &commands) {
        assert_eq!(said.code, Some(1), "{command}: {}", said.stderr);
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn command_continues_when_history_lock_is_released() {
    let cli = cli("60");
    for (tables, mode) in [(&TABLES[..], "ACCESS EXCLUSIVE"), (&TABLES[..1], "SHARE")] {
        let mut holder = holder(&cli, tables, mode);
        let said = std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(2500));
                holder.batch_execute("COMMIT").unwrap();
            });
            cli.run("up --json")
        });
        assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
        assert!(said.stdout.contains(r#"":"20260102000000_create_tags""#), "{}", said.stdout);
        let told = ["waiting_for_history", "waiting_for_lock"];
        assert!(told.iter().any(|event| said.stdout.contains(event)), "{}", said.stdout);
        assert_eq!(cli.run("down").code, Some(0));
    }
}

#[test]
fn what_runs_outside_a_transaction_waits_for_the_journal() {
    fn vacuums(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
        // The other session locks the journal while this runs.
        pgm.sql("CALL pause()").outside_transaction().idempotent().down("");
        pgm.create_index("posts", ["id"]).concurrently();
    }
    let cli = Cli::with_plan(&[migration(FIRST, vacuums)]).var("MAX_LOCK_WAIT", "2");
    cli.database.execute(
        "CREATE PROCEDURE pause() LANGUAGE plpgsql AS $$ BEGIN COMMIT; PERFORM pg_sleep(1.5); END $$",
    );
    let run = |seconds: u64| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                migrate_tests::process::eventually("it pauses", || {
                    let sql = "SELECT 1 FROM pg_stat_activity WHERE query ~ '^CALL pause'";
                    !cli.database.client().query(sql, &[]).unwrap().is_empty()
                });
                let holder = holder(&cli, &["migrations_journal"], "EXCLUSIVE");
                std::thread::sleep(Duration::from_secs(seconds));
                drop(holder);
            });
            cli.run("up")
        })
    };
    let said = run(6);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let holder = "holds EXCLUSIVE on `migrations_journal`";
    assert!(
        said.stderr.contains("waiting up to") && said.stderr.contains(holder),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("is done, and not recorded"), "{}", said.stderr);
    let said = run(2);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}
