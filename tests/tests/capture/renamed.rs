//! What was renamed while something else got, or had, its name.

use migrate_dsl::{Object, Pgm};
use migrate_tests::{Engine, migration};

use crate::step;

/// Rows tell what the catalog does not: which column is which.
const BEFORE: &str = "
    CREATE TABLE acct (id int PRIMARY KEY, billing text DEFAULT 'b' NOT NULL, shipping text,
                       CONSTRAINT one CHECK (id > 0), CONSTRAINT two CHECK (id > 1));
    COMMENT ON COLUMN acct.billing IS 'where to send the bill';
    INSERT INTO acct VALUES (2, 'B', 'S');
    CREATE INDEX by_billing ON acct (billing); CREATE INDEX by_shipping ON acct (shipping);
    CREATE VIEW v AS SELECT billing, shipping FROM acct WHERE billing <> shipping;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER a BEFORE INSERT ON acct FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER b AFTER UPDATE ON acct FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE POLICY p ON acct USING (id > 0); CREATE POLICY q ON acct USING (id > 1);
    CREATE TABLE parted (id int, x int NOT NULL, y text) PARTITION BY LIST (id);
    CREATE TABLE part PARTITION OF parted DEFAULT;
    ALTER TABLE part ALTER y SET DEFAULT 'own';
    CREATE TABLE heir (own int) INHERITS (acct);
    ALTER TABLE heir ALTER shipping SET DEFAULT 'own', ALTER billing DROP DEFAULT;
    CREATE INDEX ON parted (x);
    CREATE TYPE pair AS (x int, y text);
    CREATE DOMAIN d AS int CONSTRAINT low CHECK (VALUE > 0) CONSTRAINT high CHECK (VALUE < 9);
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE SEQUENCE s; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE referencing (id int REFERENCES acct);";

const ROWS: &str = "SELECT concat_ws(' ', billing, shipping) FROM acct";

/// Two swap their names, with a third in between.
fn swap(front: &str, one: &str, other: &str) -> String {
    [(one, "third"), (other, one), ("third", other)]
        .map(|(from, to)| front.replace("{from}", from).replace("{to}", to))
        .join("; ")
}

#[test]
fn the_foreign_key_of_a_partition_has_its_own_name_again() {
    let before = "
        CREATE TABLE target (id int PRIMARY KEY);
        CREATE TABLE parted (id int CONSTRAINT to_target REFERENCES target) PARTITION BY LIST (id);
        CREATE TABLE part PARTITION OF parted DEFAULT;";
    let rename = "ALTER TABLE part RENAME CONSTRAINT to_target TO other";
    let reused = format!("{rename}; ALTER TABLE part ADD CONSTRAINT to_target CHECK (id < 99)");
    for sql in [rename, &reused] {
        step(before, sql, &["table part"]).is_restored();
        step(before, sql, &["table parted"]).is_restored();
    }
}

#[test]
fn names_that_were_swapped_are_swapped_back() {
    let of_table = |what: &str| format!("ALTER TABLE acct RENAME {what} {{from}} TO {{to}}");
    for (sql, object) in [
        (swap(&of_table("COLUMN"), "billing", "shipping"), "table acct"),
        (swap(&of_table("CONSTRAINT"), "one", "two"), "table acct"),
        (swap("ALTER TRIGGER {from} ON acct RENAME TO {to}", "a", "b"), "table acct"),
        (swap("ALTER POLICY {from} ON acct RENAME TO {to}", "p", "q"), "table acct"),
        (swap("ALTER INDEX {from} RENAME TO {to}", "by_billing", "by_shipping"), "table acct"),
        (swap("ALTER TABLE parted RENAME {from} TO {to}", "x", "y"), "table parted"),
        (swap("ALTER TYPE pair RENAME ATTRIBUTE {from} TO {to}", "x", "y"), "type pair"),
        (swap("ALTER DOMAIN d RENAME CONSTRAINT {from} TO {to}", "low", "high"), "domain d"),
        (swap("ALTER TYPE mood RENAME VALUE '{from}' TO '{to}'", "good", "bad"), "type mood"),
    ] {
        let step = step(BEFORE, &sql, &[object]);
        step.is_restored();
        assert_eq!(step.answer(ROWS), "B S", "{sql}");
    }
    for (front, names, objects) in [
        (
            "ALTER TABLE {from} RENAME TO {to}",
            ["acct", "referencing"],
            ["table acct", "table referencing"],
        ),
        ("ALTER TABLE {from} RENAME TO {to}", ["acct", "parted"], ["table acct", "table parted"]),
        ("ALTER TYPE {from} RENAME TO {to}", ["pair", "mood"], ["type pair", "type mood"]),
    ] {
        let sql = swap(front, names[0], names[1]);
        let step = step(BEFORE, &sql, &objects);
        step.is_restored();
        assert_eq!(step.answer(ROWS), "B S", "{sql}");
    }
}

