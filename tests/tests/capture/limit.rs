//! What PostgreSQL cannot create again is reported when it is dropped.

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::{Object, Pgm};
use migrate_tests::{Engine, migration, server};

type Up = fn(&mut Pgm);

fn warnings_of(up: Up) -> (Vec<String>, bool) {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE base (id int, a int DEFAULT 1, b int);
         CREATE TABLE uses (rows base[]);
         CREATE TABLE old (a int DEFAULT 1); CREATE TABLE young () INHERITS (old);
         CREATE TABLE uses_young (one young);
         CREATE DOMAIN d AS int NOT NULL CONSTRAINT above CHECK (VALUE > 0);
         CREATE TABLE list (ds d[]);
         CREATE TABLE users (id int PRIMARY KEY) PARTITION BY LIST (id);
         CREATE UNLOGGED TABLE one PARTITION OF users FOR VALUES IN (1);
         CREATE TABLE posts (id int, who int REFERENCES users);
         CREATE TABLE wide (id int, a int, b int);
         CREATE TABLE keyed (id int) PARTITION BY LIST (id);
         CREATE TABLE keyed_one PARTITION OF keyed FOR VALUES IN (1);
         ALTER TABLE keyed_one ADD PRIMARY KEY (id); INSERT INTO keyed VALUES (1);
         CREATE VIEW of_wide AS SELECT p, q FROM (wide CROSS JOIN old) j (p, q);
         CREATE TABLE parent (n int, CONSTRAINT c CHECK (n > 0)); CREATE TABLE child () INHERITS (parent);
         ALTER TABLE parent ADD CONSTRAINT d CHECK (n < 100) NOT VALID;
         CREATE TABLE above (n int); CREATE TABLE twice (n int);
         ALTER TABLE above ADD CONSTRAINT d CHECK (n < 100) NOT VALID;
         ALTER TABLE twice ADD CONSTRAINT d CHECK (n < 100) NOT VALID; ALTER TABLE twice INHERIT above;
         CREATE TABLE of_parts (n int, CONSTRAINT c CHECK (n > 0)) PARTITION BY LIST (n);
         CREATE TABLE part PARTITION OF of_parts FOR VALUES IN (1)",
    );
    let all = [migration("20260101000000_a", up)];
    let mut told = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Notice { message, .. } = event
            && message.starts_with("the inverse of this step")
        {
            told.push(message);
        }
    };
    engine.migrator(&all).up(&mut engine.session(), &UpTo::default(), &mut listen).unwrap();
    (told, engine.down(&all, 1).is_ok())
}

#[test]
fn up_warns_of_an_inverse_that_will_fail() {
    let fails: [(Up, &str); 6] = [
        (
            |pgm| _ = pgm.drop_column("base", "a"),
            "column `a` cannot be added to `public.base`: column `public.uses.rows` uses its row type",
        ),
        (
            |pgm| _ = pgm.drop_column("old", "a"),
            "column `a` cannot be added to `public.old`: column `public.uses_young.one` uses its row type",
        ),
        (
            |pgm| _ = pgm.sql("ALTER DOMAIN d DROP NOT NULL").captures(Object::domain("d")),
            "domain `public.d` cannot be NOT NULL again: column `public.list.ds` has it inside of its type",
        ),
        (
            |pgm| _ = pgm.sql("ALTER DOMAIN d DROP CONSTRAINT above").captures(Object::domain("d")),
            "check `above` cannot be added to domain `public.d`: \
             column `public.list.ds` has it inside of its type",
        ),
        (
            |pgm| _ = pgm.sql("ALTER TABLE one SET LOGGED").captures(Object::table("one")),
            "`public.one` cannot be unlogged again: `public.posts`, which is logged, references it",
        ),
        (
            |pgm| {
                _ = pgm.sql("ALTER TABLE wide DROP a CASCADE").captures(Object::column("wide", "a"))
            },
            "what uses columns of `public.wide` by position cannot be recreated once they are in another \
             order: CREATE VIEW public.of_wide",
        ),
    ];
    for (up, why) in fails {
        let warning = format!("the inverse of this step will fail: {why}");
        assert_eq!(warnings_of(up), (vec![warning], false));
    }
    let without_key: Up = |pgm| {
        let sql = "ALTER TABLE keyed DETACH PARTITION keyed_one; ALTER TABLE keyed_one DROP id";
        _ = pgm.sql(sql).captures(Object::table("keyed")).captures(Object::table("keyed_one"));
    };
    let warning = "the inverse of this step will fail: `public.keyed_one` cannot be attached again as long as \
                   it has rows, which have lost their values of `id`";
    assert_eq!(warnings_of(without_key), (vec![warning.to_owned()], false));
    assert_eq!(warnings_of(|pgm| _ = pgm.drop_column("base", "b")), (Vec::new(), true));
    // From 18 on, the partition keeps what its own key needs.
    let not_null = warnings_of(|pgm| _ = pgm.alter_column("keyed", "id").set_not_null());
    let expected = match server().major() {
        18.. => (Vec::new(), true),
        _ => (
            vec![
                "the inverse of this step will fail: column `id` of `public.keyed` cannot have nulls again: \
                 a partition or child has it in its primary key or replica identity, or as its identity"
                    .to_owned(),
            ],
            false,
        ),
    };
    assert_eq!(not_null, expected);
}

