//! What is captured refers to things that are not: an inverse names them, and they have to be the same.

use migrate_core::{DownTo, Event};
use migrate_dsl::{Object, Pgm};
use migrate_tests::{Engine, migration};

use crate::step;

type Up = fn(&mut Pgm);

const SETUP: &str = "CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a', 'b'); CREATE TABLE s.notes (m s.mood);
    CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE SEQUENCE seq;
    CREATE TABLE b (id int CONSTRAINT b_pkey PRIMARY KEY, x int);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE a (id int DEFAULT nextval('seq'), x e, y d, z int CONSTRAINT to_b REFERENCES b);
    CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();
    CREATE INDEX on_b ON b (x); CREATE VIEW v AS SELECT x FROM b;
    CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER et DISABLE;
    CREATE EXTENSION citext; CREATE TABLE c (id int, name citext)";

/// Whether `up` reports that this is restored; what `down` reports then.
fn told_of(up: Up) -> Result<Vec<String>, String> {
    let engine = Engine::new();
    engine.database.execute(SETUP);
    let all = [migration("20260101000000_a", up)];
    let migrator = engine.migrator(&all);
    engine.up(&all).unwrap();
    let catalog = engine.catalog();
    let mut told = Vec::new();
    let mut listen = |event: Event| {
        if let Event::NotRestored { objects, .. } = event {
            told.extend(objects);
        }
    };
    match migrator.down(&mut engine.session(), &DownTo::Count(1), &mut listen) {
        Ok(_) => Ok(told),
        Err(error) => {
            assert_eq!(engine.catalog(), catalog);
            let error = error.to_string();
            let reason = error.strip_suffix(", and the migration has no `down`").unwrap_or(&error);
            let reason = reason.split_once(": the step ").map_or(reason, |(_, reason)| reason);
            let captured =
                ", which captured objects refer to and which has no `.captures(..)` of its own";
            Err(reason.strip_suffix(captured).unwrap_or(reason).to_owned())
        }
    }
}

