//! Where extensions keep what they know of others' objects, and which rows name those.

use migrate_dsl::quote_literal as literal;
use postgres::Client;
use postgres::types::{Oid, Type};

use super::Registration;

/// The objects whose registrations are searched.
pub(super) enum Subjects<'a> {
    /// All of the database, but for what belongs to extensions.
    All,
    /// Relations and schemas, and names of objects that may have been dropped.
    These { relations: &'a [Oid], schemas: &'a [Oid], gone: &'a [(&'a str, &'a str)] },
}

/// Tables in which an extension keeps what makes another kind of thing of an object: the extension,
/// the table, the columns that the expression needs, and the expression for that kind.
const KINDS: &[(&str, &str, &[&str], &str)] = &[
    (
        "citus",
        "pg_dist_partition",
        &["partmethod", "repmodel", "colocationid"],
        // https://docs.citusdata.com/en/stable/develop/api_metadata.html#partition-table; a table
        // that is only in the metadata has its rows where an ordinary one has them.
        "CASE WHEN r.partmethod <> 'n' THEN 'distributed table' \
         WHEN r.repmodel = 't' THEN 'reference table' \
         WHEN r.colocationid > 0 THEN 'distributed table' END",
    ),
    ("citus", "pg_dist_schema", &[], "'distributed schema'"),
    ("timescaledb", "hypertable", &[], "'hypertable'"),
    ("timescaledb", "chunk", &[], "'chunk'"),
    ("timescaledb", "continuous_agg", &[], "'continuous aggregate'"),
];

/// Tables in which an extension keeps more of what a row of another is about: the extension, the
/// table and its column that the others refer to, and such a table with its column.
const MORE: [[&str; 5]; 2] = [
    ["timescaledb", "hypertable", "id", "dimension", "hypertable_id"],
    ["timescaledb", "hypertable", "id", "bgw_job", "hypertable_id"],
];

/// A table of an extension.
struct Table {
    extension: String,
    /// As SQL writes it.
    sql: String,
    /// As a person reads it.
    name: String,
    is_dumped: bool,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    sql: String,
    kind: String,
}

impl Column {
    fn is_object(&self) -> bool {
        ["oid", "regclass"].contains(&self.kind.as_str())
    }

    fn is_text(&self) -> bool {
        ["text", "varchar", "name"].contains(&self.kind.as_str())
    }

    /// Whether the name of a schema may be in it, by its own name.
    fn is_of_schemas(&self) -> bool {
        let words = ["schema", "nsp", "namespace"];
        self.is_text() && words.iter().any(|word| self.name.contains(word))
    }

    /// Whether the name of a relation may be in it, by its own name.
    fn is_of_relations(&self) -> bool {
        self.is_text() && !self.is_of_schemas()
    }
}

/// The tables of extensions; without columns where this role may not read one, or where reading it
/// calls something.
fn tables(client: &mut Client) -> Result<Vec<Table>, postgres::Error> {
    let rows = client.query_typed(
        "SELECT e.extname::text, format('%I.%I', nspname, relname), relname::text, \
                COALESCE(c.oid = ANY (extconfig), false), attname::text, quote_ident(attname), typname::text, \
                NOT relhasrules AND NOT relrowsecurity \
                AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') \
         FROM pg_depend d \
         JOIN pg_extension e ON e.oid = d.refobjid \
         JOIN pg_class c ON c.oid = d.objid \
         JOIN pg_namespace n ON n.oid = relnamespace \
         JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped \
         JOIN pg_type t ON t.oid = atttypid \
         WHERE d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_class'::regclass \
           AND d.deptype = 'e' AND relkind = 'r' AND typnamespace = 'pg_catalog'::regnamespace \
         ORDER BY 1, 2, attnum",
        &[],
    )?;
    let mut tables: Vec<Table> = Vec::new();
    for row in &rows {
        let (extension, sql): (String, String) = (row.get(0), row.get(1));
        if tables.last().is_none_or(|last| last.sql != sql) {
            let (name, is_dumped) = (row.get(2), row.get(3));
            tables.push(Table { extension, sql, name, is_dumped, columns: Vec::new() });
        }
        let column = Column { name: row.get(4), sql: row.get(5), kind: row.get(6) };
        if let Some(table) = tables.last_mut().filter(|_| row.get(7)) {
            table.columns.push(column);
        }
    }
    // Everything else that Citus stores is derived by it from the tables that it distributes.
    let follows = |table: &Table| {
        let is_kind = KINDS
            .iter()
            .any(|(extension, name, ..)| *extension == table.extension && *name == table.name);
        table.extension == "citus" && table.name.starts_with("pg_dist_") && !is_kind
    };
    tables.retain(|table| !follows(table));
    Ok(tables)
}

