//! What others may have written: plans, names, `.env` files.

use std::fs;

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

const A: &str = "20260101000000_a";

fn one() -> [Migration; 1] {
    fn up(pgm: &mut Pgm) {
        pgm.sql("CREATE TABLE a ()").down("DROP TABLE a");
    }
    [migration(A, up)]
}

/// A plan whose statement is another one.
fn with(sql: &str) -> Cli {
    let cli = Cli::with_plan(&one());
    let plan = fs::read_to_string(cli.folder.path().join("plan.json")).unwrap();
    let sql = serde_json::to_string(sql).unwrap();
    cli.write("plan.json", &plan.replacen("\"CREATE TABLE a ()\"", &sql, 1));
    cli
}

#[test]
fn a_plan_is_held_to_what_the_language_refuses() {
    let mut told = String::new();
    for sql in [
        "CREATE TABLE a (); COMMIT; SELECT 1",
        "ROLLBACK",
        "PREPARE TRANSACTION 'x'",
        "SET search_path = x",
        "COPY a FROM STDIN",
        "SELECT 'open",
    ] {
        let cli = with(sql);
        let said = cli.run("up");
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""), "{sql}: {}", said.stderr);
        let message = said.stderr.lines().find(|line| line.contains("error")).unwrap_or_default();
        told += &format!("{message}\n");
        let tables = "SELECT FROM pg_tables WHERE schemaname = 'public'";
        assert!(cli.database.client().query(tables, &[]).unwrap().is_empty(), "{sql}");
        let planned = cli.run("plan");
        assert_eq!(planned.code, Some(1), "{sql}: {}", planned.stderr);
    }
    insta::assert_snapshot!(told, @r#"
    error[migration]: `COMMIT` ends the transaction that the migration shares with its history row: remove it, or split the migration in two
    error[migration]: `ROLLBACK` ends the transaction that the migration shares with its history row: remove it, or split the migration in two
    error[migration]: `PREPARE` would detach the transaction from the migration: remove it
    error[migration]: `SET` would last beyond the migration: write `SET LOCAL`
    error[migration]: `COPY … FROM STDIN` reads from the client, which has nothing to send: put the rows into a file and write `pgm.copy_from("…", "…")`
    error[migration]: a string in the SQL is opened and never closed
    "#);

    // Rows for a statement that takes none would run it and hang.
    let cli = Cli::with_plan(&one());
    let plan = fs::read_to_string(cli.folder.path().join("plan.json")).unwrap();
    let sql = "\"sql\":\"CREATE TABLE a ()\"";
    assert!(plan.contains(sql));
    cli.write("plan.json", &plan.replacen(sql, &format!("{sql},\"input\":\"x\""), 1));
    let said = cli.run("up");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("rows are sent only after one `COPY … FROM STDIN`"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_plan_with_a_path_for_a_name_is_refused() {
    for name in ["../../../../evil", "a\\\\b", "20260101000000_\\u001b[2J"] {
        let cli = Cli::with_plan(&one());
        let plan = fs::read_to_string(cli.folder.path().join("plan.json")).unwrap();
        cli.write(
            "plan.json",
            &plan.replace(&format!("\"name\":\"{A}\""), &format!("\"name\":\"{name}\"")),
        );
        for command in ["up", "plan", "status", "mark --all"] {
            let said = cli.run(command);
            assert_ne!(said.code, Some(0), "{name} {command}");
            assert!(said.stderr.contains("is not a name of a migration"), "{}", said.stderr);
            assert!(!said.stderr.contains("\u{1b}[2J"), "{}", said.stderr);
        }
    }
}

#[test]
fn nothing_that_is_shown_speaks_to_the_terminal() {
    let evil = "\u{1b}]0;evil\u{7}\u{1b}[2J";
    let cli = with(&format!("SELECT '{evil}'"));
    let path = cli.folder.path().join("plan.json");
    let plan = fs::read_to_string(&path).unwrap();
    let shown = serde_json::to_string(evil).unwrap();
    cli.write(
        "plan.json",
        &plan.replace("run `CREATE TABLE a ()`", &format!("run {}", shown.trim_matches('"'))),
    );
    cli.database.execute("CREATE ROLE x; DROP ROLE x");
    for command in
        ["plan", "up --dry-run", "up", "status", "log", "verify", "plan --json", "log --json"]
    {
        let said = cli.run(command);
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}']), "{command}: {text:?}");
        }
    }
    assert!(cli.run("plan").stdout.contains("␛]0;evil␇␛[2J"));
    // What the history says may be another's.
    cli.database.execute(&format!("UPDATE migrations SET name = name || E'{evil}'"));
    let said = cli.run("status");
    assert!(said.stdout.contains("␛]0;evil␇␛[2J"), "{}", said.stdout);
}

#[test]
fn the_env_file_of_another_user_is_not_read() {
    let cli = Cli::with_plan(&one()).without("DATABASE_URL");
    let env = cli.folder.path().join(".env");
    cli.write(".env", &format!("DATABASE_URL={}\n", cli.database.url()));
    assert_eq!(cli.run("status").code, Some(0));
    // Only root can give a file away.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let nobody = nix::unistd::Uid::from_raw(65534);
    nix::unistd::chown(&env, Some(nobody), None).unwrap();
    let said = cli.run("status");
    assert_ne!(said.code, Some(0));
    let warning = "warning: `.env` is not read: it belongs to another user";
    assert!(said.stderr.starts_with(warning), "{}", said.stderr);
}

#[test]
fn an_env_file_above_the_repository_is_not_read() {
    let cli = Cli::new().without("DATABASE_URL");
    cli.write(".env", &format!("DATABASE_URL={}\n", cli.database.url()));
    cli.write("project/.git/HEAD", "");
    cli.write(
        "project/plan.json",
        &migrate_dsl::Plan::of(&migrate_dsl::Migrations::new("", "", one().to_vec())).to_json(),
    );
    let status = |cli: &Cli| {
        let mut command = cli.command("status --plan plan.json");
        command.current_dir(cli.folder.path().join("project")).output().unwrap().status.code()
    };
    assert_ne!(status(&cli), Some(0));
    fs::remove_dir_all(cli.folder.path().join("project/.git")).unwrap();
    assert_eq!(status(&cli), Some(0));
}
