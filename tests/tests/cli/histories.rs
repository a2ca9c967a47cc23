//! Which table the history is, where the plan comes from a file.

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

const SETTINGS: &str = "[workspace.metadata.migrate]\ntable = \"schema_history\"\n";

fn story() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
    }
    vec![migration("20260101000000_create_posts", posts)]
}

/// The same plan, as a project with settings of its own hands it on.
fn handed_on() -> Cli {
    let cli = Cli::with_plan(&story());
    cli.write("Cargo.toml", SETTINGS);
    let said = cli.run("plan --json");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    cli.write("plan.json", &said.stdout);
    std::fs::remove_file(cli.folder.path().join("Cargo.toml")).unwrap();
    cli
}

#[test]
fn a_plan_knows_its_history() {
    let cli = handed_on();
    insta::assert_snapshot!(cli.session(&["up", "up", "status --table schema_history"]));
    let tables = cli.database.client().query_one(
        "SELECT to_regclass('schema_history') IS NOT NULL AND to_regclass('migrations') IS NULL",
        &[],
    );
    assert!(tables.unwrap().get::<_, bool>(0));
    assert!(cli.run("plan --json").stdout.contains(r#""table":"schema_history""#));
}

#[test]
fn another_history_than_the_plans_is_refused() {
    let cli = handed_on();
    insta::assert_snapshot!(cli.session(&["up --table changes", "status --schema ops"]));
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ntable = \"changes\"\n");
    insta::assert_snapshot!(cli.session(&["up", "up --dry-run --table schema_history"]));
}

#[test]
fn wrong_settings_are_wrong_with_a_plan_too() {
    let cli = Cli::with_plan(&story());
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ntabel = \"changes\"\n");
    insta::assert_snapshot!(cli.session(&["up"]));
}
