//! Schemas of any size, and a step on each whose inverse is captured.

use migrate_core::plan::{Capture, Inverse, Statement};
use migrate_dsl::Pgm;

use crate::{migration, plan};

/// A schema that grows, and what is done to it.
#[derive(Debug, Clone, Copy)]
pub struct Growing {
    /// What it is called in a table or a message.
    pub name: &'static str,
    /// Makes the schema of this size; each text is a transaction.
    pub schema: fn(usize) -> Vec<String>,
    /// The step, or several of the same sort.
    pub up: fn(&mut Pgm),
    /// The sizes that are measured.
    pub sizes: &'static [usize],
    /// Whether the step drops all of the schema.
    pub drops_all: bool,
}

/// A partitioned table with a key, an index, a default and a check, which is dropped.
pub const PARTITIONS: Growing =
    growing("partitions", partitions, |pgm| _ = pgm.drop_table("events"), &[500, 2000])
        .dropped_as_a_whole();

/// The same, of which a column is dropped.
pub const PARTITIONS_ALTERED: Growing = growing(
    "partitions, altered",
    partitions,
    |pgm| _ = pgm.drop_column("events", "title"),
    &[500, 2000],
);

/// A table that others refer to, which is dropped.
pub const REFERENCES: Growing =
    growing("references", references, |pgm| _ = pgm.drop_table("users").cascade(), &[1250, 5000]);

/// A schema with as many tables as views, which is dropped.
pub const SCHEMA: Growing =
    growing("schema", tables_and_views, drop_shop, &[500, 2000]).dropped_as_a_whole();

/// A schema with objects of every kind that tables have around them, which is dropped.
pub const KINDS: Growing = growing("kinds", kinds, drop_shop, &[50, 200]).dropped_as_a_whole();

/// A table of many columns with defaults, which is dropped.
pub const COLUMNS: Growing =
    growing("columns", columns, |pgm| _ = pgm.drop_table("wide"), &[400, 1600])
        .dropped_as_a_whole();

/// The same, of which one column is dropped. A dropped column counts towards the most that a table
/// can have: of one with 1600, none is restored.
pub const COLUMNS_ALTERED: Growing =
    growing("columns, altered", columns, |pgm| _ = pgm.drop_column("wide", "c1"), &[400, 1599]);

/// One small table beside many schemas with tables of their own; it is dropped.
pub const TENANTS: Growing =
    growing("tenants", tenants, |pgm| _ = pgm.drop_table("users"), &[250, 1000]);

/// All of them.
pub const ALL: &[Growing] =
    &[PARTITIONS, PARTITIONS_ALTERED, REFERENCES, SCHEMA, KINDS, COLUMNS, COLUMNS_ALTERED, TENANTS];

/// The same schemas beside a hundred small tables, each dropped by a step of its own.
pub const STEPS: Growing = growing(
    "tenants, 100 steps",
    tenants_and_tables,
    |pgm| (0..100).for_each(|number| _ = pgm.drop_table(format!("small_{number}"))),
    &[10, 1000],
);

const fn growing(
    name: &'static str,
    schema: fn(usize) -> Vec<String>,
    up: fn(&mut Pgm),
    sizes: &'static [usize],
) -> Growing {
    Growing { name, schema, up, sizes, drops_all: false }
}

fn drop_shop(pgm: &mut Pgm) {
    pgm.drop_schema("shop").cascade();
}

impl Growing {
    const fn dropped_as_a_whole(mut self) -> Self {
        self.drops_all = true;
        self
    }

    /// The statements of all its steps.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        let migration = plan(&[migration("20260101000000_step", self.up)]).migrations.remove(0);
        migration.up.into_iter().flat_map(|step| step.statements).collect()
    }

    /// The step's statements, and what is captured around them.
    ///
    /// # Panics
    ///
    /// If the step is not captured.
    #[must_use]
    pub fn step(&self) -> (Vec<Statement>, Capture) {
        let step =
            plan(&[migration("20260101000000_step", self.up)]).migrations.remove(0).up.remove(0);
        let Inverse::Captured(capture) = step.inverse else {
            panic!("{} is not captured", self.name)
        };
        (step.statements, capture)
    }
}

/// Statements, fifty in a transaction: each lock that is held costs the later ones something.
fn in_parts(statements: impl IntoIterator<Item = String>) -> Vec<String> {
    let statements: Vec<_> = statements.into_iter().collect();
    statements.chunks(50).map(|some| some.join(";\n")).collect()
}

fn partitions(size: usize) -> Vec<String> {
    let parent = "CREATE TABLE events (id bigint NOT NULL, at int NOT NULL, title text DEFAULT 'none', \
                  note text CHECK (note <> ''), PRIMARY KEY (id, at)) PARTITION BY RANGE (at); \
                  CREATE INDEX events_title ON events (title)";
    let leaf = |number| {
        format!(
            "CREATE TABLE events_{number} PARTITION OF events FOR VALUES FROM ({number}) TO ({})",
            number + 1
        )
    };
    in_parts([parent.to_owned()].into_iter().chain((0..size).map(leaf)))
}

fn references(size: usize) -> Vec<String> {
    let users = "CREATE TABLE users (id int PRIMARY KEY, email text)";
    let table = |number| {
        format!("CREATE TABLE orders_{number} (id int PRIMARY KEY, by int REFERENCES users)")
    };
    in_parts([users.to_owned()].into_iter().chain((0..size).map(table)))
}

