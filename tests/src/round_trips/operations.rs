//! Every DROP, ALTER, REVOKE and COMMENT that applies to each object of a database.

use migrate_core::plan::Object;
use postgres::Client;

/// A statement, and the object that it is about.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) sql: String,
    pub(super) object: Object,
    /// What reverts it where no child of its table has anything of its own.
    pub(super) derived: Option<String>,
    /// Whether another object has the name in the end. Its rows are retained if it can be changed to
    /// the previous definition; if not, the inverse fails.
    pub(super) is_other: bool,
    /// The table that it is about, as statements write it.
    pub(super) table: Option<String>,
}

/// The first words of a statement, without names: `ALTER TABLE DROP COLUMN CASCADE`.
pub(super) fn kind(sql: &str) -> String {
    let words = sql.split(|letter: char| letter.is_whitespace() || letter == ',');
    let words: Vec<_> = words
        .filter(|word| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase()))
        .take(5)
        .collect();
    words.join(" ")
}

/// `%1$s` is the object, `%2$s` what it belongs to, `%3$I` its name alone, `%4$s` its kind, `%5$I` its
/// schema. Behind `=>` stands what reverts it; `OTHER:` stands before what has another object of the
/// same name in the end, `TABLE:` before what needs the whole table.
const TEMPLATES: &[(&str, &str, &[&str])] = &[
    (
        "relation",
        "kind IN ('table', 'foreign table')",
        &[
            "DROP TABLE %1$s",
            "DROP TABLE %1$s CASCADE",
            "DROP FOREIGN TABLE %1$s CASCADE",
            "ALTER TABLE %1$s RENAME TO renamed",
            "ALTER TABLE %1$s SET SCHEMA \"Odd one\"",
            "ALTER TABLE %1$s SET SCHEMA public",
            "ALTER TABLE %1$s OWNER TO {bob}",
            "ALTER TABLE %1$s SET (fillfactor = 50)",
            "ALTER TABLE %1$s RESET (fillfactor)",
            "ALTER TABLE %1$s SET UNLOGGED",
            "ALTER TABLE %1$s SET LOGGED",
            "ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE %1$s FORCE ROW LEVEL SECURITY",
            "ALTER TABLE %1$s REPLICA IDENTITY NOTHING",
            "ALTER TABLE %1$s DISABLE TRIGGER ALL",
            "ALTER TABLE %1$s DISABLE TRIGGER USER",
            "ALTER TABLE %1$s ENABLE TRIGGER ALL",
            "ALTER TABLE %1$s SET WITHOUT CLUSTER",
            "ALTER TABLE %1$s NOT OF",
            "ALTER TABLE %1$s ADD COLUMN added int DEFAULT 4 NOT NULL",
            "ALTER TABLE %1$s ADD CHECK (id IS NOT NULL)",
            "ALTER TABLE %1$s ADD PRIMARY KEY (id)",
            "ALTER TABLE %1$s INHERIT audit",
            "COMMENT ON TABLE %1$s IS 'other'",
            "REVOKE ALL ON %1$s FROM {ann}, {bob}",
            "GRANT ALL ON %1$s TO {ann} WITH GRANT OPTION",
            "CREATE INDEX ON %1$s (id)",
            "ALTER TABLE %1$s RENAME TO moved; CREATE TABLE %1$s (id int)",
            "ALTER TABLE %1$s RENAME TO moved; CREATE VIEW %1$s AS SELECT * FROM %5$I.moved",
            "OTHER:DROP TABLE %1$s CASCADE; CREATE TABLE %1$s (id int, other text)",
            "OTHER:CREATE TABLE %5$I.moved (LIKE %1$s INCLUDING ALL); DROP TABLE %1$s CASCADE; ALTER TABLE %5$I.moved RENAME TO %3$I",
        ],
    ),
    (
        "relation",
        "kind = 'table'",
        &[
            "CREATE INDEX added ON %1$s (id) => DROP INDEX %5$I.added",
            "CREATE UNIQUE INDEX added ON %1$s (id) => DROP INDEX %5$I.added",
            "ALTER TABLE %1$s ADD CONSTRAINT added UNIQUE (id) => ALTER TABLE %1$s DROP CONSTRAINT added",
            "ALTER TABLE %1$s ADD CONSTRAINT added FOREIGN KEY (id) REFERENCES public.target => ALTER TABLE %1$s DROP CONSTRAINT added",
            "ALTER TABLE %1$s ADD CONSTRAINT own_check CHECK (id IS NOT NULL) => ALTER TABLE %1$s DROP CONSTRAINT own_check",
            "ALTER TABLE %1$s ADD COLUMN added int NOT NULL DEFAULT 4 => ALTER TABLE %1$s DROP COLUMN added",
        ],
    ),
    (
        "relation",
        "kind IN ('view', 'materialized view')",
        &[
            "DROP VIEW %1$s",
            "DROP VIEW %1$s CASCADE",
            "DROP MATERIALIZED VIEW %1$s CASCADE",
            "ALTER VIEW %1$s RENAME TO renamed",
            "ALTER VIEW %1$s RENAME COLUMN id TO idd",
            "ALTER VIEW %1$s SET SCHEMA shop",
            "ALTER VIEW %1$s OWNER TO {ann}",
            "ALTER VIEW %1$s SET (security_barrier = false)",
            "ALTER VIEW %1$s RESET (security_barrier)",
            "ALTER VIEW %1$s ALTER id SET DEFAULT 8",
            "ALTER MATERIALIZED VIEW %1$s RENAME TO renamed",
            "ALTER MATERIALIZED VIEW %1$s SET SCHEMA shop",
            "ALTER MATERIALIZED VIEW %1$s OWNER TO {ann}",
            "COMMENT ON VIEW %1$s IS 'other'",
            "COMMENT ON MATERIALIZED VIEW %1$s IS 'other'",
            "REVOKE ALL ON %1$s FROM {ann}",
            "ALTER TABLE %1$s RENAME TO moved; CREATE VIEW %1$s AS SELECT 1 AS id",
            "OTHER:DROP VIEW %1$s CASCADE; CREATE TABLE %1$s (id int)",
        ],
    ),
    (
        "relation",
        "kind = 'sequence'",
        &[
            "DROP SEQUENCE %1$s",
            "DROP SEQUENCE %1$s CASCADE",
            "ALTER SEQUENCE %1$s OWNED BY NONE",
            "ALTER SEQUENCE %1$s OWNED BY audit.what",
            "ALTER SEQUENCE %1$s INCREMENT 3 CYCLE",
            "ALTER SEQUENCE %1$s AS bigint",
            "ALTER SEQUENCE %1$s RENAME TO renamed",
            "ALTER SEQUENCE %1$s SET SCHEMA \"Odd one\"",
            "ALTER SEQUENCE %1$s OWNER TO {bob}",
            "GRANT USAGE ON SEQUENCE %1$s TO {bob}",
            "ALTER SEQUENCE %1$s RENAME TO moved; CREATE SEQUENCE %1$s",
        ],
    ),
    (
        "relation",
        "kind = 'index'",
        &[
            "DROP INDEX %1$s",
            "DROP INDEX %1$s CASCADE",
            "ALTER INDEX %1$s RENAME TO renamed",
            "ALTER INDEX %1$s SET (fillfactor = 44)",
            "ALTER INDEX %1$s RESET (fillfactor)",
            "COMMENT ON INDEX %1$s IS 'other'",
        ],
    ),
    (
        "column",
        "true",
        &[
            "ALTER TABLE %2$s DROP COLUMN %3$I",
            "ALTER TABLE %2$s DROP COLUMN %3$I CASCADE",
            "ALTER TABLE ONLY %2$s DROP COLUMN %3$I CASCADE",
            "ALTER TABLE %2$s RENAME COLUMN %3$I TO renamed",
            "ALTER TABLE %2$s ALTER %3$I TYPE text",
            "ALTER TABLE %2$s ALTER %3$I TYPE bigint",
            "ALTER TABLE %2$s ALTER %3$I TYPE varchar(99)",
            "ALTER TABLE %2$s ALTER %3$I SET NOT NULL",
            "ALTER TABLE %2$s ALTER %3$I DROP NOT NULL",
            "ALTER TABLE %2$s ALTER %3$I DROP DEFAULT",
            "ALTER TABLE ONLY %2$s ALTER %3$I DROP DEFAULT",
            "ALTER TABLE %2$s ALTER %3$I SET DEFAULT NULLIF(NULL, NULL)",
            "ALTER TABLE %2$s ALTER %3$I DROP IDENTITY",
            "ALTER TABLE %2$s ALTER %3$I ADD GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE %2$s ALTER %3$I SET GENERATED BY DEFAULT",
            "ALTER TABLE %2$s ALTER %3$I DROP EXPRESSION",
            "ALTER TABLE %2$s ALTER %3$I SET STATISTICS 7",
            "ALTER TABLE %2$s ALTER %3$I SET STORAGE MAIN",
            "ALTER TABLE %2$s ALTER %3$I RESET (n_distinct)",
            "COMMENT ON COLUMN %2$s.%3$I IS 'other'",
            "REVOKE ALL (%3$I) ON %2$s FROM {ann}",
            "TABLE:ALTER TABLE %2$s RENAME COLUMN %3$I TO moved; ALTER TABLE %2$s ADD COLUMN %3$I int",
            "OTHER:TABLE:ALTER TABLE %2$s DROP COLUMN %3$I CASCADE; ALTER TABLE %2$s ADD COLUMN %3$I text",
            "OTHER:TABLE:ALTER TABLE %2$s ADD COLUMN moved int; ALTER TABLE %2$s DROP COLUMN %3$I CASCADE; ALTER TABLE %2$s RENAME COLUMN moved TO %3$I",
            "TABLE:ALTER TABLE %2$s RENAME COLUMN id TO moved; ALTER TABLE %2$s RENAME COLUMN %3$I TO id; ALTER TABLE %2$s RENAME COLUMN moved TO %3$I",
        ],
    ),
    (
        "constraint",
        "true",
        &[
            "ALTER TABLE %2$s DROP CONSTRAINT %3$I",
            "ALTER TABLE %2$s DROP CONSTRAINT %3$I CASCADE",
            "ALTER TABLE %2$s RENAME CONSTRAINT %3$I TO renamed",
            "ALTER TABLE %2$s VALIDATE CONSTRAINT %3$I",
            "ALTER TABLE %2$s ALTER CONSTRAINT %3$I DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE %2$s ALTER CONSTRAINT %3$I NOT DEFERRABLE",
            "COMMENT ON CONSTRAINT %3$I ON %2$s IS 'other'",
            "TABLE:ALTER TABLE %2$s RENAME CONSTRAINT %3$I TO moved; ALTER TABLE %2$s ADD CONSTRAINT %3$I CHECK (id < 99)",
            "TABLE:ALTER TABLE %2$s DROP CONSTRAINT %3$I CASCADE; ALTER TABLE %2$s ADD CONSTRAINT %3$I CHECK (id < 99)",
        ],
    ),
    (
        "trigger",
        "true",
        &[
            "DROP TRIGGER %3$I ON %2$s",
            "ALTER TRIGGER %3$I ON %2$s RENAME TO renamed",
            "ALTER TABLE %2$s DISABLE TRIGGER %3$I",
            "ALTER TABLE %2$s ENABLE ALWAYS TRIGGER %3$I",
            "COMMENT ON TRIGGER %3$I ON %2$s IS 'other'",
            "TABLE:ALTER TRIGGER %3$I ON %2$s RENAME TO moved; CREATE TRIGGER %3$I BEFORE DELETE ON %2$s FOR EACH STATEMENT EXECUTE FUNCTION public.touch()",
        ],
    ),
    (
        "rule",
        "true",
        &[
            "DROP RULE %3$I ON %2$s",
            "ALTER RULE %3$I ON %2$s RENAME TO renamed",
            "ALTER TABLE %2$s DISABLE RULE %3$I",
        ],
    ),
    (
        "policy",
        "true",
        &[
            "DROP POLICY %3$I ON %2$s",
            "ALTER POLICY %3$I ON %2$s RENAME TO renamed",
            "ALTER POLICY %3$I ON %2$s TO {bob}",
            "TABLE:ALTER POLICY %3$I ON %2$s RENAME TO moved; CREATE POLICY %3$I ON %2$s TO {bob}",
        ],
    ),
    (
        "routine",
        "true",
        &[
            "DROP ROUTINE %1$s",
            "DROP ROUTINE %1$s CASCADE",
            "ALTER ROUTINE %1$s RENAME TO renamed",
            "ALTER ROUTINE %1$s OWNER TO {bob}",
            "ALTER ROUTINE %1$s SET SCHEMA \"Odd one\"",
            "ALTER FUNCTION %1$s STRICT",
            "ALTER FUNCTION %1$s SET work_mem = '5MB'",
            "COMMENT ON ROUTINE %1$s IS 'other'",
            "REVOKE EXECUTE ON ROUTINE %1$s FROM PUBLIC",
        ],
    ),
    (
        "type",
        "true",
        &[
            "DROP TYPE %1$s",
            "DROP TYPE %1$s CASCADE",
            "DROP DOMAIN %1$s",
            "DROP DOMAIN %1$s CASCADE",
            "ALTER TYPE %1$s RENAME TO renamed",
            "ALTER TYPE %1$s SET SCHEMA \"Odd one\"",
            "ALTER TYPE %1$s OWNER TO {bob}",
            "ALTER TYPE %1$s RENAME VALUE 'sad' TO 'blue'",
            "ALTER TYPE %1$s ADD VALUE 'new'",
            "ALTER TYPE %1$s ADD ATTRIBUTE c int CASCADE",
            "ALTER TYPE %1$s DROP ATTRIBUTE a CASCADE",
            "ALTER TYPE %1$s DROP ATTRIBUTE b CASCADE",
            "ALTER TYPE %1$s RENAME ATTRIBUTE a TO aa CASCADE",
            "ALTER TYPE %1$s ALTER ATTRIBUTE a TYPE bigint CASCADE",
            "ALTER DOMAIN %1$s DROP DEFAULT",
            "ALTER DOMAIN %1$s SET DEFAULT 9",
            "ALTER DOMAIN %1$s DROP NOT NULL",
            "ALTER DOMAIN %1$s SET NOT NULL",
            "ALTER DOMAIN %1$s DROP CONSTRAINT above",
            "ALTER DOMAIN %1$s RENAME CONSTRAINT above TO over",
            "ALTER DOMAIN %1$s ADD CHECK (VALUE IS NOT NULL)",
            "COMMENT ON TYPE %1$s IS 'other'",
            "REVOKE ALL ON TYPE %1$s FROM PUBLIC",
            "ALTER TYPE %1$s RENAME TO moved; CREATE TYPE %1$s AS ENUM ('x')",
            "ALTER TYPE %1$s RENAME VALUE 'sad' TO 'moved'; ALTER TYPE %1$s RENAME VALUE 'happy' TO 'sad'; ALTER TYPE %1$s RENAME VALUE 'moved' TO 'happy'",
        ],
    ),
    (
        "other",
        "true",
        &[
            "DROP %4$s %1$s",
            "DROP %4$s %1$s CASCADE",
            "ALTER %4$s %1$s RENAME TO renamed",
            "ALTER %4$s %1$s OWNER TO {ann}",
            "ALTER %4$s %1$s SET SCHEMA \"Odd one\"",
            "COMMENT ON %4$s %1$s IS 'other'",
            "ALTER STATISTICS %1$s SET STATISTICS 8",
            "ALTER PUBLICATION %1$s SET (publish = 'delete')",
            "ALTER PUBLICATION %1$s ADD TABLE audit",
            "ALTER PUBLICATION %1$s SET TABLE audit",
            "ALTER PUBLICATION %1$s DROP TABLES IN SCHEMA shop",
            "GRANT USAGE ON SCHEMA %1$s TO PUBLIC",
            "REVOKE ALL ON SCHEMA %1$s FROM {ann}",
        ],
    ),
    (
        "link",
        "true",
        &[
            "ALTER TABLE %2$s DETACH PARTITION %1$s",
            "ALTER TABLE %1$s NO INHERIT %2$s",
            "ALTER INDEX %2$s ATTACH PARTITION %1$s",
        ],
    ),
];