#[test]
fn tables_that_were_swapped_and_changed_are_as_they_were() {
    let before = "
        CREATE TABLE one (id int, x int DEFAULT 1, y int, CONSTRAINT one CHECK (x > 0), CONSTRAINT two CHECK (y > 0));
        CREATE TABLE two (id int, x text, y text DEFAULT 'y', CONSTRAINT one CHECK (x > ''), CONSTRAINT two CHECK (y > ''));
        INSERT INTO one VALUES (1, 2, 3);
        INSERT INTO two VALUES (1, '2', '3')";
    let swapped = swap("ALTER TABLE {from} RENAME TO {to}", "one", "two");
    for table in ["one", "two"] {
        for sql in [
            format!("ALTER TABLE {table} RENAME x TO z"),
            swap(&format!("ALTER TABLE {table} RENAME COLUMN {{from}} TO {{to}}"), "x", "y"),
            swap(
                &format!("ALTER TABLE {table} RENAME CONSTRAINT {{from}} TO {{to}}"),
                "one",
                "two",
            ),
        ] {
            for sql in [format!("{swapped}; {sql}"), format!("{sql}; {swapped}")] {
                let step = step(before, &sql, &["table one", "table two"]);
                step.is_restored();
                assert_eq!(
                    step.answer("SELECT concat(one, two) FROM one, two"),
                    "(1,2,3)(1,2,3)",
                    "{sql}"
                );
            }
        }
    }
}

#[test]
fn what_got_the_name_of_something_renamed_goes() {
    for (sql, object) in [
        ("ALTER TABLE acct RENAME billing TO old; ALTER TABLE acct ADD billing text", "table acct"),
        (
            "ALTER TABLE acct RENAME billing TO old; ALTER TABLE acct ADD billing bigint",
            "column acct.billing",
        ),
        (
            "ALTER TABLE acct RENAME CONSTRAINT one TO old; ALTER TABLE acct ADD CONSTRAINT one CHECK (id > -1)",
            "table acct",
        ),
        (
            "ALTER TABLE acct RENAME CONSTRAINT acct_pkey TO old; ALTER TABLE acct ADD CONSTRAINT acct_pkey UNIQUE (billing)",
            "table acct",
        ),
        (
            "ALTER TRIGGER a ON acct RENAME TO old; CREATE TRIGGER a AFTER DELETE ON acct EXECUTE FUNCTION touch()",
            "table acct",
        ),
        (
            "ALTER POLICY p ON acct RENAME TO old; CREATE POLICY p ON acct USING (true)",
            "table acct",
        ),
        (
            "ALTER INDEX by_billing RENAME TO old; CREATE INDEX by_billing ON acct (shipping)",
            "table acct",
        ),
        (
            "ALTER TABLE acct RENAME TO old; CREATE TABLE acct (LIKE old INCLUDING ALL)",
            "table acct",
        ),
        (
            "ALTER TABLE acct RENAME TO old; CREATE TABLE acct (id int) PARTITION BY LIST (id)",
            "table acct",
        ),
        ("ALTER TABLE part RENAME TO old; CREATE TABLE part (LIKE old)", "table part"),
        ("ALTER TABLE parted RENAME x TO old; ALTER TABLE parted ADD x int", "table parted"),
        ("ALTER VIEW v RENAME TO old; CREATE VIEW v AS SELECT 1", "view v"),
        (
            "ALTER FUNCTION f(int) RENAME TO old; CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS 'SELECT ''a'''",
            "function f(int)",
        ),
        ("ALTER SEQUENCE s RENAME TO old; CREATE SEQUENCE s INCREMENT 2", "sequence s"),
        ("ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('so so')", "type mood"),
        (
            "ALTER DOMAIN d RENAME CONSTRAINT low TO old; ALTER DOMAIN d ADD CONSTRAINT low CHECK (VALUE > 1)",
            "domain d",
        ),
    ] {
        let step = step(BEFORE, sql, &[object]);
        step.is_restored();
        assert_eq!(step.answer(ROWS), "B S", "{sql}");
    }
}

