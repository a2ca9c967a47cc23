//! A protected database, as the commands see it.

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

fn story() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
    }
    vec![migration("20260101000000_create_posts", posts), migration("20260102000000_b", |_| {})]
}

#[test]
fn destructive_command_requires_name_when_protected() {
    let cli = Cli::with_plan(&story());
    let name = cli.database.name().to_owned();
    insta::assert_snapshot!(cli.session(&[
        "up",
        "protect production",
        "protect production",
        "protect staging",
        "status --json",
        "down",
        "down --dry-run",
        "down --allow staging",
        "redo",
        "goto 20260101",
        "mark b --pending",
        "restore nothing.dump",
        &format!("db drop --confirm {name}"),
        &format!("db reset --confirm {name} --allow x"),
        "down --allow production",
        "up",
        "protect --off staging",
        "protect --off production",
        "protect --off production",
        "down --json",
    ]));
}

#[test]
fn what_destroys_on_the_way_up() {
    fn tags(pgm: &mut Pgm) {
        pgm.create_table("tags", |t| t.id());
        pgm.create_table("hits", |t| t.id());
    }
    fn drops(pgm: &mut Pgm) {
        pgm.drop_table("tags");
        pgm.truncate_table("hits");
    }
    let first = vec![migration("20260101000000_tags", tags)];
    let cli = Cli::with_plan(&first);
    _ = cli.run("up");
    cli.database.execute("INSERT INTO tags DEFAULT VALUES; INSERT INTO tags DEFAULT VALUES");
    _ = cli.run("protect production");
    cli.write_plan(&[first, vec![migration("20260102000000_drops", drops)]].concat());
    insta::assert_snapshot!(cli.session(&[
        "up",
        "up --json",
        "up --allow staging",
        "goto drops",
        "sync",
        "up --dry-run",
        "status",
        "up --allow production",
    ]));
}

#[test]
fn the_variable_gives_the_word_for_all() {
    let cli = Cli::with_plan(&story());
    _ = cli.run("up");
    _ = cli.run("protect production");
    let cli = cli.var("ALLOW_DDL_IN_PRODUCTION", "1");
    insta::assert_snapshot!("the_variable_is_no_switch", cli.session(&["down"]));
    let cli = cli.var("ALLOW_DDL_IN_PRODUCTION", "production");
    let name = cli.database.name().to_owned();
    insta::assert_snapshot!(cli.session(&["down", "redo", &format!("db reset --confirm {name}")]));
}

#[test]
fn names_that_are_none() {
    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(cli.session(&["protect", "protect --off", "protect x --off=1"]));
    for name in ["", " x", "a\nb"] {
        let mut protect = cli.command("protect");
        let said = protect.arg(name).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{name:?}");
    }
}
