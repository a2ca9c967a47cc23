//! The engine's own SQL calls nothing of a user's.

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::traps::{Kinds, Traps};
use migrate_tests::{Engine, migration, tell};

fn tables(pgm: &mut Pgm) {
    pgm.sql("CREATE TABLE public.a (b integer)").down("DROP TABLE public.a");
}

#[test]
fn up_and_down_call_no_trap() {
    let (database, traps) = Traps::database(Kinds::All);
    let engine = Engine { database };
    tell(&format!("{} traps", traps.count));
    let all = [migration("20260101000000_tables", tables)];
    let migrator = engine.migrator(&all);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    migrator.status(&mut engine.session()).unwrap();
    migrator.down(&mut engine.session(), &DownTo::Count(1), &mut |_: Event| {}).unwrap();
    assert_eq!(traps.called(), []);
}

/// Temporary objects come first where `search_path` does not name their schema: relations that are
/// empty, and types that hold nothing.
fn hide_the_catalog(pgm: &mut Pgm) {
    pgm.sql(
        "DO $$
         DECLARE name text; columns text;
         BEGIN
             FOR name, columns IN SELECT relname, string_agg(quote_ident(attname), ', ')
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute ON attrelid = c.oid
                 JOIN pg_catalog.pg_type t ON t.oid = atttypid
                 WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
                   AND attnum > 0 AND typtype <> 'p' AND typname <> '_pg_statistic' GROUP BY relname
             LOOP
                 EXECUTE format('CREATE TEMP TABLE %I AS SELECT %s FROM pg_catalog.%I WITH NO DATA',
                                name, columns, name);
             END LOOP;
             FOR name IN SELECT typname FROM pg_catalog.pg_type
                 WHERE typname IN ('text', 'oid', 'name', 'int4', 'int8', 'jsonb', 'regclass', 'regtype', 'bool')
             LOOP
                 EXECUTE format('CREATE DOMAIN pg_temp.%I AS pg_catalog.%I CHECK (false)', name, name);
             END LOOP;
         END $$",
    )
    .down("");
    pgm.drop_table("a");
}

#[test]
fn temporary_objects_hide_nothing() {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE a (b text DEFAULT 'x', c int PRIMARY KEY); COMMENT ON TABLE a IS 'a'",
    );
    let before = engine.catalog();
    let all = [migration("20260101000000_hidden", hide_the_catalog)];
    engine.up(&all).unwrap();
    assert_ne!(engine.catalog(), before);
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}
