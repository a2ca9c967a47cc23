//! What a role is set to does not kill a migration, nor change what it means.

use std::time::Duration;

use migrate_core::{Environment, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";

/// An engine, and a role of these settings that owns the table `t`.
fn with_role(settings: &[&str]) -> (Engine, String) {
    let engine = Engine::new();
    let role = engine.database.unique("owner");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; \
         CREATE TABLE t (n int); INSERT INTO t VALUES (1); ALTER TABLE t OWNER TO {role}"
    ));
    for setting in settings {
        engine.database.execute(&format!("ALTER ROLE {role} SET {setting}"));
    }
    (engine, role)
}

fn up(engine: &Engine, role: &str, all: &[Migration]) {
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test").unwrap();
    let migrator = engine.migrator(all).patience(Duration::from_secs(20));
    let done = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {});
    assert_eq!(done.unwrap_or_else(|error| panic!("{error:?}")), [A]);
}

/// Every timeout that this server has.
fn timeouts() -> Vec<&'static str> {
    let since = [
        (0, "statement_timeout = '30ms'"),
        (0, "lock_timeout = '30ms'"),
        (0, "idle_in_transaction_session_timeout = '1ms'"),
        (14, "idle_session_timeout = '200ms'"),
        (17, "transaction_timeout = '30ms'"),
    ];
    let major = migrate_tests::server().major();
    since.into_iter().filter(|(since, _)| *since <= major).map(|(_, setting)| setting).collect()
}

#[test]
fn a_concurrent_build_outlives_the_timeouts_of_its_role() {
    let (engine, role) = with_role(&timeouts());
    engine.database.execute(
        "CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n FROM pg_sleep(0.2)'",
    );
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE INDEX CONCURRENTLY slow_idx ON t (slow(n))")
            .outside_transaction()
            .down("DROP INDEX slow_idx");
    })];
    std::thread::scope(|scope| {
        // The build waits for the writer, longer than a lock may be waited for.
        let mut writer = engine.database.client();
        writer.batch_execute("BEGIN; UPDATE t SET n = 2").unwrap();
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(500));
            writer.batch_execute("COMMIT").unwrap();
        });
        up(&engine, &role, &all);
    });
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'slow_idx'::regclass";
    assert_eq!(engine.value(valid), "t");
}

#[test]
fn a_transaction_outlives_the_timeouts_of_its_role() {
    let (engine, role) = with_role(&timeouts());
    // What is read from the catalog is read between its statements.
    let all = [migration(A, |pgm| {
        pgm.sql("SELECT pg_sleep(0.2)").down("");
        pgm.drop_table("t");
        pgm.sql("SELECT pg_sleep(0.2)").down("");
    })];
    up(&engine, &role, &all);
    assert_eq!(engine.value("SELECT to_regclass('t')"), "NULL");
}

#[test]
fn rows_are_filtered_by_policies_as_they_are_for_anybody() {
    let (engine, role) = with_role(&["row_security = off"]);
    engine.database.execute(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; \
         CREATE POLICY few ON t USING (n < 10); INSERT INTO t VALUES (20)",
    );
    up(&engine, &role, &[migration(A, |pgm| _ = pgm.sql("UPDATE t SET n = n + 1").down(""))]);
    assert_eq!(engine.value("SELECT string_agg(n::text, ',' ORDER BY n) FROM t"), "2,20");
}

#[test]
fn the_history_is_where_it_is_whatever_the_search_path() {
    let (engine, role) = with_role(&[]);
    // What is called like something of the server's own is not taken for it.
    engine.database.execute(&format!(
        "CREATE SCHEMA elsewhere AUTHORIZATION {role}; CREATE TABLE elsewhere.migrations (n int); \
         CREATE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz \
         LANGUAGE sql AS $$SELECT '1999-01-01'::timestamptz$$"
    ));
    engine.database.execute(&format!("ALTER ROLE {role} SET search_path = elsewhere, pg_catalog"));
    up(&engine, &role, &[migration(A, |pgm| _ = pgm.create_table("u", |t| t.id()))]);
    assert_eq!(engine.value("SELECT to_regclass('elsewhere.u')"), "elsewhere.u");
    let row = "SELECT name || (applied_at > '2020-01-01') FROM public.migrations";
    assert_eq!(engine.value(row), format!("{A}true"));
}

#[test]
fn what_means_something_else_by_a_setting_means_what_it_says() {
    let (engine, role) = with_role(&[
        "standard_conforming_strings = off",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_deferrable = on",
    ]);
    let all = [migration(A, |pgm| {
        pgm.sql(
            r"CREATE TABLE seen AS SELECT 'a\nb' AS string, '2026-02-01'::date::text AS day,
             '-1 2:00'::interval::text AS span, current_setting('transaction_isolation') AS isolation",
        )
        .down("");
    })];
    up(&engine, &role, &all);
    assert_eq!(
        engine.value("SELECT concat_ws('|', string, day, span, isolation) FROM seen"),
        r"a\nb|2026-02-01|-1 days +02:00:00|read committed"
    );
}

