//! Bad input: each a clear message, a non-zero exit code, nothing partially done.

use migrate_core::cluster::Cluster;
use migrate_dsl::Pgm;
use migrate_tests::{Cli, migration};

fn table(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

#[test]
fn databases_that_are_not_there() {
    let plan = [migration("20260101000000_a", table)];
    let with = |url: &str| Cli::with_plan(&plan).var("DATABASE_URL", url).session(&["up"]);
    insta::assert_snapshot!(Cli::with_plan(&plan).without("DATABASE_URL").session(&["up"]));
    insta::assert_snapshot!("an_empty_database_url", with(""));
    insta::assert_snapshot!(with("postgres://ada:s3cret@127.0.0.1:1/shop"));
    insta::assert_snapshot!(with("mysql://ada:s3cret@db/shop"));
    let cli = Cli::with_plan(&plan);
    let missing = cli.database.url().replace(cli.database.name(), "no_such_database");
    insta::assert_snapshot!(cli.var("DATABASE_URL", &missing).session(&["up"]));
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    // The tests' own server has no TCP port and so requires no password; a project's has.
    let state = tempfile::tempdir().unwrap();
    let mut environment = migrate_tests::environment();
    let home = state.path().display().to_string();
    environment.vars.insert("XDG_STATE_HOME".to_owned(), home);
    let cluster = Cluster::for_project(&environment, state.path()).unwrap();
    let right = cluster.start().unwrap().tcp_url("postgres").unwrap();
    let plan = [migration("20260101000000_a", table)];

    let said = Cli::with_plan(&plan).var("DATABASE_URL", &right).run("up");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let wrong = right.replacen("postgres:", "postgres:s3cret", 1);
    let cli = Cli::with_plan(&plan).var("DATABASE_URL", &wrong);
    for command in ["up", "up --json", "db wait --timeout 0", "db url"] {
        let said = cli.run(command);
        let all = said.stdout + &said.stderr;
        assert!(!all.contains("s3cret"), "{all}");
        if command != "db url" {
            assert_eq!(said.code, Some(1));
            assert!(all.contains("password authentication failed"), "{all}");
        }
    }
    cluster.remove().unwrap();
}

#[test]
fn unknown_words() {
    let cli = Cli::with_plan(&[migration("20260101000000_create_posts", table)]);
    insta::assert_snapshot!(cli.session(&[
        "upp",
        "up --tp x",
        "up --to create_post",
        "up one",
        "goto zzz",
        "down --all --to x",
        "mark",
        "--json",
    ]));
}

#[test]
fn up_refuses_file_that_is_not_a_plan() {
    let cli = Cli::new();
    for (text, code) in [("", 1), ("{}", 1), ("{\"format\": 99}", 1), ("[]", 1), ("\u{0}", 1)] {
        cli.write("plan.json", text);
        let said = cli.run("up");
        assert_eq!(said.code, Some(code), "{text}: {}", said.stderr);
        assert!(said.stderr.contains("plan.json"), "{text}: {}", said.stderr);
    }
    insta::assert_snapshot!(cli.session(&["up"]));
    std::fs::remove_file(cli.folder.path().join("plan.json")).unwrap();
    insta::assert_snapshot!(cli.session(&["up --plan nowhere.json"]));
}

#[test]
fn outside_any_project() {
    insta::assert_snapshot!(Cli::new().session(&["up", "status", "create x"]));
}

#[test]
fn a_file_of_variables_that_is_none() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]);
    cli.write(".env", "DATABASE_URL 's3cret\n");
    insta::assert_snapshot!(cli.session(&["up"]));
}

#[test]
fn a_wait_that_is_no_number() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]).var("MAX_LOCK_WAIT", "x");
    insta::assert_snapshot!(cli.session(&["up"]));
}

#[test]
fn zero_count_is_rejected() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]);
    insta::assert_snapshot!(cli.session(&["up 0", "down 0", "redo 0"]));
}

#[test]
fn wrong_usage_is_json_where_json_is_asked_for() {
    let cli = Cli::new();
    insta::assert_snapshot!(cli.session(&["upp --json", "up --json 0", "mark --json",]));
    assert_eq!(cli.run("create -- --json --what").stdout, "");
}

#[test]
fn a_statement_that_fails() {
    let cli = Cli::with_plan(&[
        migration("20260101000000_a", table),
        migration("20260102000000_b", |pgm| {
            pgm.sql("INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)");
        }),
    ]);
    insta::assert_snapshot!(cli.session(&["up", "status", "up --single-transaction", "status"]));
}

#[test]
fn a_table_of_another_tool() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]);
    cli.database.execute("CREATE TABLE migrations (version varchar(255) PRIMARY KEY)");
    insta::assert_snapshot!(cli.session(&[
        "up",
        "status",
        "up --table history",
        "status --table history"
    ]));
}

#[test]
fn late_and_missing_files() {
    let cli = Cli::with_plan(&[migration("20260102000000_b", table)]);
    _ = cli.run("up");
    cli.write_plan(&[migration("20260101000000_a", |_| {})]);
    insta::assert_snapshot!(cli.session(&["status --check", "up", "redo", "down"]));
}

#[test]
fn a_dry_run_tells_drift_as_the_run_does() {
    let pending = migration("20260103000000_c", |_| {});
    let cli = Cli::with_plan(&[migration("20260102000000_b", table)]);
    _ = cli.run("up");
    cli.write_plan(&[pending]);
    let told = ["up --dry-run", "up --dry-run --json", "up --json", "up"].map(|command| {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let is_json = command.ends_with("--json");
        let event = r#""event":"drifted","changed":[],"missing":["20260102000000_b"]"#;
        assert_eq!(said.stdout.contains(event), is_json, "{command}: {}", said.stdout);
        said.stderr.lines().filter(|line| line.contains("the file is missing")).count()
    });
    assert_eq!(told, [1; 4]);
}

#[test]
fn files_that_make_no_plan_do_not_keep_down_from_its_work() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]);
    assert_eq!(cli.run("up").code, Some(0));
    std::fs::remove_file(cli.folder.path().join("plan.json")).unwrap();
    cli.write("Cargo.toml", "[workspace]\n[workspace.metadata.migrate]\ndir = \"migrations\"\n");
    cli.write("migrations/Cargo.toml", "[package]\nname = \"m\"\nedition = \"2024\"\n");
    cli.write("migrations/src/main.rs", "fn main() {}\n");
    cli.write("migrations/src/no_timestamp.rs", "");
    assert_eq!(cli.run("status").code, Some(1));
    let said = cli.run("down");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("reverted as it was stored"), "{}", said.stderr);
    let gone = cli.database.client().query_one("SELECT to_regclass('a') IS NULL", &[]).unwrap();
    assert!(gone.get::<_, bool>(0));
}

#[test]
fn a_url_that_is_not_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let cli = Cli::with_plan(&[migration("20260101000000_a", table)]);
    let url = std::ffi::OsStr::from_bytes(b"postgres://\xff");
    let said = cli.command("up").env("DATABASE_URL", url).output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    let stderr = String::from_utf8(said.stderr).unwrap();
    assert!(stderr.contains("the variable `DATABASE_URL` is not UTF-8"), "{stderr}");
}