#[test]
fn objects_that_swapped_their_schemas_are_where_they_were() {
    let before = "CREATE SCHEMA one; CREATE SCHEMA two;
        CREATE TABLE one.t (a int PRIMARY KEY); CREATE TABLE two.t (b int UNIQUE)";
    for sql in [
        "ALTER TABLE one.t SET SCHEMA public; ALTER TABLE two.t SET SCHEMA one; ALTER TABLE public.t SET SCHEMA two",
        "ALTER TABLE one.t SET SCHEMA public; CREATE TABLE one.t (c int)",
    ] {
        step(before, sql, &["table one.t", "table two.t"]).is_restored();
    }
    for sql in [
        "ALTER SCHEMA one RENAME TO three; ALTER SCHEMA two RENAME TO one; ALTER SCHEMA three RENAME TO two",
        "ALTER SCHEMA one RENAME TO three; CREATE SCHEMA one; CREATE TABLE one.t (c int)",
    ] {
        step(before, sql, &["schema one", "schema two"]).is_restored();
    }
}

/// It is unknown whether a column that is not captured existed before.
#[test]
fn a_name_that_something_else_has_now_is_told() {
    fn swap_columns(pgm: &mut Pgm, object: Object) {
        pgm.sql(swap("ALTER TABLE acct RENAME {from} TO {to}", "billing", "shipping"))
            .captures(object);
    }
    let back = |up| {
        let engine = Engine::new();
        engine.database.execute(BEFORE);
        let all = [migration("20260101000000_a", up)];
        engine.up(&all).unwrap();
        let back = engine.down(&all, 1).map(|_| engine.value(ROWS));
        back.unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(back(|pgm| swap_columns(pgm, Object::table("acct"))), "B S");
    let refused = back(|pgm| swap_columns(pgm, Object::column("acct", "billing")));
    insta::assert_snapshot!(refused, @"`20260101000000_a` cannot be reverted: the table column `public.acct.billing` was renamed, and something has its name now that is not captured, and the migration has no `down`");
}

/// Values of a type that was replaced are not those of the other one, whatever place they have.
#[test]
fn what_was_replaced_by_something_else_of_its_name_is_not_changed_back() {
    let ups: [fn(&mut Pgm); 6] = [
        |pgm| {
            _ = pgm
                .sql(
                    "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('bad');
                     ALTER TABLE felt ALTER how TYPE mood USING how::text::mood; DROP TYPE old",
                )
                .captures(Object::user_type("mood"))
                .captures(Object::table("felt"));
        },
        |pgm| {
            _ = pgm
                .sql(
                    "ALTER TABLE felt ALTER how TYPE text; DROP TYPE mood; CREATE TYPE mood AS ENUM ('bad', 'good');
                     ALTER TABLE felt ALTER how TYPE mood USING how::mood",
                )
                .captures(Object::user_type("mood"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP TYPE pair; CREATE TYPE pair AS (y text, x int)")
                .captures(Object::user_type("pair"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP DOMAIN d; CREATE TYPE d AS ENUM ('a')")
                .captures(Object::domain("d"))
                .captures(Object::user_type("d"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP TABLE felt; CREATE TABLE felt (how mood) PARTITION BY LIST (how)")
                .captures(Object::table("felt"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP TABLE parted; CREATE TABLE parted (id int, x int NOT NULL, y text)")
                .captures(Object::table("parted"));
        },
    ];
    for (number, up) in ups.into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(BEFORE);
        engine.database.execute("CREATE TABLE felt (how mood); INSERT INTO felt VALUES ('bad')");
        let all = [migration("20260101000000_a", up)];
        engine.up(&all).unwrap();
        let error = engine.down(&all, 1).unwrap_err();
        assert!(error.to_string().contains("cannot be"), "{number}: {error}");
        let help = format!("{:?}", error.diagnostics());
        assert!(help.contains("by another of that name"), "{number}: {help}");
    }
    // The same again is the same.
    step(BEFORE, "DROP TYPE pair; CREATE TYPE pair AS (x int, y text)", &["type pair"])
        .is_restored();
}

/// To change it into what was dropped would destroy it, and what it was is not known.
#[test]
fn what_took_the_name_of_something_dropped_and_is_not_captured_stays_what_it_is() {
    let before = "
        CREATE TABLE u (id int PRIMARY KEY, v int); CREATE TABLE u2 (id int PRIMARY KEY, v int);
        INSERT INTO u2 VALUES (7, 7);
        CREATE TABLE q (a int, b text, c int DEFAULT 3);
        CREATE INDEX q_b ON q (b); CREATE INDEX q_c ON q (c);
        CREATE SEQUENCE s; CREATE SEQUENCE s2;
        CREATE VIEW w AS SELECT 1 AS x; CREATE VIEW w2 AS SELECT 1 AS x;
        CREATE TYPE e AS ENUM ('a'); CREATE TYPE e2 AS ENUM ('a');
        CREATE FUNCTION f() RETURNS int RETURN 1; CREATE FUNCTION f2() RETURNS int RETURN 2;";
    let ups: [fn(&mut Pgm); 7] = [
        |pgm| {
            _ = pgm.sql("DROP TABLE u; ALTER TABLE u2 RENAME TO u").captures(Object::table("u"));
        },
        |pgm| {
            _ = pgm
                .sql("ALTER TABLE q DROP COLUMN a; ALTER TABLE q RENAME c TO a")
                .captures(Object::column("q", "a"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP INDEX q_b; ALTER INDEX q_c RENAME TO q_b")
                .captures(Object::index("q_b"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP SEQUENCE s; ALTER SEQUENCE s2 RENAME TO s")
                .captures(Object::sequence("s"));
        },
        |pgm| {
            _ = pgm.sql("DROP VIEW w; ALTER VIEW w2 RENAME TO w").captures(Object::view("w"));
        },
        |pgm| {
            _ = pgm.sql("DROP TYPE e; ALTER TYPE e2 RENAME TO e").captures(Object::user_type("e"));
        },
        |pgm| {
            _ = pgm
                .sql("DROP FUNCTION f(); ALTER FUNCTION f2() RENAME TO f")
                .captures(Object::function("f"));
        },
    ];
    for (number, up) in ups.into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(before);
        let all = [migration("20260101000000_a", up)];
        engine.up(&all).unwrap();
        let after = engine.catalog();
        let error = engine.down(&all, 1).unwrap_err();
        let help = format!("{:?}", error.diagnostics());
        assert!(help.contains("was dropped, and something has its name"), "{number}: {help}");
        assert_eq!(engine.catalog(), after);
    }
}

#[test]
fn a_column_that_took_the_name_of_a_dropped_one_has_its_own_again() {
    let before = "CREATE TABLE t (a int DEFAULT 1, b text DEFAULT 'b', c int)";
    for sql in [
        "ALTER TABLE t DROP a; ALTER TABLE t RENAME b TO a",
        "ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b; ALTER TABLE t DROP b",
    ] {
        step(before, sql, &["table t"]).in_another_order().is_restored();
    }
}

#[test]
fn a_partition_that_was_swapped_for_another_is_restored() {
    let before = "
        CREATE TABLE pt (id int, d int, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
        CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10);
        CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (10) TO (20);";
    let swap = "ALTER TABLE pt DETACH PARTITION pt1; CREATE TABLE ptn (LIKE pt1 INCLUDING ALL);
                ALTER TABLE pt ATTACH PARTITION ptn FOR VALUES FROM (0) TO (10)";
    let referenced =
        format!("{before} CREATE TABLE r (id int, d int, FOREIGN KEY (id, d) REFERENCES pt)");
    for (before, sql) in [before, &referenced]
        .into_iter()
        .flat_map(|before| [(before, swap.to_owned()), (before, format!("{swap}; DROP TABLE pt1"))])
    {
        for objects in
            [&["table pt", "table pt1", "table ptn"][..], &["table ptn", "table pt1", "table pt"]]
        {
            step(before, &sql, objects).is_restored();
        }
    }
}

#[test]
fn a_label_whose_name_was_given_to_another_is_renamed_again_and_again() {
    let engine = Engine::new();
    engine.database.execute("CREATE TYPE e AS ENUM ('a', 'b')");
    let up = |pgm: &mut Pgm| {
        pgm.sql("ALTER TYPE e RENAME VALUE 'a' TO 'q'").captures(Object::user_type("e"));
        pgm.sql("ALTER TYPE e ADD VALUE 'a'").captures(Object::user_type("e"));
    };
    let all = [migration("20260101000000_labels", up)];
    for _ in 0..3 {
        engine.up(&all).unwrap();
        engine.down(&all, 1).unwrap();
        let labels = "SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum \
                      WHERE enumlabel NOT LIKE 'migrate_renamed_%'";
        assert_eq!(engine.value(labels), "a b");
    }
}

/// A role that may create objects could use a name that it has seen in an earlier inverse.
#[test]
fn temporary_name_does_not_collide_with_existing_objects() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE a (id int); CREATE TABLE b (name text)");
    let up = |pgm: &mut Pgm| {
        let sql = "ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b";
        pgm.sql(sql).captures(Object::table("a")).captures(Object::table("b"));
    };
    let all = [migration("20260101000000_swap", up)];
    let stored = "SELECT string_agg(DISTINCT found[1], ' ') \
                  FROM migrations, regexp_matches(down::text, 'migrate_renamed_\\w+', 'g') AS found";
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..2 {
        engine.up(&all).unwrap();
        let names = engine.value(stored);
        engine.down(&all, 1).unwrap();
        for name in names.split(' ') {
            assert!(!seen.iter().any(|seen| seen == name), "{name}");
            engine.database.execute(&format!("CREATE TABLE {name} ()"));
            seen.push(name.to_owned());
        }
    }
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(
        engine.value(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'id'"
        ),
        "1"
    );
}

/// Relations of all kinds share their names, and so do the indexes of constraints with them.
#[test]
fn what_has_the_name_of_the_index_of_a_constraint_is_renamed_first() {
    let before = "CREATE TABLE a (id int PRIMARY KEY, n int); CREATE INDEX i ON a (n);
        CREATE TABLE b (id int CONSTRAINT b_id UNIQUE)";
    let renamed = "ALTER INDEX a_pkey RENAME TO old";
    let cases: [(&str, &[&str]); 5] = [
        ("CREATE INDEX a_pkey ON b (id)", &["table a", "table b"]),
        ("CREATE TABLE a_pkey ()", &["table a", "table a_pkey"]),
        ("CREATE VIEW a_pkey AS SELECT 1; ALTER INDEX i RENAME TO j", &["table a", "view a_pkey"]),
        ("ALTER INDEX b_id RENAME TO a_pkey", &["table a", "table b"]),
        (
            "ALTER INDEX b_id RENAME TO a_pkey; ALTER INDEX old RENAME TO b_id",
            &["table a", "table b"],
        ),
    ];
    for (sql, objects) in cases {
        step(before, &format!("{renamed}; {sql}"), objects).is_restored();
    }
}

#[test]
fn a_table_that_a_new_one_takes_the_name_and_the_references_of_is_restored() {
    let before = "CREATE TABLE a (id int PRIMARY KEY, n int);
        CREATE TABLE r (id int CONSTRAINT fk REFERENCES a)";
    let refer = "ALTER TABLE r DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES a";
    let partitioned = "ALTER TABLE r DROP CONSTRAINT fk; ALTER TABLE a RENAME TO a1;
        ALTER INDEX a_pkey RENAME TO a1_pkey;
        CREATE TABLE a (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        ALTER TABLE a ATTACH PARTITION a1 FOR VALUES FROM (0) TO (10);
        ALTER TABLE r ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES a";
    let copied = "CREATE TABLE a_new (LIKE a INCLUDING ALL); ALTER TABLE a RENAME TO a_old;
        ALTER TABLE a_new RENAME TO a";
    step(before, partitioned, &["table a", "table r", "table a1"]).is_restored();
    for objects in [&["table a", "table r"][..], &["table a", "table r", "table a_old"]] {
        step(before, &format!("{copied}; {refer}"), objects).is_restored();
    }
}