/// Returns what is reported of a step at its end, and by `down` before it begins.
fn lost_of(up: Up) -> [Vec<String>; 2] {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE drafts (id int, text text, size int GENERATED ALWAYS AS (id) STORED);
         CREATE SCHEMA old; CREATE TABLE old.a (); CREATE TABLE old.b (); CREATE TABLE old.c ();
         CREATE TABLE old.d (n int); CREATE TABLE old.e (); CREATE VIEW old.v AS SELECT n FROM old.d;
         CREATE TABLE parts (n int) PARTITION BY LIST (n); CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
         CREATE SEQUENCE counter; SELECT setval('counter', 777)",
    );
    let all = [migration("20260101000000_a", up)];
    let mut told = [Vec::new(), Vec::new()];
    let mut listen = |event: Event| match event {
        Event::Finished { lost, .. } => told[0].extend(lost),
        Event::NotRestored { objects, .. } => told[1].extend(objects),
        _ => {}
    };
    let migrator = engine.migrator(&all);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut listen).unwrap();
    migrator.down(&mut engine.session(), &DownTo::Count(1), &mut listen).unwrap();
    let step =
        |lost: &String| lost.split_once("`: ").map_or(lost.clone(), |(_, lost)| lost.to_owned());
    assert_eq!(engine.value("SELECT last_value FROM counter"), "777");
    [told[0].iter().map(step).collect(), told[1].clone()]
}

#[test]
fn the_content_of_what_raw_sql_drops_is_not_restored() {
    let lost: [(Up, &[&str]); 5] = [
        (
            |pgm| _ = pgm.sql("DROP TABLE drafts").captures(Object::table("drafts")),
            &["the content of table `public.drafts`"],
        ),
        (
            |pgm| {
                _ = pgm
                    .sql("ALTER TABLE drafts DROP text, DROP size; ALTER TABLE drafts RENAME id TO key")
                    .captures(Object::table("drafts"));
            },
            &["the content of table column `public.drafts.text`"],
        ),
        (
            |pgm| {
                _ = pgm
                    .sql("DROP TABLE drafts; CREATE TABLE drafts (id int)")
                    .captures(Object::table("drafts"));
            },
            &["the former content of table `public.drafts`"],
        ),
        (
            |pgm| _ = pgm.sql("DROP SCHEMA old CASCADE").captures(Object::schema("old")),
            &[
                "the content of table `old.a`",
                "the content of table `old.b`",
                "the content of table `old.c`",
                "the content of 2 other tables and columns",
            ],
        ),
        (
            |pgm| _ = pgm.sql("DROP TABLE parts").captures(Object::table("parts")),
            &["the content of table `public.parts`"],
        ),
    ];
    for (up, lost) in lost {
        let [at_the_end, by_down] = lost_of(up);
        assert_eq!(by_down, lost);
        let sentences = lost.iter().map(|lost| format!("{lost} is not restored"));
        assert_eq!(at_the_end, sentences.collect::<Vec<_>>());
    }
    let [at_the_end, by_down] = lost_of(|pgm| {
        _ = pgm
            .sql("ALTER TABLE drafts DROP text, ADD text text; DELETE FROM drafts")
            .captures(Object::table("drafts"));
    });
    assert_eq!(
        by_down,
        ["the former content of table column `public.drafts.text`", "rows that its SQL changed"]
    );
    let sentences = [
        "what is done to rows is not reverted",
        "the former content of table column `public.drafts.text` is not restored",
    ];
    assert_eq!(at_the_end, sentences);
    let [at_the_end, by_down] = lost_of(|pgm| {
        _ = pgm
            .sql("ALTER SEQUENCE counter RESTART WITH 777; ALTER TABLE drafts ALTER text TYPE name")
            .captures(Object::sequence("counter"))
            .captures(Object::table("drafts"));
    });
    assert_eq!(
        by_down,
        ["the values that sequences had", "values that a change of type has changed"]
    );
    let sentences = [
        "values are converted back from what they have become",
        "sequences that were set are not set back",
    ];
    assert_eq!(at_the_end, sentences);
    let nothing: [Up; 5] = [
        |pgm| _ = pgm.sql("DROP SEQUENCE counter").captures(Object::sequence("counter")),
        |pgm| {
            _ = pgm
                .sql("ALTER TABLE drafts ALTER size DROP EXPRESSION")
                .captures(Object::table("drafts"));
        },
        |pgm| _ = pgm.sql("ALTER TABLE drafts RENAME id TO n").captures(Object::table("drafts")),
        |pgm| _ = pgm.sql("ALTER TABLE drafts ADD m int").captures(Object::table("drafts")),
        |pgm| {
            _ = pgm.sql("ALTER TABLE parts DETACH PARTITION part").captures(Object::table("parts"))
        },
    ];
    for up in nothing {
        assert_eq!(lost_of(up), [Vec::<String>::new(), Vec::new()]);
    }
}

