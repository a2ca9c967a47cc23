//! `log`, `verify` and `accept`.

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

const A: &str = "20260101000000_create_posts";
const B: &str = "20260102000000_create_comments";

fn posts(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| t.id());
}

fn posts_with_titles(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title");
    });
}

fn comments(pgm: &mut Pgm) {
    pgm.create_table("comments", |t| t.id());
}

fn story() -> Vec<Migration> {
    vec![migration(A, posts), migration(B, comments)]
}

#[test]
fn the_log_tells_who_did_what() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!("log_of_nothing", cli.session(&["log", "log --json"]));
    _ = cli.run("up");
    _ = cli.run("down");
    cli.write_plan(&[migration(A, posts), migration(B, |pgm| _ = pgm.sql("SELECT nonsense"))]);
    _ = cli.run("up");
    insta::assert_snapshot!(cli.session(&[
        "log",
        "log 1",
        "log --name create_posts",
        "log 2 --json",
        "log --name nothing",
        "log 0",
    ]));
}

#[test]
fn the_log_needs_no_files() {
    let cli = Cli::with_plan(&story());
    _ = cli.run("up 1");
    std::fs::remove_file(cli.folder.path().join("plan.json")).unwrap();
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ndir = \"nowhere\"\n");
    insta::assert_snapshot!(cli.session(&["log", "status"]));
}

#[test]
fn what_does_not_fit_is_found_and_may_be_accepted() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!("verify_before_anything", cli.session(&["verify", "verify --json"]));
    _ = cli.run("up");
    insta::assert_snapshot!("verify_what_fits", cli.session(&["verify"]));
    cli.write_plan(&[
        migration(A, posts_with_titles),
        migration("20260101120000_create_tags", comments),
    ]);
    insta::assert_snapshot!(cli.session(&[
        "verify",
        "verify --json",
        "up",
        "accept create_posts",
        "accept create_posts --reason=",
        "accept create_comments --reason gone",
        "accept create_posts --reason typo",
        "accept create_posts --reason typo",
        "accept nothing --reason typo",
        "log 1",
        "verify",
    ]));
}

#[test]
fn a_history_changed_by_hand_is_found() {
    let cli = Cli::with_plan(&story());
    _ = cli.run("up");
    cli.database.execute("UPDATE migrations SET up = '[]' WHERE id = 1");
    cli.database.execute("DELETE FROM migrations WHERE id = 2");
    insta::assert_snapshot!(cli.session(&["verify"]));
}
