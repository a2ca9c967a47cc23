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
