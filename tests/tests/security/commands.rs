//! Every command, on a database in which whatever is not qualified is a trap.

use migrate_core::backup::ClientPrograms;
use migrate_dsl::{Migration, Pgm};
use migrate_tests::traps::{Kinds, Traps};
use migrate_tests::{Cli, environment, migration, server};

/// Its statements contain only names that the author has written, except for types that the grammar
/// knows.
fn project() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| {
            t.id();
            t.integer("likes").not_null();
            t.varchar("title", 80);
        });
        pgm.create_table("tags", |t| t.id());
    }
    fn index(pgm: &mut Pgm) {
        pgm.create_index("posts", "likes").named("posts_likes").concurrently();
        pgm.drop_index("posts_likes").concurrently();
    }
    fn captured(pgm: &mut Pgm) {
        pgm.drop_column("posts", "title");
        pgm.alter_column("posts", "likes").set_type("bigint");
        pgm.drop_table("tags").keep_data();
    }
    fn call(pgm: &mut Pgm) {
        pgm.sql("CALL public.nothing()").outside_transaction().down("CALL public.nothing()");
    }
    vec![
        migration("20260101000000_posts", posts),
        migration("20260102000000_index", index),
        migration("20260103000000_captured", captured),
        migration("20260104000000_call", call),
    ]
}

/// On a branch that lacks the last migrations, and has another.
fn other_branch() -> Vec<Migration> {
    fn notes(pgm: &mut Pgm) {
        pgm.create_table("notes", |t| t.id());
    }
    let mut migrations = project();
    migrations.truncate(2);
    migrations.push(migration("20260105000000_notes", notes));
    migrations
}

#[test]
fn no_command_calls_a_trap() {
    let (database, traps) = Traps::database(Kinds::All);
    let cli = Cli::on(database);
    cli.write_plan(&project());
    cli.database.execute("CREATE PROCEDURE public.nothing() LANGUAGE plpgsql AS 'BEGIN END'");
    let run = |command: &str| {
        let said = cli.run(command);
        assert_eq!(traps.called(), [], "`{command}`");
        assert_eq!(said.code, Some(0), "`{command}`: {}{}", said.stdout, said.stderr);
    };
    for command in [
        "status",
        "plan",
        "up --dry-run",
        "up 1",
        "up",
        "up",
        "status --check",
        "verify",
        "log",
        "watch --once",
        "down --dry-run",
        "down 2",
        "redo",
        "goto posts",
        "up",
        "mark call --pending",
        "mark call",
        "protect production",
        "protect --off production",
        "db wait",
    ] {
        run(command);
    }
    // npm's packages have no `pg_dump`.
    let can_back_up = ClientPrograms::find(&environment(), server().major()).is_ok();
    if can_back_up {
        run("backup backup.dump");
    }
    cli.database.execute("INSERT INTO posts (likes) SELECT 1");
    cli.write_plan(&other_branch());
    run("sync --dry-run");
    run("sync --discard-rows");
    cli.write_plan(&project());
    run("sync --discard-rows");
    if can_back_up {
        run("restore backup.dump --clean");
        run("status");
    }
}
