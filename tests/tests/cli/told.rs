//! What is told, where newcomers stumbled: what a plan hides, what a failure means.

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
fn a_way_back_that_failed() {
    let down = |pgm: &mut Pgm| _ = pgm.sql("DROP TABLE nothing");
    let apart = |pgm: &mut Pgm| {
        pgm.sql("CREATE TABLE b (); VACUUM b").outside_transaction().down("VACUUM b; VACUUM c");
    };
    let cli = Cli::with_plan(&[migration(A, apart), reversible(B, tables, down)]);
    assert_eq!(cli.run("up").code, Some(0));
    insta::assert_snapshot!(cli.session(&["down", "mark b --pending", "down", "status", "verify"]));
}

#[test]
fn where_a_migration_stands_that_stopped() {
    let cli = Cli::with_plan(&[migration(A, |pgm| {
        pgm.sql("CREATE TABLE a (n int)").down("DROP TABLE a");
        pgm.sql("VACUUM b").outside_transaction().down("");
    })]);
    insta::assert_snapshot!(cli.session(&["up", "status", "status --json", "verify", "up"]));
}
