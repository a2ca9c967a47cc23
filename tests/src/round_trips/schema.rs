//! A schema with objects of most kinds, put together at random.

use super::random::Random;

/// A table, as far as statements about it need to know it.
#[derive(Debug, Clone)]
struct Table {
    name: String,
    columns: Vec<Column>,
    /// Whether `id` is its key alone.
    keyed: bool,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    of: &'static (&'static str, &'static str),
}

/// Types, and a value of each with a number for `{k}`.
const TYPES: &[(&str, &str)] = &[
    ("int", "{k}"),
    ("int", "{k} + 10"),
    ("bigint", "{k}"),
    ("text", "'t{k}'"),
    ("varchar(9)", "'v{k}'"),
    ("numeric(8,2)", "{k}.5"),
    ("timestamptz", "'2026-01-0{k} 00:00+00'"),
    ("date", "'2026-02-0{k}'"),
    ("boolean", "{k} > 1"),
    ("jsonb", "'{\"k\": {k}}'"),
    ("int[]", "ARRAY[{k}]"),
    ("text COLLATE \"C\"", "'c{k}'"),
    ("text COLLATE shop.plain", "'p{k}'"),
    ("shop.mood", "'happy'"),
    ("shop.mood[]", "ARRAY['sad']::shop.mood[]"),
    ("positive", "{k}"),
    ("email", "'{k}@x'"),
    ("never_null", "{k}"),
    // by names, for an attribute that was dropped is restored as the last
    ("shop.pair", "jsonb_populate_record(NULL::shop.pair, '{\"a\": {k}, \"b\": \"p\"}')"),
    ("span", "'[{k},9)'"),
];

/// What a partition may have of its own.
const OWN: &[&str] = &[
    "ALTER TABLE {table} ADD CONSTRAINT own_check CHECK (id IS NOT NULL)",
    "ALTER TABLE {table} ADD CONSTRAINT own_check CHECK (id IS NOT NULL) NOT VALID",
    "ALTER TABLE {table} ADD FOREIGN KEY (id) REFERENCES target",
    "ALTER TABLE {table} ADD UNIQUE (id)",
    "ALTER TABLE {table} ALTER id SET NOT NULL",
    "CREATE INDEX ON {table} (id)",
    "CREATE UNIQUE INDEX ON {table} (id)",
    "SELECT 'nothing'",
];

/// What every schema has. `{ann}` and `{bob}` are roles.
const TYPES_AND_FUNCTIONS: &[&str] = &[
    "CREATE SCHEMA shop",
    "CREATE SCHEMA \"Odd one\"",
    "CREATE COLLATION shop.plain (locale = 'C')",
    "CREATE TYPE shop.mood AS ENUM ('sad', 'happy', 'it''s')",
    "CREATE DOMAIN positive AS int DEFAULT 7 CONSTRAINT above CHECK (VALUE > 0)",
    "CREATE DOMAIN email AS varchar(20) CHECK (VALUE LIKE '%@%')",
    "CREATE DOMAIN never_null AS positive NOT NULL",
    "CREATE TYPE shop.pair AS (a int, b text)",
    "CREATE TYPE span AS RANGE (subtype = float8)",
    "CREATE FUNCTION number(shop.mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length($1::text) $$",
    "CREATE CAST (shop.mood AS int) WITH FUNCTION number(shop.mood) AS ASSIGNMENT",
    "CREATE CAST (shop.pair AS jsonb) WITH INOUT",
    "CREATE FUNCTION same(shop.pair, shop.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a'",
    "CREATE OPERATOR === (LEFTARG = shop.pair, RIGHTARG = shop.pair, FUNCTION = same, COMMUTATOR = ===)",
    "CREATE FUNCTION plus(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b'",
    "CREATE AGGREGATE summed(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
    "CREATE PROCEDURE nothing() LANGUAGE sql AS ''",
    "CREATE TABLE audit (what text)",
    "CREATE TABLE target (id int PRIMARY KEY)",
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.audit VALUES (TG_NAME || TG_OP); RETURN COALESCE(NEW, OLD); END $$",
    "CREATE SEQUENCE shop.numbers START 5",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE SERVER s FOREIGN DATA WRAPPER w",
    "CREATE FOREIGN TABLE remote (id int, b text NOT NULL) SERVER s",
];