impl Table {
    /// An expression for what kind of thing a row makes of its object.
    fn makes(&self) -> &'static str {
        let kind = KINDS.iter().find(|(extension, name, columns, _)| {
            *extension == self.extension
                && *name == self.name
                && columns.iter().all(|column| self.has(column))
        });
        kind.map_or("NULL", |(.., expression)| expression)
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|it| it.name == column)
    }

    /// Expressions for what other tables have about a row.
    fn more(&self, all: &[Self]) -> Vec<String> {
        let of_this = MORE.iter().filter(|[extension, table, column, ..]| {
            *extension == self.extension && *table == self.name && self.has(column)
        });
        let found = of_this.flat_map(|[extension, _, key, table, column]| {
            let named = all.iter().filter(move |it| {
                it.extension == *extension && it.name == *table && it.has(column)
            });
            named.map(move |it| {
                format!(
                    "(SELECT string_agg(more::text, ' ' ORDER BY more::text) FROM ONLY {} AS more \
                     WHERE more.{column} = r.{key})",
                    it.sql
                )
            })
        });
        found.collect()
    }

    /// Queries for the rows that name an object.
    fn queries(&self, all: &[Self]) -> Vec<String> {
        let digest = self.columns.iter().map(|column| {
            let sql = &column.sql;
            match column {
                it if it.is_object() => {
                    format!("CASE WHEN r.{sql}::oid = s.oid THEN 'it' ELSE r.{sql}::oid::text END")
                }
                it if it.is_text() => format!(
                    "CASE WHEN r.{sql}::text IN (s.schema, s.name, s.full_name, s.quoted) THEN 'it' ELSE r.{sql}::text END"
                ),
                _ => format!("r.{sql}::text"),
            }
        });
        let digest = digest.chain(self.more(all));
        let digest: Vec<_> = digest.map(|sql| format!("COALESCE({sql}, '')")).collect();
        let shown = format!("{}::regclass::text", literal(&self.sql));
        let (extension, makes, digest) =
            (literal(&self.extension), self.makes(), digest.join(", "));
        let of = |is: fn(&Column) -> bool| self.columns.iter().filter(move |it| is(it));
        let by_id = of(Column::is_object)
            // A number means another thing in a dump, its name does not.
            .map(|it| {
                (format!("s.oid <> 0 AND s.oid = r.{}::oid", it.sql), it.kind == "regclass", false)
            });
        let by_names = of(Column::is_of_schemas).flat_map(|schema| {
            of(Column::is_of_relations).map(move |name| {
                (
                    format!("s.schema = r.{}::text AND s.name = r.{}::text", schema.sql, name.sql),
                    true,
                    true,
                )
            })
        });
        let by_full_name = of(Column::is_of_relations).flat_map(|it| {
            ["full_name", "quoted"]
                .map(|name| (format!("s.{name} = r.{}::text", it.sql), true, true))
        });
        let conditions = by_id.chain(by_names).chain(by_full_name);
        let queries = conditions.map(|(condition, stays, by_name)| {
            format!(
                "SELECT s.kind, s.schema, s.name, s.oid, {extension}, {shown}, {makes}, \
                 hashtextextended(concat_ws(chr(31), {digest}), 0)::text, {}, {by_name} \
                 FROM ONLY {} r JOIN subjects s ON {condition}",
                self.is_dumped && stays,
                self.sql,
            )
        });
        queries.collect()
    }
}

