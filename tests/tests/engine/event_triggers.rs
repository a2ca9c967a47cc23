//! Event triggers of the database, which fire within what the engine sends of its own, too.

use migrate_dsl::{Migration, Object};
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";

fn all() -> [Migration; 3] {
    [
        migration(A, |pgm| {
            pgm.create_table(("public", "posts"), |t| {
                t.id();
                t.varchar("title", 20);
            });
            pgm.create_index(("public", "posts"), ["title"]).concurrently();
        }),
        migration(B, |pgm| {
            pgm.sql("ALTER TABLE public.posts ADD likes int DEFAULT 1; CREATE VIEW public.v AS SELECT * FROM public.posts")
                .captures(Object::table(("public", "posts")))
                .captures(Object::view(("public", "v")));
            pgm.alter_column(("public", "posts"), "title").set_not_null();
        }),
        migration(C, |pgm| _ = pgm.drop_table(("public", "posts")).cascade()),
    ]
}

/// A trigger at the start and at the end of each command that sets another path, for the
/// transaction or for the session.
fn set_path(engine: &Engine, path: &str, is_local: bool) {
    engine.database.execute(&format!(
        "CREATE SCHEMA tools;
         CREATE FUNCTION tools.set_path() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_catalog.set_config('search_path', {}, {is_local});
         END $$;
         CREATE EVENT TRIGGER set_path_start ON ddl_command_start EXECUTE FUNCTION tools.set_path();
         CREATE EVENT TRIGGER set_path_end ON ddl_command_end EXECUTE FUNCTION tools.set_path()",
        migrate_dsl::quote_literal(path)
    ));
}

#[test]
fn one_that_changes_the_path_breaks_nothing() {
    for path in ["tools, public, pg_catalog", "no_such_schema"] {
        for is_local in [true, false] {
            let engine = Engine::new();
            set_path(&engine, path, is_local);
            // What a wrong path would find.
            engine.database.execute(
                "CREATE TABLE tools.migrations (); CREATE TABLE tools.migrations_log ();
                 CREATE TABLE tools.migrations_settings (); CREATE TABLE tools.posts ();
                 CREATE FUNCTION tools.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
            );
            let before = engine.catalog();
            let all = all();
            let told = |error: migrate_core::Error| panic!("{path} {is_local}: {error:?}");
            engine.up(&all[..1]).unwrap_or_else(told);
            engine.up(&all).unwrap_or_else(told);
            assert_eq!(engine.value("SELECT count(*) FROM public.migrations"), "3");
            engine.down(&all, 1).unwrap_or_else(told);
            // Without the files, by what is stored.
            engine.down(&[], 1).unwrap_or_else(told);
            engine.down(&all, 1).unwrap_or_else(told);
            assert_eq!(engine.catalog(), before, "{path} {is_local}");
            engine.up(&all).unwrap_or_else(told);
        }
    }
}
