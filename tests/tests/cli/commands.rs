//! The commands, over the course of a few migrations.

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration, reversible};

fn story() -> Vec<Migration> {
    fn comments(pgm: &mut Pgm) {
        pgm.create_table("comments", |t| {
            t.id();
            t.varchar("contents", 240).not_null();
        });
    }
    fn rename(pgm: &mut Pgm) {
        pgm.sql("ALTER TABLE comments RENAME contents TO body")
            .down("ALTER TABLE comments RENAME body TO contents");
    }
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
        pgm.create_index("posts", "id").concurrently();
    }
    vec![
        migration("20260101000000_create_comments", comments),
        migration("20260102000000_rename_contents_to_body", rename),
        migration("20260103000000_create_posts", posts),
    ]
}

#[test]
fn up_and_down_and_status() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(cli.session(&[
        "status --check",
        "up 1",
        "up",
        "up",
        "up --dry-run",
        "status --check",
        "down",
        "redo",
        "goto create_comments",
        "goto create_comments",
        "up --to create_comments",
        "up --to create_comments --dry-run",
        "up --to 20260102",
        "down --all",
        "down",
        "redo",
    ]));
}

#[test]
fn dry_runs_and_plans() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(cli.session(&[
        "up --dry-run",
        "plan create_posts",
        "plan --down",
        "status",
        "up 1",
        "down --dry-run",
    ]));
}

#[test]
fn every_step_says_how_it_is_restored() {
    let cli = Cli::with_plan(&[
        migration("20260101000000_create_posts", |pgm| {
            pgm.create_table("posts", |t| t.text("title"));
        }),
        migration("20260102000000_all_kinds", |pgm| {
            pgm.alter_column("posts", "title").set_not_null().set_default("none");
            pgm.create_enum("mood", ["good", "bad"]);
            pgm.add_not_null("posts", "title");
            pgm.sql("UPDATE posts SET title = ''").down("");
            pgm.drop_column("posts", "title").keep_data();
            pgm.drop_table("posts");
        }),
        migration("20260103000000_not_at_all", |pgm| {
            pgm.add_enum_value("mood", "so so").after("good");
        }),
    ]);
    insta::assert_snapshot!(cli.session(&[
        "plan all_kinds",
        "plan not_at_all",
        "plan --down",
        "up",
        "status",
        "down",
        "mark not_at_all --pending",
        "down --dry-run",
        "down",
    ]));
}

#[test]
fn json_is_all_that_stdout_carries() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(cli.session(&[
        "up 2 --json",
        "status --json",
        "down --json",
        "up --json",
        "up --json",
        "mark create_posts --pending --json",
        "goto nothing --json",
    ]));
    for command in ["up --json --dry-run", "down --json --dry-run", "plan --json", "db url --json"]
    {
        let said = cli.run(command);
        for line in said.stdout.lines() {
            let value: serde_json::Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{command}: {error}: {line}"));
            assert!(value.is_object(), "{command}: {line}");
        }
    }
}

#[test]
fn marks() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(cli.session(&[
        "mark create_comments",
        "mark create_comments",
        "mark --all",
        "up",
        "mark create_posts --pending",
        "mark --all --pending",
        "status",
    ]));
}

#[test]
fn what_cannot_be_reverted_is_said_when_it_is_applied() {
    let cli = Cli::with_plan(&[
        migration("20260101000000_a", |pgm| _ = pgm.sql("CREATE TABLE a ()")),
        reversible(
            "20260102000000_b",
            |pgm| _ = pgm.sql("DO $$BEGIN RAISE NOTICE 'hello'; END$$"),
            |pgm| pgm.irreversible("it was said"),
        ),
    ]);
    insta::assert_snapshot!(cli.session(&["up", "down", "down --all"]));
}