#[test]
fn inverse_refuses_when_uncaptured_reference_was_replaced() {
    let refused: [(Up, &str); 11] = [
        (
            |pgm| {
                let sql = "ALTER TYPE e RENAME TO eo; CREATE TYPE e AS ENUM ('a', 'b');
                           ALTER TABLE a ALTER x TYPE e USING x::text::e; DROP TYPE eo";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            "replaces type `public.e` by another of that name",
        ),
        (
            |pgm| {
                let sql = "ALTER DOMAIN d RENAME TO d_old; CREATE DOMAIN d AS int;
                           ALTER TABLE a ALTER y TYPE d";
                _ = pgm.sql(sql).captures(Object::column("a", "y"));
            },
            "replaces type `public.d` by another of that name",
        ),
        (
            |pgm| {
                let sql = "ALTER TABLE a DROP x; DROP TYPE e; CREATE TYPE e AS ENUM ('a')";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            "replaces type `public.e` by another of that name",
        ),
        (
            |pgm| {
                let sql = "ALTER TABLE a ALTER x TYPE text; DROP TYPE e";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            "drops type `public.e`",
        ),
        (
            |pgm| _ = pgm.sql("ALTER TYPE e RENAME TO eo").captures(Object::table("a")),
            "renames type `public.e` to `public.eo`",
        ),
        (
            |pgm| _ = pgm.sql("DROP FUNCTION ef CASCADE").captures(Object::event_trigger("et")),
            "drops function `public.ef()`",
        ),
        (
            |pgm| _ = pgm.sql("DROP SEQUENCE seq CASCADE").captures(Object::table("a")),
            "drops sequence `public.seq`",
        ),
        (
            |pgm| {
                _ = pgm.sql("ALTER SCHEMA s RENAME TO s2").captures(Object::table(("s", "notes")))
            },
            "renames schema `s` to `s2`",
        ),
        (
            |pgm| _ = pgm.sql("ALTER TABLE b DROP x CASCADE").captures(Object::view("v")),
            "drops table column `public.b.x`",
        ),
        (
            |pgm| _ = pgm.sql("DROP EXTENSION citext CASCADE").captures(Object::table("c")),
            "drops extension `citext`",
        ),
        (
            |pgm| {
                let sql =
                    "ALTER TABLE c DROP id; ALTER TABLE c RENAME TO c_old; CREATE TABLE c (x int)";
                _ = pgm.sql(sql).captures(Object::column("c", "id"));
            },
            "replaces table `public.c` by another of that name",
        ),
    ];
    for (up, reason) in refused {
        assert_eq!(told_of(up), Err(reason.to_owned()));
    }
}

#[test]
fn what_is_referred_to_may_change_where_the_inverse_can_do_with_that() {
    let reverted: [(Up, &[&str]); 7] = [
        (
            |pgm| {
                let sql = "DROP FUNCTION f CASCADE;
                           CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            &["the former function `public.f()`"],
        ),
        (
            |pgm| {
                let sql =
                    "DROP VIEW v; DROP TABLE b CASCADE; CREATE TABLE b (id int PRIMARY KEY, x int)";
                _ = pgm.sql(sql).captures(Object::view("v"));
            },
            &["the former table column `public.b.x`"],
        ),
        (
            |pgm| {
                let sql =
                    "ALTER TABLE b DROP CONSTRAINT b_pkey CASCADE; ALTER TABLE b ADD UNIQUE (id)";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            &[],
        ),
        (
            |pgm| {
                _ = pgm.sql("DROP EXTENSION citext CASCADE").captures(Object::extension("citext"));
            },
            &["the content of table column `public.c.name`"],
        ),
        (
            |pgm| {
                let sql = "ALTER TABLE a ALTER x TYPE text; ALTER TYPE e RENAME TO f; ALTER TYPE f RENAME TO e";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            &["values that a change of type has changed"],
        ),
        (
            |pgm| {
                let sql =
                    "ALTER TYPE e RENAME TO eo; CREATE TABLE e (); ALTER TABLE a ALTER x TYPE text;
                           DROP TABLE e; ALTER TYPE eo RENAME TO e";
                _ = pgm.sql(sql).captures(Object::table("a"));
            },
            &["values that a change of type has changed"],
        ),
        (
            |pgm| {
                let sql = "ALTER TABLE a DROP x; DROP TYPE e";
                _ = pgm.sql(sql).captures(Object::table("a")).captures(Object::user_type("e"));
            },
            &["the content of table column `public.a.x`"],
        ),
    ];
    for (up, lost) in reverted {
        assert_eq!(told_of(up), Ok(lost.iter().map(|&lost| lost.to_owned()).collect()));
    }
}

#[test]
fn a_name_that_something_else_has_by_then_is_not_given_back() {
    let refused: [(Up, &str); 3] = [
        (
            |pgm| {
                let sql = "ALTER INDEX b_pkey RENAME TO other; CREATE INDEX b_pkey ON c (id)";
                _ = pgm.sql(sql).captures(Object::table("b"));
            },
            "the index `public.b_pkey` was renamed",
        ),
        (
            |pgm| {
                let sql =
                    "ALTER TABLE a DROP CONSTRAINT to_b; ALTER TABLE b DROP CONSTRAINT b_pkey;
                           CREATE TABLE b_pkey ()";
                _ = pgm.sql(sql).captures(Object::table("b"));
            },
            "the index `public.b_pkey` was dropped",
        ),
        (
            |pgm| {
                let sql = "DROP INDEX on_b; CREATE INDEX on_b ON c (id)";
                _ = pgm.sql(sql).captures(Object::table("b"));
            },
            "the index `public.on_b` was dropped",
        ),
    ];
    for (up, reason) in refused {
        let told = told_of(up).unwrap_err();
        let taken = ", and something has its name now that is not captured";
        assert!(told.ends_with(&format!("{reason}{taken}")), "{told}");
    }
    // That is captured, too.
    let up: Up = |pgm| {
        let sql = "DROP INDEX on_b; CREATE INDEX on_b ON c (id)";
        _ = pgm.sql(sql).captures(Object::index("on_b"));
    };
    assert_eq!(told_of(up), Ok(Vec::new()));
}

/// What a role has is stored by its id, and a GRANT to it by its name.
#[test]
fn a_role_that_was_renamed_or_dropped_is_not_taken_for_another() {
    let swap: Up = |pgm| {
        let sql =
            "REVOKE ALL ON a FROM referred_one; ALTER ROLE referred_one RENAME TO referred_old;
                   ALTER ROLE referred_two RENAME TO referred_one";
        _ = pgm.sql(sql).captures(Object::table("a"));
    };
    let drop: Up = |pgm| {
        let sql = "REVOKE ALL ON a FROM referred_one; DROP ROLE referred_one";
        _ = pgm.sql(sql).captures(Object::table("a"));
    };
    let cases = [
        (swap, "replaces role `referred_one` by another of that name"),
        (drop, "drops role `referred_one`"),
    ];
    let engine = Engine::new();
    let clean = "DROP ROLE IF EXISTS referred_one, referred_two, referred_old";
    for (up, reason) in cases {
        engine.database.execute(&format!(
            "DROP TABLE IF EXISTS a; {clean}; CREATE ROLE referred_one; CREATE ROLE referred_two;
             CREATE TABLE a (id int); GRANT DELETE ON a TO referred_one; DROP TABLE IF EXISTS migrations, \
             migrations_log, migrations_journal, migrations_settings CASCADE"
        ));
        let all = [migration("20260101000000_a", up)];
        engine.up(&all).unwrap();
        let error = engine.down(&all, 1).unwrap_err().to_string();
        assert!(error.contains(&format!("the step {reason}, which")), "{error}");
    }
    engine.database.execute(&format!("DROP TABLE a; {clean}"));
}

/// A view, a default, an index or a foreign key continues to use the objects it was created with.
#[test]
fn the_same_text_that_means_something_else_is_written_again() {
    let f = "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';";
    let other_f = "DROP FUNCTION f(int);
        CREATE FUNCTION f(int, int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2';";
    let view = "CREATE VIEW v AS SELECT f(1) AS x";
    step(
        &format!("{f} {view}"),
        &format!("DROP VIEW v; {other_f} {view}"),
        &["function f", "view v"],
    )
    .is_restored();
    step(
        &format!("{f} CREATE TABLE t (a int DEFAULT f(1), b int, CHECK (f(b) > 0)); CREATE INDEX i ON t (f(b))"),
        &format!(
            "ALTER TABLE t ALTER a DROP DEFAULT, DROP CONSTRAINT t_b_check; DROP INDEX i; {other_f}
             ALTER TABLE t ALTER a SET DEFAULT f(1), ADD CHECK (f(b) > 0); CREATE INDEX i ON t (f(b))"
        ),
        &["function f", "table t"],
    )
    .is_restored();
    let views = "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v";
    let as_materialized = "DROP VIEW w; DROP VIEW v; CREATE MATERIALIZED VIEW v AS SELECT a FROM t;
        CREATE VIEW w AS SELECT a FROM v";
    step(views, as_materialized, &["view v", "view w"]).is_restored();
    let key = "CREATE TABLE t (a int CONSTRAINT t_pkey PRIMARY KEY, b int);
        CREATE TABLE r (a int CONSTRAINT fk REFERENCES t);";
    let grouped = "CREATE VIEW w AS SELECT a, b FROM t GROUP BY a";
    let other_key = "ALTER TABLE r DROP CONSTRAINT fk; ALTER TABLE t DROP CONSTRAINT t_pkey,
            ADD CONSTRAINT t_pk PRIMARY KEY (a);
        ALTER TABLE r ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t;";
    let objects = &["table t", "table r"];
    step(key, other_key, objects).is_restored();
    step(&format!("{key} {grouped}"), &format!("DROP VIEW w; {other_key} {grouped}"), objects)
        .is_restored();
    let other_table =
        "CREATE TABLE n (LIKE t INCLUDING ALL); ALTER TABLE r DROP CONSTRAINT fk; DROP TABLE t;
        ALTER TABLE n RENAME TO t; ALTER TABLE r ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t";
    step(key, other_table, objects).is_restored();
}