/// The settings that decide how the server writes what it has parsed, set for the database, and by the
/// author for the rest of the transaction.
#[test]
fn what_is_captured_is_the_same_whatever_the_settings() {
    let settings = [
        "quote_all_identifiers = on",
        "DateStyle = 'German'",
        "IntervalStyle = 'sql_standard'",
        "extra_float_digits = -10",
        "transform_null_equals = on",
        "array_nulls = off",
    ];
    for is_authors in [false, true] {
        let engine = Engine::new();
        engine.database.execute(
            "CREATE TABLE t (n int, at date DEFAULT '2026-03-04', every interval DEFAULT '-1 day 02:00',
                 f float8 DEFAULT 0.1234567890123456, a int[] DEFAULT '{1,NULL}', x int DEFAULT 7 NOT NULL);
             CREATE INDEX t_x_idx ON t (x);
             CREATE VIEW v AS SELECT x, at = '2026-03-04' AS is_day, f > 0.1234567890123456 AS more FROM t;
             GRANT SELECT ON v TO PUBLIC",
        );
        let before = engine.catalog();
        let name = engine.database.name();
        for setting in settings.iter().filter(|_| !is_authors) {
            engine.database.execute(&format!("ALTER DATABASE {name} SET {setting}"));
        }
        let drop = |pgm: &mut migrate_dsl::Pgm| {
            pgm.drop_column("t", ["at", "every", "f", "a", "x"]).cascade();
        };
        let all = match is_authors {
            false => [migration(A, drop)],
            true => [migration(A, |pgm| {
                pgm.sql(
                    "SET LOCAL quote_all_identifiers = on; SET LOCAL DateStyle = 'German'; \
                     SET LOCAL IntervalStyle = 'sql_standard'; SET LOCAL extra_float_digits = -10",
                )
                .down("");
                pgm.drop_column("t", ["at", "every", "f", "a", "x"]).cascade();
            })],
        };
        engine.up(&all).unwrap();
        engine.down(&all, 1).unwrap();
        for setting in settings.iter().filter(|_| !is_authors) {
            let parameter = setting.split(' ').next().unwrap_or_default();
            engine.database.execute(&format!("ALTER DATABASE {name} RESET {parameter}"));
        }
        assert_eq!(engine.catalog(), before, "by the author: {is_authors}");
    }
}

/// Drops a table, a materialized view, an index and a constraint, in a transaction and outside one.
fn drop_all(pgm: &mut migrate_dsl::Pgm) {
    pgm.drop_table("posts").cascade();
    pgm.drop_index("users_name").concurrently();
    pgm.drop_constraint("users", "users_id_key");
    pgm.drop_index("users_again");
}

#[test]
fn restore_ignores_default_tablespace_of_database() {
    let engine = Engine::new();
    let database = engine.value("SELECT current_database()");
    let mut moved = vec!["default_table_access_method = heap2".to_owned()];
    engine.database.execute(
        "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
         CREATE TABLE posts (id int PRIMARY KEY, title text);
         CREATE MATERIALIZED VIEW titles AS SELECT title FROM posts;
         CREATE TABLE users (id int UNIQUE, name text);
         CREATE INDEX users_name ON users (name);
         CREATE INDEX users_again ON users (name)",
    );
    // Before 15, a tablespace needs a folder that the server may write.
    if migrate_tests::server().major() >= 15 {
        let space = engine.database.unique("space");
        let mut client = engine.database.client();
        client.batch_execute("SET allow_in_place_tablespaces = on").unwrap();
        client.batch_execute(&format!("CREATE TABLESPACE {space} LOCATION ''")).unwrap();
        moved.push(format!("default_tablespace = {space}"));
    }
    for setting in moved {
        engine.database.execute(&format!("ALTER DATABASE {database} SET {setting}"));
    }
    let places = "SELECT string_agg(concat_ws(' ', relname, relam::regclass, reltablespace), ', ' ORDER BY relname)
                  FROM (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace
                        AND relname !~ '^migrations') AS c";
    let before = engine.value(places);
    let all = [migration(A, drop_all)];
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value(places), before);
    // What the author makes does.
    let all = [migration("20260102000000_b", |pgm| _ = pgm.create_table("own", |t| t.id()))];
    engine.up(&all).unwrap();
    let made = engine
        .value("SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname = 'own'");
    assert_eq!(made, "heap2");
}