/// Statements that make a schema, some of which PostgreSQL may refuse; and statements that try what
/// its constraints and triggers do.
pub(super) struct Schema {
    pub(super) statements: Vec<String>,
    pub(super) rows: Vec<String>,
    pub(super) probes: Vec<String>,
}

pub(super) fn schema(random: &mut Random) -> Schema {
    let mut statements: Vec<String> =
        TYPES_AND_FUNCTIONS.iter().map(|&sql| sql.to_owned()).collect();
    let mut tables: Vec<Table> = Vec::new();
    let plain = 4 + random.below(3);
    for number in 0..plain {
        table(random, number, &mut statements, &mut tables);
    }
    partitioned(random, &mut statements, &mut tables);
    children(random, &mut statements, &mut tables);
    constraints(random, &tables, &mut statements);
    routines(random, &tables, &mut statements);
    views(random, &tables, &mut statements);
    on_tables(random, &tables, &mut statements);
    settings(random, &tables, &mut statements);
    let target = "INSERT INTO target SELECT generate_series(-9, 40)".to_owned();
    let rows = tables.iter().flat_map(|table| (1..=3).map(|k| insert(table, k, None)));
    let rows = [target].into_iter().chain(rows);
    let probes = tables.iter().flat_map(|table| {
        let name = &table.name;
        let nulls = (0..table.columns.len()).map(|column| insert(table, 5, Some(column)));
        let others = [
            insert(table, 1, None),
            insert(table, 8, None),
            format!("INSERT INTO {name} (id) VALUES (-1)"),
            format!("UPDATE {name} SET id = id + 20"),
            format!("UPDATE {name} SET id = id"),
            format!("DELETE FROM {name}"),
        ];
        others.into_iter().chain(nulls)
    });
    Schema { rows: rows.collect(), probes: probes.collect(), statements }
}

fn value(column: &Column, k: usize) -> String {
    column.of.1.replace("{k}", &k.to_string())
}

fn insert(table: &Table, k: usize, null: Option<usize>) -> String {
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<_> = table
        .columns
        .iter()
        .enumerate()
        .map(
            |(index, column)| {
                if null == Some(index) { "NULL".to_owned() } else { value(column, k) }
            },
        )
        .collect();
    format!(
        "INSERT INTO {} (id, {}) VALUES ({k}, {})",
        table.name,
        names.join(", "),
        values.join(", ")
    )
}

/// Columns of random types, as in a `CREATE TABLE`.
fn columns(random: &mut Random, prefix: &str) -> (Vec<Column>, Vec<String>) {
    let (mut columns, mut lines) = (Vec::new(), Vec::new());
    for number in 0..2 + random.below(4) {
        let of = random.pick(TYPES);
        let name = match random.below(9) {
            0 => format!("\"{prefix} Odd{number}\""),
            _ => format!("{prefix}{number}"),
        };
        let mut line = format!("{name} {}", of.0);
        let column = Column { name, of };
        if random.once_in(4) {
            line.push_str(&format!(" DEFAULT {}", value(&column, 3)));
        }
        if random.once_in(4) {
            line.push_str(" NOT NULL");
        }
        lines.push(line);
        columns.push(column);
    }
    (columns, lines)
}

