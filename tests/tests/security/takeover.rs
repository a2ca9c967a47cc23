//! What a role with no more than CREATE on `public` has tried, to become superuser.

use std::time::Duration;

use migrate_core::{Event, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::{Cli, Engine, migration};

use crate::{is_superuser, take};

/// A role of the test's own that may create objects in `public`, and a function of its that makes it
/// superuser as soon as a superuser calls it.
fn mallory(engine: &migrate_tests::TestDatabase) -> String {
    let role = engine.unique("mallory");
    engine.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role};"
    ));
    let mut client = engine.client_as(&role);
    client
        .batch_execute(&format!(
            "{take}
             CREATE FUNCTION public.same(oid, int) RETURNS bool LANGUAGE sql
                 AS 'SELECT public.take() AND $1 OPERATOR(pg_catalog.=) $2::pg_catalog.oid';
             CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = oid, RIGHTARG = int);
             CREATE FUNCTION public.same(oid, bigint) RETURNS bool LANGUAGE sql
                 AS 'SELECT public.take() AND $1 OPERATOR(pg_catalog.=) $2::pg_catalog.oid';
             CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = oid, RIGHTARG = bigint);
             CREATE FUNCTION public.unnest(int[]) RETURNS SETOF int LANGUAGE sql
                 AS 'SELECT pg_catalog.unnest($1) WHERE public.take()';
             CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql
                 AS 'SELECT CASE WHEN public.take() THEN pg_catalog.format($1, $2) END';
             CREATE FUNCTION public.times(numeric, int) RETURNS numeric LANGUAGE sql
                 AS 'SELECT CASE WHEN public.take() THEN $1 OPERATOR(pg_catalog.*) $2::numeric END';
             CREATE OPERATOR public.* (FUNCTION = public.times, LEFTARG = numeric, RIGHTARG = int);",
            take = take("public", &role)
        ))
        .unwrap();
    role
}

fn tables(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.integer("likes");
    });
    pgm.create_table("tags", |t| t.id());
}

fn keep(pgm: &mut Pgm) {
    pgm.drop_table("tags").keep_data();
    pgm.drop_column("posts", "likes");
}

#[test]
fn a_role_that_creates_in_public_stays_what_it_is() {
    let cli = Cli::with_plan(&[
        migration("20260101000000_tables", tables),
        migration("20260102000000_keep", keep),
    ]);
    let role = mallory(&cli.database);
    let check = |what: &str| {
        assert!(!is_superuser(&cli.database, &role), "after `{what}`, `{role}` is a superuser");
    };
    for command in ["up 1", "up", "status", "log", "verify", "down --all", "sync", "sync"] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "`{command}`: {}", said.stderr);
        check(command);
    }
    // A session waits for a lock, and is examined.
    let mut holder = cli.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE posts").unwrap();
    let pid: i32 = holder.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    std::thread::scope(|scope| {
        scope.spawn(|| _ = cli.database.client().batch_execute("BEGIN; LOCK TABLE posts"));
        std::thread::sleep(Duration::from_millis(300));
        let said = cli.run("watch --once");
        assert!(said.stdout.contains(&pid.to_string()), "{}{}", said.stdout, said.stderr);
        holder.batch_execute("ROLLBACK").unwrap();
    });
    check("watch");
}

#[test]
fn a_lock_that_is_waited_for_hands_nothing_over() {
    let engine = Engine::new();
    let role = mallory(&engine.database);
    engine.database.execute("CREATE TABLE posts (id int)");
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE posts IN ACCESS SHARE MODE").unwrap();
    let migrations = [migration("20260101000000_alter", |pgm: &mut Pgm| {
        pgm.sql("ALTER TABLE posts ADD COLUMN likes integer");
    })];
    let migrator = engine.migrator(&migrations).patience(Duration::from_secs(20));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            holder.batch_execute("ROLLBACK").unwrap();
        });
        migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    });
    assert!(!is_superuser(&engine.database, &role));
}

/// A function of the role's own, called by a view whose rows are stored, makes it superuser where the
/// rows are computed with a superuser's rights.
#[test]
fn the_rows_of_a_view_are_computed_with_the_rights_of_its_owner() {
    let drop = |pgm: &mut Pgm| _ = pgm.drop_materialized_view("kept").cascade();
    let engine = Engine::new();
    let role = mallory(&engine.database);
    let mut client = engine.database.client_as(&role);
    client
        .batch_execute(
            "CREATE MATERIALIZED VIEW public.kept AS SELECT public.take() AS taken;
             CREATE MATERIALIZED VIEW public.kept_too AS SELECT taken, public.take() AS too FROM public.kept",
        )
        .unwrap();
    let all = [migration("20260101000000_drop", drop)];
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert!(!is_superuser(&engine.database, &role));
    assert_eq!(engine.value("SELECT taken AND too FROM kept_too"), "t");
}