/// What others do to a table between `up` and `down`. What does not apply to it is refused.
const OTHERS: &[&str] = &[
    "ALTER TABLE %1$s ADD COLUMN others_column int",
    "ALTER TABLE %1$s ADD COLUMN others_column int DEFAULT 3 NOT NULL",
    "ALTER TABLE %1$s ADD CONSTRAINT others_check CHECK (id < 1000)",
    "ALTER TABLE %1$s ALTER id SET STATISTICS 11",
    "ALTER TABLE %1$s SET (autovacuum_vacuum_threshold = 77)",
    "ALTER TABLE %1$s OWNER TO {ann}",
    "COMMENT ON TABLE %1$s IS 'theirs'",
    "CREATE INDEX others_index ON %1$s (id)",
    "CREATE UNIQUE INDEX others_index ON %1$s (id)",
    "CREATE STATISTICS public.others_statistics ON id, tableoid FROM %1$s",
    "CREATE POLICY others_policy ON %1$s TO {bob}",
    "CREATE RULE others_rule AS ON DELETE TO %1$s WHERE old.id = 5 DO NOTHING",
    "CREATE TRIGGER others_trigger BEFORE UPDATE ON %1$s FOR EACH ROW EXECUTE FUNCTION public.touch()",
    "CREATE VIEW public.others_view AS SELECT count(*) FROM %1$s",
    "CREATE VIEW public.others_view AS SELECT id FROM %1$s",
    "CREATE TABLE public.others_child () INHERITS (%1$s)",
    "CREATE TABLE public.others_partition PARTITION OF %1$s FOR VALUES IN (-7)",
    "CREATE TABLE public.others_partition PARTITION OF %1$s FOR VALUES FROM (-9) TO (-5)",
    "CREATE TABLE public.others_table (id int REFERENCES %1$s (id))",
    "GRANT SELECT ON %1$s TO {bob}",
    "GRANT UPDATE (id) ON %1$s TO {bob}",
    "DROP TABLE %1$s",
    "ALTER TABLE %2$s DETACH PARTITION %1$s",
    "ALTER TABLE %1$s RENAME TO others_name",
];