fn tables_and_views(size: usize) -> Vec<String> {
    let pair = |number| {
        format!(
            "CREATE TABLE shop.orders_{number} (id int PRIMARY KEY, title text DEFAULT 'none'); \
             CREATE VIEW shop.titles_{number} AS SELECT id, lower(title) AS title FROM shop.orders_{number}"
        )
    };
    in_parts(["CREATE SCHEMA shop".to_owned()].into_iter().chain((0..size).map(pair)))
}

/// Tables with what tables mostly have.
#[must_use]
pub fn tables(size: usize) -> Vec<String> {
    let table = |number: usize| {
        format!(
            "CREATE TABLE orders_{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
             title text DEFAULT 'none' CHECK (title <> ''), parent bigint REFERENCES orders_{}); \
             CREATE INDEX ON orders_{number} (title); COMMENT ON TABLE orders_{number} IS 'orders'",
            number / 2
        )
    };
    in_parts((0..size).map(table))
}

fn kinds(size: usize) -> Vec<String> {
    let unit = |n: usize| {
        format!(
            "CREATE TYPE shop.state_{n} AS ENUM ('new', 'paid'); \
             CREATE DOMAIN shop.title_{n} AS text CHECK (VALUE <> '') DEFAULT 'none'; \
             CREATE TYPE shop.pair_{n} AS (a int, b text); \
             CREATE TYPE shop.span_{n} AS RANGE (SUBTYPE = float8); \
             CREATE SEQUENCE shop.number_{n}; \
             CREATE TABLE shop.orders_{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                 number int DEFAULT nextval('shop.number_{n}') NOT NULL UNIQUE, small smallserial, \
                 state shop.state_{n} DEFAULT 'new', title shop.title_{n}, pair shop.pair_{n}, \
                 parent bigint REFERENCES shop.orders_{}, twice int GENERATED ALWAYS AS (number * 2) STORED, \
                 span shop.span_{n}, CHECK (number > 0), EXCLUDE USING gist (span WITH &&)); \
             CREATE INDEX ON shop.orders_{n} (lower(title)) WHERE number > 1; \
             CREATE STATISTICS shop.both_{n} ON number, small FROM shop.orders_{n}; \
             CREATE TABLE shop.heirs_{n} (CHECK (small > 0)) INHERITS (shop.orders_{n}); \
             CREATE FUNCTION shop.count_{n}() RETURNS bigint LANGUAGE sql \
                 BEGIN ATOMIC SELECT count(*) FROM shop.orders_{n}; END; \
             CREATE FUNCTION shop.touch_{n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE FUNCTION shop.row_{n}() RETURNS SETOF shop.orders_{n} LANGUAGE sql AS 'SELECT * FROM shop.orders_{n}'; \
             CREATE TRIGGER touch BEFORE UPDATE ON shop.orders_{n} FOR EACH ROW EXECUTE FUNCTION shop.touch_{n}(); \
             CREATE RULE quiet AS ON DELETE TO shop.heirs_{n} DO INSTEAD NOTHING; \
             ALTER TABLE shop.orders_{n} ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY all_of_it ON shop.orders_{n} USING (number > 0); \
             CREATE VIEW shop.recent_{n} (a, b, c) AS SELECT o.id, r.number, o.pair FROM shop.orders_{n} o \
                 JOIN shop.row_{n}() r USING (id); \
             CREATE MATERIALIZED VIEW shop.sums_{n} AS SELECT a, count(*) FROM shop.recent_{n} GROUP BY a; \
             CREATE INDEX ON shop.sums_{n} (a); \
             CREATE PUBLICATION published_{n} FOR TABLE shop.orders_{n}; \
             GRANT SELECT ON shop.orders_{n}, shop.recent_{n} TO PUBLIC; GRANT UPDATE (title) ON shop.orders_{n} TO PUBLIC; \
             COMMENT ON TABLE shop.orders_{n} IS 'orders'; COMMENT ON COLUMN shop.orders_{n}.title IS 'title'",
            n / 2
        )
    };
    in_parts(["CREATE SCHEMA shop".to_owned()].into_iter().chain((0..size).map(unit)))
}

fn columns(size: usize) -> Vec<String> {
    let columns: Vec<_> =
        (0..size).map(|number| format!("c{number} int DEFAULT {number} NOT NULL")).collect();
    vec![format!("CREATE TABLE wide ({})", columns.join(", "))]
}

fn tenants(size: usize) -> Vec<String> {
    let tenant = |number| {
        let tables = (0..5).map(|table| {
            format!(" CREATE TABLE t{table} (id int PRIMARY KEY, title text DEFAULT 'none')")
        });
        format!("CREATE SCHEMA tenant_{number}{}", tables.collect::<String>())
    };
    let users = "CREATE TABLE users (id int PRIMARY KEY, email text)";
    in_parts([users.to_owned()].into_iter().chain((0..size).map(tenant)))
}

fn tenants_and_tables(size: usize) -> Vec<String> {
    let table = |number| format!("CREATE TABLE small_{number} (id int PRIMARY KEY, email text)");
    tenants(size).into_iter().chain(in_parts((0..100).map(table))).collect()
}
