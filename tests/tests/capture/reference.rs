//! What is captured refers to things that are not: an inverse names them, and they have to be the same.

use migrate_core::{DownTo, Event};
use migrate_dsl::{Object, Pgm};
use migrate_tests::{Engine, migration};

type Up = fn(&mut Pgm);

const SETUP: &str = "CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a', 'b'); CREATE TABLE s.notes (m s.mood);
    CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE SEQUENCE seq;
    CREATE TABLE b (id int CONSTRAINT b_pkey PRIMARY KEY, x int);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE a (id int DEFAULT nextval('seq'), x e, y d, z int CONSTRAINT to_b REFERENCES b);
    CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();
    CREATE VIEW v AS SELECT x FROM b;
    CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER et DISABLE;
    CREATE EXTENSION citext; CREATE TABLE c (id int, name citext)";

/// Whether `up` says that this is restored; what `down` says then.
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
            let captured = ", which is not captured, and which what is captured refers to";
            Err(reason.strip_suffix(captured).unwrap_or(reason).to_owned())
        }
    }
}

#[test]
fn what_is_not_captured_and_is_something_else_by_then_is_not_taken_for_what_it_was() {
    let refused: [(Up, &str); 10] = [
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
