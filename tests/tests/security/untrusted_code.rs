//! What belongs to others and is dropped by a cascade is not restored by running their code.

use migrate_core::Error;
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Engine, migration};

use crate::{is_superuser, take};

const A: &str = "20260101000000_a";

fn drop_mood() -> [Migration; 1] {
    [migration(A, |pgm: &mut Pgm| _ = pgm.drop_type("mood").cascade())]
}

/// A role with a schema of its own, and in it a function that makes the role superuser where a
/// superuser calls it, beside what it may use of others.
fn mallory(engine: &Engine, sql: &str) -> String {
    let role = engine.database.unique("mallory");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN; CREATE SCHEMA own AUTHORIZATION {role};
         CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE a (id int PRIMARY KEY);
         GRANT SELECT ON a TO {role}; ALTER ROLE {role} SET search_path = own, public"
    ));
    let mut client = engine.database.client_as(&role);
    let functions = format!(
        "{}
         CREATE FUNCTION own.pure() RETURNS bool IMMUTABLE LANGUAGE plpgsql
             AS 'BEGIN RETURN own.take(); END';",
        take("own", &role)
    );
    client.batch_execute(&functions).unwrap();
    client.batch_execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    role
}

fn refused(engine: &Engine, all: &[Migration], sql: &str) -> String {
    match engine.down(all, 1) {
        Err(error @ Error::UntrustedCode { .. }) => {
            error.to_string().replace(&format!("{}_", engine.database.name()), "")
        }
        other => panic!("{sql}: {other:?}"),
    }
}

/// Each runs code that the role has put there, with the rights of the role that restores it.
#[test]
fn what_it_would_run_is_refused() {
    let table = "CREATE TABLE t (id int, m mood";
    let domain = "CREATE DOMAIN own.d AS text CHECK (own.pure())";
    for sql in [
        &format!("{table} CHECK (own.pure() OR m IS NULL)); INSERT INTO t VALUES (1, 'sad')"),
        &format!(
            "CREATE FUNCTION own.sad() RETURNS mood IMMUTABLE LANGUAGE plpgsql
                 AS 'BEGIN PERFORM own.take(); RETURN ''sad''; END';
             {table} DEFAULT own.sad())"
        ),
        &format!(
            "CREATE FUNCTION own.one(mood) RETURNS int IMMUTABLE LANGUAGE plpgsql
                 AS 'BEGIN PERFORM own.take(); RETURN 1; END';
             {table}, g int GENERATED ALWAYS AS (own.one(m)) STORED); INSERT INTO t VALUES (1, 'sad')"
        ),
        &format!(
            "{domain}; CREATE FUNCTION own.next(own.d, mood) RETURNS own.d LANGUAGE sql AS 'SELECT $1';
             CREATE AGGREGATE own.all(mood) (SFUNC = own.next, STYPE = own.d, INITCOND = 'x')"
        ),
        // A value of a type that has the domain inside of it.
        &format!(
            "{domain}; {table} DEFAULT (CASE WHEN array_length(('{{a}}'::text)::own.d[], 1) > 0 THEN 'sad'::mood END))"
        ),
        &format!(
            "{domain}; CREATE TYPE own.comp AS (d own.d);
             {table} DEFAULT (CASE WHEN ('(a)'::text)::own.comp IS NOT NULL THEN 'sad'::mood END))"
        ),
        &format!(
            "{domain}; CREATE FUNCTION own.next(own.d[], mood) RETURNS own.d[] LANGUAGE sql AS 'SELECT $1';
             CREATE AGGREGATE own.all(mood) (SFUNC = own.next, STYPE = own.d[], INITCOND = '{{x}}')"
        ),
        // A function of the server that runs what it is given.
        &format!(
            "{table} CHECK (query_to_xml('SELECT own.take()', true, true, '') IS NOT NULL));
             INSERT INTO t VALUES (1, 'sad')"
        ),
        // What is constant in an index is computed.
        &format!("{table}); CREATE INDEX ON t ((own.pure()), m)"),
        &format!("{table}); CREATE INDEX ON t (m) WHERE own.pure()"),
        &format!("{table}) PARTITION BY RANGE (m, (id + own.pure()::int))"),
    ] {
        let engine = Engine::new();
        let role = mallory(&engine, sql);
        engine.up(&drop_mood()).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(!is_superuser(&engine.database, &role), "`up`: {sql}");
        let message = refused(&engine, &drop_mood(), sql);
        assert!(message.contains("with the rights of `postgres`"), "{message}");
        assert!(!is_superuser(&engine.database, &role), "`down`: {sql}");
    }
}

#[test]
fn an_index_of_a_materialized_view_is_not_restored_before_its_owner() {
    let engine = Engine::new();
    let role = mallory(
        &engine,
        "CREATE MATERIALIZED VIEW mv AS SELECT id FROM public.a; CREATE INDEX ON mv ((own.pure()), id)",
    );
    let all = [migration(A, |pgm: &mut Pgm| _ = pgm.drop_table("a").cascade())];
    engine.up(&all).unwrap();
    insta::assert_snapshot!(refused(&engine, &all, "mv"), @"`20260101000000_a` is not reverted: to restore materialized view `own.mv` would run code of its owner `mallory` with the rights of `postgres`");
    assert!(!is_superuser(&engine.database, &role));
}