fn table(
    random: &mut Random,
    number: usize,
    statements: &mut Vec<String>,
    tables: &mut Vec<Table>,
) {
    let schema = *random.pick(&["public", "public", "shop", "\"Odd one\""]);
    let name = format!("{schema}.t{number}");
    let (columns, mut lines) = columns(random, "c");
    let id = ["id int PRIMARY KEY", "id int UNIQUE DEFERRABLE", "id int", "id int PRIMARY KEY"];
    let id = *random.pick(&id);
    lines.insert(random.below(lines.len() + 1), id.to_owned());
    match random.below(5) {
        0 => lines.push("ident int GENERATED ALWAYS AS IDENTITY".to_owned()),
        1 => lines.push("ident int GENERATED BY DEFAULT AS IDENTITY (START 40)".to_owned()),
        2 => lines.push("ser serial".to_owned()),
        _ => {}
    }
    if random.once_in(3) {
        lines.push("twice int GENERATED ALWAYS AS (id * 2) STORED".to_owned());
    }
    if random.once_in(3) {
        lines.push("CHECK (id < 70)".to_owned());
    }
    if random.once_in(4) {
        lines.push("during int4range, EXCLUDE USING gist (during WITH &&)".to_owned());
    }
    let unlogged = if random.once_in(8) { "UNLOGGED " } else { "" };
    let with =
        if random.once_in(4) { " WITH (fillfactor = 70, autovacuum_enabled = off)" } else { "" };
    statements.push(format!("CREATE {unlogged}TABLE {name} ({}){with}", lines.join(", ")));
    tables.push(Table { name, columns, keyed: id != "id int" });
}

fn partitioned(random: &mut Random, statements: &mut Vec<String>, tables: &mut Vec<Table>) {
    for number in 0..2 {
        let name = format!("parted{number}");
        let (columns, mut lines) = columns(random, "p");
        let keyed = random.once_in(2);
        lines.insert(0, if keyed { "id int PRIMARY KEY" } else { "id int" }.to_owned());
        let by = if random.once_in(2) { "LIST" } else { "RANGE" };
        statements
            .push(format!("CREATE TABLE {name} ({}) PARTITION BY {by} (id)", lines.join(", ")));
        let bound = |low: usize, high: usize| match by {
            "LIST" => {
                let all: Vec<_> = (low..high).map(|value| value.to_string()).collect();
                format!("FOR VALUES IN ({})", all.join(", "))
            }
            _ => format!("FOR VALUES FROM ({low}) TO ({high})"),
        };
        statements.push(format!("CREATE TABLE {name}a PARTITION OF {name} {}", bound(1, 3)));
        statements.push(format!(
            "CREATE TABLE {name}b PARTITION OF {name} {} PARTITION BY LIST (id)",
            bound(3, 9)
        ));
        statements.push(format!(
            "CREATE TABLE shop.{name}c PARTITION OF {name}b FOR VALUES IN (3, 4, 5)"
        ));
        statements.push(format!("CREATE TABLE {name}d PARTITION OF {name} DEFAULT"));
        // Created separately, with its columns in another order.
        let reversed: Vec<_> = lines.iter().rev().cloned().collect();
        statements.push(format!("CREATE TABLE {name}e ({})", reversed.join(", ")));
        statements.push(format!("ALTER TABLE {name} ATTACH PARTITION {name}e {}", bound(9, 12)));
        let column = &random.pick(&columns).name;
        statements.push(format!("ALTER TABLE {name}a ALTER {column} SET DEFAULT NULL"));
        for partition in [format!("{name}a"), format!("shop.{name}c"), format!("{name}e")] {
            let own = random.pick(OWN).replace("{table}", &partition);
            statements.push(own);
        }
        statements.push(format!("CREATE INDEX {name}_i ON {name} (id, {column})"));
        tables.push(Table { name: name.clone(), columns: columns.clone(), keyed });
        tables.push(Table { name: format!("{name}a"), columns, keyed: false });
    }
}

fn children(random: &mut Random, statements: &mut Vec<String>, tables: &mut Vec<Table>) {
    let roots: Vec<Table> =
        tables.iter().filter(|table| table.name.contains(".t")).cloned().collect();
    for number in 0..2 {
        let parent = random.pick(&roots).clone();
        let (more, mut lines) = columns(random, "h");
        let name = format!("heir{number}");
        if random.once_in(2) {
            lines.push("id int".to_owned());
        }
        if random.once_in(2) {
            lines.push("added int".to_owned());
        }
        statements.push(format!(
            "CREATE TABLE {name} ({}) INHERITS ({})",
            lines.join(", "),
            parent.name
        ));
        let column = random.pick(&parent.columns).name.clone();
        let change =
            *random.pick(&["SET NOT NULL", "DROP DEFAULT", "SET DEFAULT NULL", "SET STATISTICS 9"]);
        statements.push(format!("ALTER TABLE {name} ALTER {column} {change}"));
        let columns = parent.columns.iter().cloned().chain(more).collect();
        tables.push(Table { name, columns, keyed: false });
    }
    statements
        .push(format!("CREATE TABLE heir2 () INHERITS ({}, audit)", random.pick(&roots).name));
    statements.push("CREATE TABLE typed OF shop.pair (a WITH OPTIONS PRIMARY KEY)".to_owned());
}

