//! `sync`, as the commands tell it.

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

const A: &str = "20260101000000_create_posts";
const B: &str = "20260102000000_create_tags";
const C: &str = "20260103000000_add_body";

fn posts(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| t.id());
}

fn tags(pgm: &mut Pgm) {
    pgm.create_table("tags", |t| t.id());
}

fn body(pgm: &mut Pgm) {
    pgm.add_column("posts", |t| _ = t.text("body"));
}

fn here() -> [Migration; 2] {
    [migration(A, posts), migration(B, tags)]
}

fn there() -> [Migration; 2] {
    [migration(A, posts), migration(C, body)]
}

#[test]
fn a_checkout_of_another_branch() {
    let cli = Cli::with_plan(&here());
    insta::assert_snapshot!("sync_of_nothing", cli.session(&["sync --dry-run", "sync", "sync"]));
    cli.write_plan(&there());
    insta::assert_snapshot!(cli.session(&[
        "sync --dry-run",
        "sync --dry-run --json",
        "sync --json",
        "sync --json",
        "status",
    ]));
}

#[test]
fn rows_in_the_way() {
    let cli = Cli::with_plan(&here());
    _ = cli.run("up");
    cli.database.execute("INSERT INTO tags DEFAULT VALUES; INSERT INTO tags DEFAULT VALUES");
    cli.write_plan(&there());
    insta::assert_snapshot!(cli.session(&[
        "sync --dry-run",
        "sync",
        "sync --json",
        "sync --discard-rows",
    ]));
}

#[test]
fn a_protected_database() {
    let cli = Cli::with_plan(&here());
    _ = cli.run("up");
    _ = cli.run("protect production");
    cli.write_plan(&there());
    insta::assert_snapshot!(cli.session(&["sync --dry-run", "sync", "sync --allow production"]));
}

#[test]
fn what_cannot_go_back_or_come_again() {
    let cli = Cli::with_plan(&[
        migration(A, posts),
        migration(B, |pgm| {
            pgm.irreversible("mails were sent");
            pgm.sql("SELECT 1");
        }),
    ]);
    _ = cli.run("up");
    cli.write_plan(&there());
    insta::assert_snapshot!(cli.session(&["sync", "sync --dry-run", "status"]));

    let half = |pgm: &mut Pgm| {
        pgm.create_table("half", |t| t.id());
        pgm.sql("VACUUM go").outside_transaction().down("");
    };
    let cli = Cli::with_plan(&[migration(A, posts), migration(B, half)]);
    _ = cli.run("up");
    insta::assert_snapshot!("half_done", cli.session(&["redo", "goto create_posts"]));
    _ = cli.run("up");
    cli.write_plan(&there());
    insta::assert_snapshot!("half_done_elsewhere", cli.session(&["sync"]));
}