#[test]
fn what_only_computes_is_restored() {
    let engine = Engine::new();
    let role = mallory(
        &engine,
        "CREATE TABLE t (id serial, n int CHECK (n > 0 AND n % 2 = 1), d date DEFAULT now(),
             k text GENERATED ALWAYS AS (upper(n::text)) STORED, m mood DEFAULT 'sad');
         CREATE INDEX ON t (lower(k)) WHERE n > 7; INSERT INTO t (n) VALUES (1);
         CREATE VIEW v AS SELECT m, own.take() FROM t",
    );
    let before = engine.catalog();
    engine.up(&drop_mood()).unwrap();
    engine.down(&drop_mood(), 1).unwrap();
    assert_eq!(engine.catalog(), before);
    assert!(!is_superuser(&engine.database, &role));
}

#[test]
fn a_role_that_is_granted_is_trusted() {
    let engine = Engine::new();
    let sql = "CREATE TABLE t (id int, m mood CHECK (own.pure() OR m IS NULL)); INSERT INTO t VALUES (1, 'sad')";
    let role = mallory(&engine, sql);
    engine.up(&drop_mood()).unwrap();
    let error = engine.down(&drop_mood(), 1).unwrap_err();
    let help = error.help().unwrap();
    assert!(help.contains(&format!("`GRANT \"{role}\" TO \"postgres\"` says so")), "{help}");
    engine.database.execute(&format!("GRANT {role} TO postgres"));
    engine.down(&drop_mood(), 1).unwrap();
    assert!(is_superuser(&engine.database, &role), "it was trusted");
}

/// Before 15 a role may grant itself.
#[test]
fn a_role_that_grants_itself_is_not_trusted() {
    let engine = Engine::new();
    let sql = "CREATE TABLE t (id int, m mood CHECK (own.pure() OR m IS NULL)); INSERT INTO t VALUES (1, 'sad')";
    let role = mallory(&engine, sql);
    _ = engine.database.client_as(&role).batch_execute(&format!("GRANT {role} TO postgres"));
    engine.up(&drop_mood()).unwrap();
    refused(&engine, &drop_mood(), sql);
    assert!(!is_superuser(&engine.database, &role));
}

#[test]
fn a_foreign_key_does_not_cast_by_what_others_have_made() {
    let engine = Engine::new();
    let role = mallory(
        &engine,
        "CREATE TYPE own.e AS ENUM ('one');
         CREATE FUNCTION own.number(own.e) RETURNS int IMMUTABLE LANGUAGE plpgsql
             AS 'BEGIN PERFORM own.take(); RETURN 1; END';
         CREATE CAST (own.e AS int) WITH FUNCTION own.number AS IMPLICIT",
    );
    engine.database.execute(&format!("GRANT REFERENCES ON a TO {role}; INSERT INTO a VALUES (1)"));
    // The server itself would cast what is inserted later with the rights of the owner of `a`.
    let key = "CREATE TABLE own.fk (c own.e); INSERT INTO own.fk VALUES ('one');
               ALTER TABLE own.fk ADD FOREIGN KEY (c) REFERENCES public.a";
    engine.database.client_as(&role).batch_execute(key).unwrap();
    let all = [migration(A, |pgm: &mut Pgm| _ = pgm.drop_constraint("a", "a_pkey").cascade())];
    engine.up(&all).unwrap();
    refused(&engine, &all, key);
    assert!(!is_superuser(&engine.database, &role));
}

#[test]
fn a_check_that_goes_with_a_function_is_looked_at() {
    let engine = Engine::new();
    engine
        .database
        .execute("CREATE FUNCTION public.f() RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true'");
    let sql = "CREATE TABLE t (id int CHECK (public.f() AND own.pure())); INSERT INTO t VALUES (1)";
    let role = mallory(&engine, sql);
    let all = [migration(A, |pgm: &mut Pgm| {
        pgm.sql("DROP FUNCTION public.f() CASCADE").captures(migrate_dsl::Object::function("f"));
    })];
    engine.up(&all).unwrap();
    refused(&engine, &all, sql);
    assert!(!is_superuser(&engine.database, &role));
}

/// What was captured of a table does not include what its owner adds to it later.
#[test]
fn what_is_added_later_is_looked_at() {
    let engine = Engine::new();
    let role = mallory(&engine, "CREATE TABLE own.t (id int, x int); INSERT INTO own.t VALUES (1)");
    let all = [migration(A, |pgm: &mut Pgm| {
        pgm.alter_column(("own", "t"), "x").set_type("bigint");
    })];
    engine.up(&all).unwrap();
    let sql = "ALTER TABLE own.t ADD CHECK (own.pure())";
    engine.database.client_as(&role).batch_execute(sql).unwrap();
    refused(&engine, &all, sql);
    assert!(!is_superuser(&engine.database, &role));
    engine.database.execute("ALTER TABLE own.t DROP CONSTRAINT t_check");
    engine.down(&all, 1).unwrap();
    assert!(!is_superuser(&engine.database, &role));
}