fn constraints(random: &mut Random, tables: &[Table], statements: &mut Vec<String>) {
    let keyed: Vec<&Table> = tables.iter().filter(|table| table.keyed).collect();
    for (number, table) in tables.iter().enumerate() {
        let name = &table.name;
        if let Some(on) = keyed.get(random.below(keyed.len() * 2)) {
            let end = *random.pick(&[
                "",
                " ON DELETE CASCADE",
                " DEFERRABLE INITIALLY DEFERRED",
                " NOT VALID",
            ]);
            statements.push(format!(
                "ALTER TABLE {name} ADD FOREIGN KEY (id) REFERENCES {} (id){end}",
                on.name
            ));
        }
        let [one, other] = [random.pick(&table.columns), random.pick(&table.columns)];
        statements.push(match random.below(6) {
            0 => format!("ALTER TABLE {name} ADD CONSTRAINT \"some %s check\" CHECK ({} IS NOT NULL OR id > 0)", one.name),
            1 => format!("ALTER TABLE {name} ADD CHECK (id > 0) NO INHERIT"),
            2 => format!("ALTER TABLE {name} ADD CHECK (id <> 66) NOT VALID"),
            3 => format!("ALTER TABLE {name} ADD UNIQUE (id, {})", one.name),
            _ => format!("CREATE INDEX i{number} ON {name} ({}, id) INCLUDE ({})", one.name, other.name),
        });
        statements.push(match random.below(5) {
            0 => format!(
                "CREATE UNIQUE INDEX u{number} ON {name} (id) WHERE {} IS NOT NULL",
                one.name
            ),
            1 => format!(
                "CREATE INDEX e{number} ON {name} ((id + 1), {} DESC) WITH (fillfactor = 60)",
                one.name
            ),
            2 => format!("CREATE INDEX o{number} ON ONLY {name} (id)"),
            3 => format!("CREATE STATISTICS st{number} ON id, {} FROM {name}", one.name),
            _ => format!(
                "CREATE STATISTICS shop.st{number} (dependencies) ON {}, id FROM {name}",
                one.name
            ),
        });
    }
}