#[test]
fn the_expression_of_a_column_is_changed_back_from_17_on() {
    let (warnings, is_restored) = warnings_of(|pgm| {
        _ = pgm
            .sql(
                "CREATE TABLE q (a int, g int GENERATED ALWAYS AS (a * 2) STORED);
                 CREATE TABLE other (id int)",
            )
            .down("DROP TABLE q, other");
        _ = pgm
            .sql("ALTER TABLE q DROP COLUMN g; ALTER TABLE q ADD g int GENERATED ALWAYS AS (a * 3) STORED")
            .captures(Object::table("q"));
    });
    let expected = match server().major() {
        17.. => (Vec::new(), true),
        _ => (
            vec![
                "the inverse of this step will fail: the expression of column `g` of `public.q` cannot be \
                 changed back before PostgreSQL 17"
                    .to_owned(),
            ],
            false,
        ),
    };
    assert_eq!((warnings, is_restored), expected);
}

#[test]
fn up_warns_of_what_the_inverse_leaves() {
    let local = "check `c` of `public.child` is local to it from now on, and stays when the parent drops it";
    let leaves: [(Up, &str); 5] = [
        (|pgm| _ = pgm.add_check("child", "c", "n > 0"), local),
        (
            |pgm| {
                _ = pgm
                    .sql("ALTER TABLE child ADD CONSTRAINT c CHECK (n > 0)")
                    .captures(Object::table("child"));
            },
            local,
        ),
        (
            |pgm| _ = pgm.validate_constraint("child", "d"),
            "check `d` of `public.child` stays valid, though that of the parent is not",
        ),
        (
            |pgm| {
                _ = pgm
                    .sql("ALTER TABLE child VALIDATE CONSTRAINT d")
                    .captures(Object::table("child"));
            },
            "check `d` of `public.child` stays valid, though that of the parent is not",
        ),
        (
            |pgm| {
                _ = pgm
                    .sql("ALTER TABLE twice VALIDATE CONSTRAINT d")
                    .captures(Object::table("twice"));
            },
            "check `d` of `public.twice` stays valid, though that of the parent is not",
        ),
    ];
    for (up, what) in leaves {
        let warning = format!("the inverse of this step does not restore all of it: {what}");
        assert_eq!(warnings_of(up), (vec![warning], true));
    }
    let nothing: [Up; 4] = [
        |pgm| _ = pgm.add_check("child", "e", "n > 1"),
        |pgm| _ = pgm.validate_constraint("parent", "d"),
        |pgm| {
            _ = pgm
                .sql("ALTER TABLE of_parts DETACH PARTITION part")
                .captures(Object::table("part"))
        },
        |pgm| _ = pgm.sql("ALTER TABLE child NO INHERIT parent").captures(Object::table("child")),
    ];
    for up in nothing {
        assert_eq!(warnings_of(up), (Vec::new(), true));
    }
}