/// The objects: class of templates, kind, schema, name, member, arguments, and how statements write
/// the object and what it belongs to.
const OBJECTS: &str = "
WITH schemas AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('public', 'shop', 'Odd one')),
relations AS (
    SELECT c.oid, nspname, relname, relkind, format('%I.%I', nspname, relname) AS full_name,
           CASE relkind WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                        WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END AS kind
    FROM pg_class c JOIN schemas n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I')
)
SELECT 'relation' AS of, kind, nspname::text AS schema, relname::text AS name, NULL::text AS member,
       NULL::text[] AS arguments, full_name AS written, NULL::text AS belongs
FROM relations
UNION ALL
SELECT 'column', 'column', nspname, relname, attname, NULL, NULL, full_name
FROM relations JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'constraint', 'constraint', nspname, relname, conname, NULL, NULL, full_name
FROM relations r JOIN pg_constraint ON conrelid = r.oid AND contype <> 't'
    -- not what PostgreSQL makes for the partitions that a foreign key refers to
    AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = pg_constraint.conparentid AND p.conrelid = r.oid)
UNION ALL
SELECT 'trigger', 'trigger', nspname, relname, tgname, NULL, NULL, full_name
FROM relations r JOIN pg_trigger ON tgrelid = r.oid AND NOT tgisinternal
UNION ALL
SELECT 'rule', 'rule', nspname, relname, rulename, NULL, NULL, full_name
FROM relations r JOIN pg_rewrite ON ev_class = r.oid AND rulename <> '_RETURN'
UNION ALL
SELECT 'policy', 'policy', nspname, relname, polname, NULL, NULL, full_name
FROM relations r JOIN pg_policy ON polrelid = r.oid
UNION ALL
SELECT 'routine', 'function', nspname, proname, NULL,
       ARRAY(SELECT format_type(argument, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS a(argument, number) ORDER BY number),
       p.oid::regprocedure::text, NULL
FROM pg_proc p JOIN schemas n ON n.oid = pronamespace
-- as in pg_dump
WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'i')
UNION ALL
SELECT 'type', CASE typtype WHEN 'd' THEN 'domain' ELSE 'type' END, nspname, typname, NULL, NULL,
       format('%I.%I', nspname, typname), NULL
