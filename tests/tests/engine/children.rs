//! What partitions, and tables that inherit, have of their own, and their parent gets as well.

use migrate_dsl::{Object, Pgm, Table};
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";

/// A partition, and a table that inherits, with constraints, indexes and a column of their own.
const OWN: &str = "
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE events (id int, who int, kind text) PARTITION BY RANGE (id);
    CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
    CREATE TABLE first (id int NOT NULL, who int REFERENCES users, kind text NOT NULL,
                        CONSTRAINT kind_check CHECK (kind <> ''), CONSTRAINT first_who_key UNIQUE (id, who));
    ALTER TABLE early ATTACH PARTITION first FOR VALUES FROM (0) TO (5);
    CREATE INDEX first_kind ON first (kind);
    CREATE TABLE late PARTITION OF events FOR VALUES FROM (9) TO (99);
    CREATE UNIQUE INDEX late_id ON late (id);
    COMMENT ON INDEX late_id IS 'its own';
    CREATE TABLE plain (id int);
    CREATE TABLE heir (extra int) INHERITS (plain);
    INSERT INTO users VALUES (1);
    INSERT INTO events VALUES (1, 1, 'a'), (10, 1, 'b');
    INSERT INTO heir VALUES (1, 2);";

/// What adds to a parent what its children have already.
const ADDS: [fn(&mut Pgm); 8] = [
    |pgm| _ = pgm.create_index("events", ["kind"]),
    |pgm| _ = pgm.create_index("events", ["id"]).unique().comment("of all"),
    |pgm| _ = pgm.create_index("events", ["id"]).unique().if_not_exists(),
    |pgm| _ = pgm.add_unique("events", ["id", "who"]),
    |pgm| _ = pgm.add_primary_key("events", ["id"]),
    |pgm| _ = pgm.add_foreign_key("events", "who", "users", "id"),
    |pgm| _ = pgm.add_check("events", "kind_check", "kind <> ''"),
    |pgm| _ = pgm.add_column("plain", |t: &mut Table| t.integer("extra").not_null().default(7)),
];

#[test]
fn stays_where_it_was_there_before() {
    for (number, add) in ADDS.into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(OWN);
        let before = engine.catalog();
        let all = [migration(A, add)];
        for files in [&all[..], &[]] {
            engine.up(&all).unwrap();
            engine.down(files, 1).unwrap();
            assert_eq!(engine.catalog(), before, "{number}, {} files", files.len());
        }
    }
}

/// Makes all of it and then adds to it, in one migration.
fn make_and_add<const ADD: usize>(pgm: &mut Pgm) {
    make(pgm);
    ADDS[ADD](pgm);
}

fn make(pgm: &mut Pgm) {
    let own = format!("BEGIN {OWN} END");
    pgm.sql(format!("DO {}", migrate_dsl::quote_literal(&own))).down("SELECT 1");
}

#[test]
fn stays_where_the_migration_itself_has_made_it() {
    let made = Engine::new();
    made.up(&[migration(A, make)]).unwrap();
    let made = made.catalog();
    let all = [
        make_and_add::<0>,
        make_and_add::<1>,
        make_and_add::<2>,
        make_and_add::<3>,
        make_and_add::<4>,
        make_and_add::<5>,
        make_and_add::<6>,
        make_and_add::<7>,
    ];
    for (number, add) in all.into_iter().enumerate() {
        let engine = Engine::new();
        let all = [migration(A, add)];
        engine.up(&all).unwrap();
        engine.down(&all, 1).unwrap();
        assert_eq!(engine.catalog(), made, "{number}");
    }
}

#[test]
fn is_not_asked_for_where_there_is_none() {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE events (id int) PARTITION BY RANGE (id);
         CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (9)",
    );
    let before = engine.catalog();
    let all = [migration(A, |pgm| _ = pgm.create_index("events", ["id"]))];
    engine.up(&all).unwrap();
    assert_eq!(
        engine.value("SELECT down::text LIKE '%\"kind\": \"construction\"%' FROM migrations"),
        "t"
    );
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn stays_where_a_step_before_has_given_the_parent_another_name() {
    let renamed: [fn(&mut Pgm); 5] = [
        |pgm| {
            pgm.rename_table("events", "log");
            pgm.create_index("log", ["kind"]);
        },
        |pgm| {
            pgm.rename_table("events", "log");
            pgm.add_unique("log", ["id", "who"]);
        },
        |pgm| {
            pgm.sql("CREATE SCHEMA other").down("DROP SCHEMA other");
            pgm.set_schema(Object::table(("public", "events")), "other");
            pgm.add_check(("other", "events"), "kind_check", "kind <> ''");
        },
        |pgm| {
            pgm.sql("ALTER TABLE plain RENAME TO simple")
                .down("ALTER TABLE simple RENAME TO plain");
            pgm.add_column("simple", |t: &mut Table| _ = t.integer("extra"));
        },
        |pgm| {
            pgm.rename_table("events", "log");
            pgm.add_foreign_key("log", "who", "users", "id");
        },
    ];
    for (number, up) in renamed.into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(OWN);
        let before = engine.catalog();
        let all = [migration(A, up)];
        engine.up(&all).unwrap();
        engine.down(&all, 1).unwrap();
        assert_eq!(engine.catalog(), before, "{number}");
    }
}

/// The way in which the manual has the index of a partitioned table made: those of its partitions
/// first, without a lock.
#[test]
fn what_a_partition_gets_before_its_parent_is_reverted_after_it() {
    let ups: [fn(&mut Pgm); 6] = [
        |pgm| {
            pgm.create_index("early", ["id"]);
            pgm.create_index("events", ["id"]);
        },
        |pgm| {
            pgm.create_index("early", ["id"]).concurrently();
            pgm.create_index("events", ["id"]);
        },
        |pgm| {
            pgm.sql("CREATE INDEX own ON early (id)").down("DROP INDEX own");
            pgm.create_index("events", ["id"]);
        },
        |pgm| {
            pgm.add_unique("early", ["id"]);
            pgm.add_unique("events", ["id"]);
        },
        |pgm| {
            pgm.add_check("early", "positive", "id >= 0");
            pgm.add_check("events", "positive", "id >= 0");
        },
        |pgm| {
            pgm.add_foreign_key("early", "who", "users", "id");
            pgm.add_foreign_key("events", "who", "users", "id");
        },
    ];
    for (number, up) in ups.into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(
            "CREATE TABLE users (id int PRIMARY KEY);
             CREATE TABLE events (id int, who int) PARTITION BY RANGE (id);
             CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (9)",
        );
        let before = engine.catalog();
        let all = [migration(A, up)];
        engine.up(&all).unwrap();
        engine.down(&all, 1).unwrap_or_else(|error| panic!("{number}: {error:?}"));
        assert_eq!(engine.catalog(), before, "{number}");
    }
}
