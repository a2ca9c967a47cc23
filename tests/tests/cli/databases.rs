//! The database itself made and removed, by its own name.

use migrate_tests::{Cli, migration};

/// A role that owns the database and has no other right, and what it is named by.
fn as_owner(cli: Cli) -> (Cli, String) {
    let (role, name) = (cli.database.unique("owner"), cli.database.name().to_owned());
    cli.database
        .execute(&format!("CREATE ROLE {role} LOGIN; ALTER DATABASE {name} OWNER TO {role}"));
    let url = cli.database.url().replace("user=postgres", &format!("user={role}"));
    (cli.var("DATABASE_URL", &url), role)
}

#[test]
fn what_could_not_be_recreated_is_not_dropped() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", |_| {})]);
    cli.database.execute("CREATE TABLE kept AS SELECT 1 AS one");
    let (cli, role) = as_owner(cli);
    let reset = format!("db reset --confirm {}", cli.database.name());
    let said = cli.session(&[&reset, &format!("{reset} --json")]).replace(&role, "<role>");
    insta::assert_snapshot!(said);
    cli.database.execute("SELECT one FROM kept");
    cli.database.execute(&format!("ALTER ROLE {role} CREATEDB"));
    insta::assert_snapshot!("it_is_recreated", cli.session(&[&reset]).replace(&role, "<role>"));
    assert!(cli.database.try_execute("SELECT one FROM kept").is_err());
}

#[test]
fn what_the_server_refuses_is_said_once() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", |_| {})]);
    let (cli, role) = as_owner(cli);
    cli.database.execute(&format!("ALTER DATABASE {} OWNER TO postgres", cli.database.name()));
    let drop = format!("db drop --confirm {}", cli.database.name());
    insta::assert_snapshot!(cli.session(&[&drop]).replace(&role, "<role>"));
}

#[test]
fn a_database_that_is_named_needs_no_project() {
    let planned = Cli::with_plan(&[migration("20260101000000_a", |_| {})]);
    _ = planned.run("up");
    _ = planned.run("up --table others");
    let (name, url) = (planned.database.name().to_owned(), planned.database.url());
    let cli = Cli::new().var("DATABASE_URL", &url);
    for log in ["log --json", "log --table others --json"] {
        let said = cli.run(log);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stdout.contains("20260101000000_a"), "{log}: {}", said.stdout);
    }
    let done = [
        "db url".to_owned(),
        "db wait".to_owned(),
        "db create".to_owned(),
        format!("db reset --confirm {name}"),
        format!("db drop --confirm {name}"),
        "db create".to_owned(),
    ];
    for command in &done {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "{command}: {}", said.stderr);
    }
    // Which history is meant is not guessed where something is to be written, nor which database.
    let unnamed = Cli::new().without("DATABASE_URL");
    for (cli, command) in [(&cli, "down"), (&cli, "protect x"), (&unnamed, "db create")] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(2), "{command}");
        assert!(said.stderr.contains("is not inside a project"), "{command}: {}", said.stderr);
    }
}