/// Returns the registrations of these; with the trusted path.
pub(super) fn registrations(
    client: &mut Client,
    subjects: &Subjects<'_>,
) -> Result<Vec<Registration>, postgres::Error> {
    let (relations, schemas, gone): (&[Oid], &[Oid], _) = match subjects {
        Subjects::All => (&[], &[], &[][..]),
        Subjects::These { relations, schemas, gone } => (relations, schemas, *gone),
    };
    let (schema_names, names): (Vec<&str>, Vec<&str>) = gone.iter().copied().unzip();
    let is_all = matches!(subjects, Subjects::All);
    let tables = tables(client)?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = tables.iter().flat_map(|table| table.queries(&tables)).collect();
    let rows: String = rows.iter().map(|query| format!("\nUNION {query}")).collect();
    let sql = format!(
        "WITH ids AS (
    SELECT 'pg_class'::regclass::oid AS class, c.oid, nspname::text AS schema, relname::text AS name,
           CASE relkind WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
                        WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'f', 'v', 'm')
      AND CASE WHEN $5 THEN c.oid >= 16384 AND nspname !~ '^pg_(toast|temp)'
                   AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = 'pg_class'::regclass
                                   AND m.objid = c.oid AND m.deptype = 'e')
               ELSE c.oid = ANY ($1) END
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, '', nspname, 'schema' FROM pg_namespace
    WHERE CASE WHEN $5 THEN oid >= 16384 ELSE oid = ANY ($2) OR nspname = ANY ($3)
               OR oid IN (SELECT relnamespace FROM pg_class WHERE oid = ANY ($1)) END
    UNION ALL
    SELECT 0::oid, 0::oid, gone.schema, gone.name, 'table'
    FROM unnest($3::text[], $4::text[]) AS gone(schema, name)
    WHERE to_regclass(format('%I.%I', gone.schema, gone.name)) IS NULL
),
subjects AS (
    SELECT *, CASE WHEN schema <> '' THEN schema || '.' || name END AS full_name,
           CASE WHEN schema <> '' THEN format('%I.%I', schema, name) END AS quoted
    FROM ids
)
SELECT s.kind, s.schema, s.name, s.oid, e.extname::text, 'pg_depend', NULL::text, '', false, false
FROM subjects s
JOIN pg_depend d ON d.classid = s.class AND d.objid = s.oid
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
WHERE d.deptype NOT IN ('e', 'x')
UNION
SELECT s.kind, s.schema, s.name, s.oid, COALESCE(e.extname::text, ''), d.classid::regclass::text,
       NULL, d.objid::text, false, false
FROM subjects s
JOIN pg_depend d ON d.refclassid = s.class AND d.refobjid = s.oid AND d.classid >= 16384
LEFT JOIN pg_depend m ON m.classid = 'pg_class'::regclass AND m.objid = d.classid AND m.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = m.refobjid{rows}
ORDER BY 1, 2, 3, 5, 6, 8"
    );
    let found = client.query_typed(
        &sql,
        &[
            (&relations, Type::OID_ARRAY),
            (&schemas, Type::OID_ARRAY),
            (&schema_names, Type::TEXT_ARRAY),
            (&names, Type::TEXT_ARRAY),
            (&is_all, Type::BOOL),
        ],
    )?;
    let found = found.iter().map(|row| Registration {
        kind: row.get(0),
        schema: row.get(1),
        name: row.get(2),
        object: row.get(3),
        extension: row.get(4),
        relation: row.get(5),
        makes: row.get(6),
        digest: row.get(7),
        is_dumped: row.get(8),
        by_name: row.get(9),
    });
    let mut found: Vec<_> = found.collect();
    // The dependency is only of interest where nothing else is known.
    let known: Vec<_> = found
        .iter()
        .filter(|it| it.relation != "pg_depend")
        .map(|it| (it.object, it.extension.clone()))
        .collect();
    found.retain(|it| {
        it.relation != "pg_depend" || !known.contains(&(it.object, it.extension.clone()))
    });
    Ok(found)
}