FROM pg_type t JOIN schemas n ON n.oid = typnamespace
WHERE typtype IN ('e', 'd', 'r') OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
UNION ALL
SELECT 'other', 'schema', NULL, nspname, NULL, NULL, quote_ident(nspname), NULL FROM schemas
UNION ALL
SELECT 'other', 'statistics', nspname, stxname, NULL, NULL, format('%I.%I', nspname, stxname), NULL
FROM pg_statistic_ext JOIN schemas n ON n.oid = stxnamespace
UNION ALL
SELECT 'other', 'collation', nspname, collname, NULL, NULL, format('%I.%I', nspname, collname), NULL
FROM pg_collation JOIN schemas n ON n.oid = collnamespace
UNION ALL
SELECT 'other', 'publication', NULL, pubname, NULL, NULL, quote_ident(pubname), NULL FROM pg_publication
UNION ALL
SELECT 'other', 'cast', NULL, '', NULL, ARRAY[format_type(castsource, NULL), format_type(casttarget, NULL)],
       format('(%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)), NULL
FROM pg_cast WHERE oid >= 16384
UNION ALL
SELECT 'other', 'operator', nspname, oprname, NULL, ARRAY[format_type(oprleft, NULL), format_type(oprright, NULL)],
       format('%I.%s (%s, %s)', nspname, oprname, format_type(oprleft, NULL), format_type(oprright, NULL)), NULL
FROM pg_operator JOIN schemas n ON n.oid = oprnamespace
UNION ALL
SELECT 'other', 'server', NULL, srvname, NULL, NULL, quote_ident(srvname), NULL FROM pg_foreign_server
UNION ALL
SELECT 'other', 'foreign data wrapper', NULL, fdwname, NULL, NULL, quote_ident(fdwname), NULL FROM pg_foreign_data_wrapper
UNION ALL
SELECT 'link', kind, c.nspname, c.relname, NULL, NULL, full_name, inhparent::regclass::text
FROM pg_inherits JOIN relations c ON c.oid = inhrelid";

/// All of them, in an order of their own.
pub(super) fn operations(client: &mut Client, roles: &dyn Fn(&str) -> String) -> Vec<Operation> {
    let mut operations = Vec::new();
    client.batch_execute("SET search_path = ''").expect("a setting can be set");
    for (class, condition, templates) in TEMPLATES {
        let templates: Vec<_> = templates.iter().map(|template| roles(template)).collect();
        let sql = format!(
            "SELECT format(template, written, belongs, COALESCE(member, name), upper(kind), schema),
                    kind, schema, name, member, arguments,
                    CASE WHEN of IN ('relation', 'link') THEN written ELSE belongs END,
                    (SELECT CASE relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END
                     FROM pg_class WHERE pg_class.oid = to_regclass(belongs))
             FROM ({OBJECTS}) AS o CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS t(template, number)
             WHERE of = '{class}' AND {condition}
             ORDER BY kind, schema, name, member, number, 1"
        );
        let rows = client.query(&sql, &[&templates]).unwrap_or_else(|error| panic!("{error:?}"));
        operations.extend(rows.iter().map(|row| {
            let (sql, derived) = match row.get::<_, &str>(0).split_once(" => ") {
                Some((sql, derived)) => (sql.to_owned(), Some(derived.to_owned())),
                None => (row.get(0), None),
            };
            let (is_other, sql) = match sql.strip_prefix("OTHER:") {
                Some(sql) => (true, sql.to_owned()),
                None => (false, sql),
            };
            let (kind, member, sql) = match sql.strip_prefix("TABLE:") {
                Some(sql) => (row.get(7), None, sql.to_owned()),
                None => (row.get(1), row.get(4), sql),
            };
            let object = Object {
                kind,
                schema: row.get(2),
                name: row.get(3),
                member,
                arguments: row.get(5),
            };
            Operation { sql, derived, object, is_other, table: row.get(6) }
        }));
    }
    client.batch_execute("RESET search_path").expect("a setting can be reset");
    operations
}

/// Returns what others do, by the table that they do it to.
pub(super) fn by_others(
    client: &mut Client,
    roles: &dyn Fn(&str) -> String,
) -> Vec<(String, String)> {
    let templates: Vec<_> = OTHERS.iter().map(|template| roles(template)).collect();
    let sql = "
        SELECT name, format(template, name, parent)
        FROM (SELECT format('%I.%I', nspname, relname) AS name,
                     (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid LIMIT 1) AS parent
              FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
              WHERE relkind IN ('r', 'p') AND nspname IN ('public', 'shop', 'Odd one')
                -- what triggers write to is part of the comparison
                AND relname <> 'audit') AS tables
        CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS t(template, number)
        ORDER BY name, number";
    let rows = client.query(sql, &[&templates]).unwrap_or_else(|error| panic!("{error:?}"));
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}
