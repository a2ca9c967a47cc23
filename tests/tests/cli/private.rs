//! A project's own PostgreSQL, where another database is meant.

use migrate_tests::{Cli, migration};

#[test]
fn a_private_cluster_is_touched_only_where_the_settings_have_one() {
    let commands = &["db start", "db stop", "db url --tcp"];
    let private = "[workspace.metadata.migrate]\ndatabase = \"private\"\n";
    let url = "[workspace.metadata.migrate]\ndatabase = \"postgres://db/shop\"\n";

    let cli = Cli::new();
    cli.write("Cargo.toml", private);
    insta::assert_snapshot!("private_and_variable", cli.session(commands));
    let flag = cli.without("DATABASE_URL");
    insta::assert_snapshot!(flag.session(&["db start --database-url postgres://db/shop"]));
    flag.write("Cargo.toml", url);
    insta::assert_snapshot!("url_in_settings", flag.session(commands));

    let cli = Cli::with_plan(&[migration("20260101000000_a", |_| {})]).without("DATABASE_URL");
    cli.write("Cargo.toml", private);
    insta::assert_snapshot!("private_and_plan", cli.session(commands));
}

#[test]
fn a_private_database_is_dropped_by_scripts_and_others_by_their_name() {
    let cli = Cli::new().without("DATABASE_URL");
    let state = cli.folder.path().display().to_string();
    let cli = cli.var("XDG_STATE_HOME", &state);
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ndatabase = \"private\"\n");
    assert_eq!(cli.run("db create").code, Some(0));
    for (command, code) in [
        ("db reset", 0),
        ("db drop --confirm other", 2),
        ("db reset --yes", 0),
        ("db drop --confirm app", 0),
        ("db create", 0),
        ("db drop", 0),
        ("db drop --yes --confirm app", 2),
        ("db stop", 0),
    ] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(code), "{command}: {}", said.stderr);
    }
    let named = Cli::new();
    named.write("Cargo.toml", "[workspace.metadata.migrate]\n");
    for command in ["db drop", "db reset", "db drop --yes"] {
        let told = named.run(&format!("{command} --database-url postgres://db/shop")).stderr;
        assert!(told.contains("with all that is in it"), "{told}");
        assert!(told.contains("add `--confirm shop`"), "{told}");
    }
}