fn routines(random: &mut Random, tables: &[Table], statements: &mut Vec<String>) {
    for number in 0..4 {
        let table = random.pick(tables);
        let name = &table.name;
        let column = &random.pick(&table.columns).name;
        statements.push(match random.below(6) {
            0 => format!("CREATE FUNCTION f{number}() RETURNS SETOF {name} LANGUAGE sql STABLE AS $$ SELECT * FROM {name} $$"),
            1 => format!("CREATE FUNCTION f{number}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count({column}) FROM {name}; END"),
            2 => format!("CREATE FUNCTION shop.f{number}() RETURNS SETOF {name} LANGUAGE sql BEGIN ATOMIC SELECT x.* FROM {name} x; END"),
            3 => format!("CREATE FUNCTION f{number}(r {name}) RETURNS int LANGUAGE sql AS 'SELECT (r).id'"),
            4 => format!("CREATE FUNCTION f{number}() RETURNS TABLE (n int, m text) LANGUAGE sql STABLE
                          BEGIN ATOMIC SELECT id, {column}::text FROM {name}; END"),
            _ => format!("CREATE FUNCTION f{number}(OUT a int, OUT b {name}.{column}%TYPE) LANGUAGE sql STABLE AS $$
                          SELECT id, {column} FROM {name} ORDER BY id LIMIT 1 $$"),
        });
    }
}

fn views(random: &mut Random, tables: &[Table], statements: &mut Vec<String>) {
    for number in 0..9 {
        let table = random.pick(tables);
        let other = random.pick(tables);
        let name = &table.name;
        let [one, two] = [random.pick(&table.columns), random.pick(&table.columns)];
        let (one, two) = (&one.name, &two.name);
        let materialized = if random.once_in(4) { "MATERIALIZED " } else { "" };
        let body = match random.below(14) {
            0 => format!("SELECT id, {one} AS x, {two} AS y FROM {name}"),
            1 => format!("SELECT p, q FROM {name} AS z (p, q)"),
            2 => format!("SELECT id, l.{one} AS x FROM {name} l JOIN {} r USING (id)", other.name),
            3 => format!("SELECT id, {one} AS x, count(*) AS n FROM {name} GROUP BY id"),
            4 => format!("SELECT f.*, f.id + 1 AS more FROM f{}() f", random.below(4)),
            5 => format!("SELECT w, (w).id AS key FROM {name} w"),
            6 => format!("SELECT * FROM v{} WHERE true", random.below(number.max(1))),
            7 => format!("SELECT id, plus(id) AS p, ROW(id, 'x')::shop.pair AS pair FROM {name} WHERE {one} IS NOT NULL"),
            8 => "SELECT 'happy'::shop.mood::int AS n, ROW(1, 'a')::shop.pair === ROW(1, 'b')::shop.pair AS s".to_owned(),
            9 => format!("SELECT a, b FROM (SELECT id, {one} FROM {name}) s (a, b)"),
            10 => format!("SELECT j.a, j.b FROM ({name} l CROSS JOIN (SELECT 1 AS k) r) j (a, b)"),
            11 => format!("WITH q (a) AS (SELECT id FROM {name}) SELECT a, summed(a) OVER () AS s FROM q"),
            12 => format!("SELECT id, {one} AS x FROM {name} UNION ALL SELECT id, NULL FROM {}", other.name),
            _ => format!("SELECT (r).a, p FROM {name} x (p, q), LATERAL (SELECT ROW(x.p, 'l')::shop.pair) y (r)"),
        };
        let renamed = random.once_in(3);
        if renamed {
            statements.push(format!("ALTER TABLE {name} ADD COLUMN z{number} int"));
        }
        let options = if materialized.is_empty() && random.once_in(4) {
            " WITH (security_barrier = true)"
        } else {
            ""
        };
        statements.push(format!("CREATE {materialized}VIEW v{number}{options} AS {body}"));
        if !materialized.is_empty() {
            statements.push(format!("CREATE INDEX mi{number} ON v{number} ((v{number} IS NULL))"));
        }
        if renamed {
            // From then on, the server writes the view with a list of aliases.
            statements.push(format!("ALTER TABLE {name} RENAME COLUMN z{number} TO y{number}"));
        }
    }
}

fn on_tables(random: &mut Random, tables: &[Table], statements: &mut Vec<String>) {
    for (number, table) in tables.iter().enumerate() {
        let name = &table.name;
        let column = &random.pick(&table.columns).name;
        match random.below(5) {
            0 => statements.push(format!("CREATE TRIGGER g{number} AFTER INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION touch()")),
            1 => statements.push(format!("CREATE TRIGGER g{number} BEFORE UPDATE OF {column} ON {name} FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch()")),
            2 => statements.push(format!("CREATE TRIGGER g{number} AFTER DELETE ON {name} REFERENCING OLD TABLE AS gone EXECUTE FUNCTION touch()")),
            3 => statements.push(format!("CREATE CONSTRAINT TRIGGER g{number} AFTER UPDATE ON {name} DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch()")),
            _ => {}
        }
        match random.below(6) {
            0 => statements.push(format!("CREATE RULE r{number} AS ON DELETE TO {name} DO ALSO INSERT INTO audit SELECT p::text FROM {name} AS x (p) WHERE p = OLD.id")),
            1 => statements.push(format!("CREATE RULE r{number} AS ON UPDATE TO {name} WHERE OLD.{column} IS NULL DO INSTEAD NOTHING")),
            2 => statements.push(format!("CREATE POLICY l{number} ON {name} USING ({column} IS NOT NULL)")),
            3 => statements.push(format!("CREATE POLICY l{number} ON {name} FOR INSERT TO {{ann}} WITH CHECK (id IN (SELECT y.n FROM {name} AS y (n)))")),
            _ => {}
        }
    }
    let [one, other] = [random.pick(tables), random.pick(tables)];
    let column = &random.pick(&one.columns).name;
    statements.push(format!(
        "CREATE PUBLICATION pub0 FOR TABLE {} ({column}, id), TABLE {} WITH (publish = 'insert')",
        one.name, other.name
    ));
    statements.push(format!(
        "CREATE PUBLICATION pub1 FOR TABLE {} WHERE (id > 1) WITH (publish = 'insert')",
        other.name
    ));
    statements.push(
        "CREATE PUBLICATION pub2 FOR TABLES IN SCHEMA shop WITH (publish = 'insert')".to_owned(),
    );
    statements.push("CREATE PUBLICATION pub3 FOR ALL TABLES WITH (publish = 'insert')".to_owned());
    statements
        .push(format!("CREATE PUBLICATION pub4 FOR TABLE {} WITH (publish = 'insert')", one.name));
}

fn settings(random: &mut Random, tables: &[Table], statements: &mut Vec<String>) {
    statements.push("GRANT ALL ON SCHEMA public, shop, \"Odd one\" TO {ann}, {bob}".to_owned());
    statements.push("ALTER SCHEMA shop OWNER TO {bob}".to_owned());
    for (number, table) in tables.iter().enumerate() {
        let name = &table.name;
        let column = &random.pick(&table.columns).name;
        statements.push(match random.below(16) {
            0 | 1 => format!("ALTER TABLE {name} OWNER TO {{ann}}"),
            2 => format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
            3 => format!("ALTER TABLE {name} REPLICA IDENTITY FULL"),
            4 => format!("ALTER TABLE {name} DISABLE TRIGGER ALL"),
            5 => format!("ALTER TABLE {name} ENABLE ALWAYS TRIGGER g{number}"),
            6 => format!("ALTER TABLE {name} ALTER {column} SET STATISTICS 55"),
            7 => format!("ALTER TABLE {name} ALTER {column} SET STORAGE EXTERNAL"),
            8 => format!("ALTER TABLE {name} ALTER {column} SET (n_distinct = 5)"),
            9 => format!("ALTER TABLE {name} CLUSTER ON i{number}"),
            10 => format!("ALTER TABLE {name} DISABLE RULE r{number}"),
            11 => format!("GRANT SELECT ON {name} TO {{bob}} WITH GRANT OPTION"),
            12 => format!("GRANT UPDATE ({column}), SELECT ({column}) ON {name} TO {{ann}}"),
            13 => format!("COMMENT ON COLUMN {name}.{column} IS 'it''s {column}'"),
            14 => format!("COMMENT ON TRIGGER g{number} ON {name} IS 'of a trigger'"),
            _ => format!("COMMENT ON TABLE {name} IS 'of a table'"),
        });
    }
    for number in 0..9 {
        statements.push(match random.below(6) {
            0 => format!("ALTER VIEW v{number} OWNER TO {{bob}}"),
            1 => format!("GRANT SELECT ON v{number} TO {{ann}}"),
            2 => format!("COMMENT ON VIEW v{number} IS 'of a view'"),
            3 => format!("ALTER VIEW v{number} ALTER id SET DEFAULT 4"),
            4 => format!("CREATE RULE vr{number} AS ON INSERT TO v{number} DO INSTEAD NOTHING"),
            _ => format!("ALTER FUNCTION f{number} OWNER TO {{ann}}"),
        });
    }
    statements.push("COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'of a domain'".to_owned());
    statements.push("REVOKE EXECUTE ON FUNCTION plus FROM PUBLIC".to_owned());
    statements.push("GRANT USAGE ON TYPE shop.mood TO {ann}".to_owned());
    statements.push("ALTER TYPE shop.pair OWNER TO {ann}".to_owned());
    if random.once_in(3) {
        statements.push("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {ann}".to_owned());
    }
}
