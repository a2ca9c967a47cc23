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
fn sync_reports_reason_and_next_step_when_reverting() {
    let cli = Cli::with_plan(&[migration(A, posts), migration(C, body)]);
    _ = cli.run("up");
    let late = [migration(A, posts), migration(B, tags), migration(C, body)];
    cli.write_plan(&late);
    insta::assert_snapshot!("late", cli.session(&["sync --dry-run", "sync"]));
    let broken = |pgm: &mut Pgm| _ = pgm.sql("SELECT nonsense").down("");
    cli.write_plan(&[migration(A, posts), migration(B, broken), migration(C, body)]);
    insta::assert_snapshot!("changed", cli.session(&["sync", "status"]));
    cli.write_plan(&late);
    insta::assert_snapshot!("fixed", cli.session(&["sync --json"]));
}

#[test]
fn a_backup_is_made_before_anything_goes() {
    let state = tempfile::tempdir().unwrap();
    let cli = Cli::with_plan(&here())
        .var("XDG_STATE_HOME", &state.path().display().to_string())
        .var("BACKUP_BEFORE_MIGRATE", "1");
    _ = cli.run("sync");
    cli.write_plan(&there());
    let said = cli.run("sync");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let (before, after) = said.stderr.split_once("backed up").unwrap();
    assert!(!before.contains("reverted") && after.contains("reverted"), "{}", said.stderr);
    let said = cli.run("sync");
    assert!(!said.stderr.contains("backed up"), "{}", said.stderr);
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
fn sync_refuses_when_revert_or_reapply_is_impossible() {
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
    insta::assert_snapshot!("partially_applied", cli.session(&["redo", "goto create_posts"]));
    _ = cli.run("up");
    cli.write_plan(&there());
    insta::assert_snapshot!("partially_applied_elsewhere", cli.session(&["sync"]));
}
