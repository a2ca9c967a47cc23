//! Options of columns that only the server sets.

use migrate_tests::{Engine, migration};

use crate::step;

/// Some minor releases store `pg_attver` in the options of every column, and reject it in `SET`.
const STORED: &str = "
    SET allow_system_table_mods = on;
    UPDATE pg_attribute SET attoptions = array_prepend('pg_attver=3', attoptions)
    FROM pg_class WHERE attrelid = pg_class.oid AND relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
        AND attrelid >= 16384 AND attnum > 0;
    RESET allow_system_table_mods";

const RELATIONS: &str = "
    CREATE TABLE posts (id int PRIMARY KEY, title text, n int);
    ALTER TABLE posts ALTER title SET (n_distinct = 5);
    CREATE VIEW short AS SELECT id, title FROM posts;
    CREATE MATERIALIZED VIEW kept AS SELECT id, title FROM posts;
    CREATE TYPE pair AS (a int, b text);
    CREATE TABLE events (id int, at int) PARTITION BY LIST (at);
    CREATE TABLE one PARTITION OF events FOR VALUES IN (1);";

#[test]
fn internal_options_are_not_captured() {
    for (sql, objects) in [
        ("DROP TABLE posts CASCADE", &["table posts"][..]),
        ("ALTER TABLE posts DROP COLUMN title CASCADE", &["column posts.title"]),
        ("ALTER TABLE posts ALTER n TYPE bigint", &["column posts.n"]),
        ("DROP VIEW short", &["view short"]),
        ("DROP MATERIALIZED VIEW kept", &["materialized view kept"]),
        ("DROP TYPE pair", &["type pair"]),
        ("ALTER TYPE pair DROP ATTRIBUTE b", &["type pair"]),
        ("DROP TABLE events", &["table events"]),
        ("DROP TABLE one", &["table one"]),
        ("ALTER TABLE events DROP COLUMN id", &["column events.id"]),
    ] {
        let step = step(&format!("{RELATIONS}{STORED}"), sql, objects).in_another_order();
        let back = step.is_restored();
        assert!(!back.contains("pg_attver"), "{sql}: {back}");
    }
}

#[test]
fn internal_options_of_stored_inverses_are_not_set() {
    let engine = Engine::new();
    engine.database.execute(RELATIONS);
    let before = engine.catalog();
    let name = "20260101000000_a";
    engine.up(&[migration(name, |pgm| _ = pgm.drop_column("posts", "title").cascade())]).unwrap();
    // As versions before stored it.
    engine.database.execute(
        "UPDATE migrations SET down = replace(down::text, 'SET (n_distinct = ',
             'SET (pg_attver = ''3'', n_distinct = ')::jsonb",
    );
    assert!(engine.value("SELECT down::text FROM migrations").contains("pg_attver"));
    engine.down(&[], 1).unwrap();
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(engine.catalog()), sorted(before));
}
