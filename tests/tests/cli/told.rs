//! Messages where new users stumbled: what a plan hides, what a failure means.

use migrate_dsl::{Migrations, Pgm};
use migrate_tests::{Cli, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn tables(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title");
    });
}

#[test]
fn what_is_set_aside() {
    let keep = |pgm: &mut Pgm| {
        pgm.drop_column("posts", "title").keep_data();
        pgm.drop_table("posts").keep_data().cascade();
    };
    let cli = Cli::with_plan(&[migration(A, tables), migration(B, keep)]);
    assert_eq!(cli.run("up 1").code, Some(0));
    insta::assert_snapshot!(cli.session(&["up --dry-run"]));
    // The plan is the SQL, all of it.
    let plan = cli.run("plan b").stdout;
    assert!(
        plan.starts_with("-- 20260102000000_b\n-- line 1: set aside")
            || plan.contains("set aside column `title` as `kept_title` of `posts`"),
        "{plan}"
    );
    assert!(plan.contains("DO $$") && plan.contains(" lines:\n"), "{plan}");
    cli.database.execute("CREATE VIEW titles AS SELECT title FROM posts");
    insta::assert_snapshot!(cli.session(&["up"]));
}

#[test]
fn an_inverse_that_failed() {
    let down = |pgm: &mut Pgm| _ = pgm.sql("DROP TABLE nothing");
    let apart = |pgm: &mut Pgm| {
        pgm.sql("CREATE TABLE b (); VACUUM b").outside_transaction().down("VACUUM b; VACUUM c");
    };
    let cli = Cli::with_plan(&[migration(A, apart), reversible(B, tables, down)]);
    assert_eq!(cli.run("up").code, Some(0));
    insta::assert_snapshot!(cli.session(&["down", "mark b --pending", "down", "status", "verify"]));
}

#[test]
fn an_inverse_with_nothing_to_do() {
    let up = |pgm: &mut Pgm| _ = pgm.sql("SELECT 1").down("");
    let cli = Cli::with_plan(&[migration(A, up)]);
    insta::assert_snapshot!(cli.session(&["plan --down", "up", "down --dry-run"]));
}

#[test]
fn where_a_migration_stands_that_stopped() {
    let cli = Cli::with_plan(&[migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int)").down("DROP TABLE a");
        pgm.sql("VACUUM b").outside_transaction().down("");
    })]);
    insta::assert_snapshot!(cli.session(&["up", "status", "status --json", "verify", "up"]));
}

#[test]
fn a_row_that_cannot_be_copied() {
    let cli = Cli::new();
    cli.write("src/words.csv", "word,weight\nŁódź,1\n\"two\nlines\",2\nnope,heavy\n");
    let root: &'static str = Box::leak(cli.folder.path().display().to_string().into());
    let copy = migration(A, |pgm| {
        pgm.create_table("words", |t| {
            t.text("word");
            t.integer("weight");
        });
        pgm.copy_from("words", "words.csv").csv().header().down("");
    });
    let plan = migrate_dsl::Plan::of(&Migrations::new(root, "", vec![copy]));
    cli.write("plan.json", &plan.to_json());
    insta::assert_snapshot!(cli.session(&["up", "up --json"]));
}

#[test]
fn a_variable_that_is_not_set() {
    let cli = Cli::with_plan(&[migration(A, |pgm| {
        pgm.create_role("migrate_told").password(migrate_dsl::env("APP_PASSWORD"));
        pgm.alter_role("migrate_told").password(migrate_dsl::env("APP_PASSWORD"));
    })]);
    insta::assert_snapshot!(cli.session(&["up"]));
    let cli = cli.var("APP_PASSWORD", "");
    assert!(cli.run("up").stderr.contains("`APP_PASSWORD` is empty"));
}
