//! Sequences, those of identity columns among them.

use migrate_dsl::quote_literal;
use postgres::types::Type;
use postgres::{Client, Row};

use super::super::kind::Kind;
use super::super::objects::{Found, ids};
use super::super::privileges;
use super::{Facts, Reader};

/// A form and its values: the parameters of a sequence `s`, without its type.
pub(super) const PARAMETERS: (&str, &str) = (
    "START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s",
    "seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END",
);

pub(super) const SEQUENCES: Reader = Reader::of(&[Kind::Sequence], sequences);

fn sequences() -> String {
    let (form, values) = PARAMETERS;
    let acl = privileges::sql('s', "'SEQUENCE ' || name", "''", "relacl", "relowner");
    format!(
        "
SELECT 'pg_class', c.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_class c ON c.oid = objid
JOIN pg_sequence ON seqrelid = c.oid
LEFT JOIN pg_depend ON classid = 'pg_class'::regclass AND pg_depend.objid = c.oid
    AND deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass AND refobjsubid > 0
LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
CROSS JOIN LATERAL (
    SELECT c.oid::regclass::text AS name, format('{form}', {values}) AS parameters,
           attrelid::regclass::text AS relation, COALESCE(deptype = 'i', false) AS identity,
           CASE WHEN deptype = 'a' THEN format('%s.%I', attrelid::regclass, attname) END AS owner,
           CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated
    OFFSET 0
) AS s
CROSS JOIN LATERAL (VALUES
    -- the two may have the same name
    ('create', CASE WHEN identity THEN 'identity' END, ARRAY[CASE
        WHEN identity
        THEN format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
                    relation, attname, generated, name, parameters)
        ELSE format('CREATE %sSEQUENCE %s AS %s %s',
                    CASE relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, name,
                    format_type(seqtypid, NULL), parameters) END]),
    ('drop', NULL, ARRAY[CASE
        WHEN identity
        THEN format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', relation, attname)
        ELSE format('DROP SEQUENCE %s', name) END]),
    ('with', NULL, CASE WHEN identity THEN ARRAY['pg_class', attrelid::text, attnum::text] END),
    ('change parameters', format_type(seqtypid, NULL) || ' ' || parameters,
        ARRAY[format('ALTER SEQUENCE %s AS %s %s', name, format_type(seqtypid, NULL), parameters)]),
    ('change identity', CASE WHEN identity THEN generated END,
        CASE WHEN identity
             THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED %s', relation, attname,
                               generated)] END),
    ('change persistence', relpersistence::text, CASE WHEN attrelid IS NULL THEN
        ARRAY[format('ALTER SEQUENCE %s SET %s', name,
                     CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END)] END),
    -- it must have the owner of its table by then, and does not change hands without that
    ('last owned by', owner,
        CASE WHEN NOT identity
             THEN ARRAY[format('ALTER SEQUENCE %s OWNED BY %s', name, COALESCE(owner, 'NONE'))] END),
    ('change owned by', owner,
        CASE WHEN NOT identity THEN ARRAY[format('ALTER SEQUENCE %s OWNED BY NONE', name)] END),
    ('owner', COALESCE('that of ' || owner, relowner::regrole::text), CASE WHEN NOT identity
        THEN ARRAY[format('ALTER SEQUENCE %s OWNER TO %s', name, relowner::regrole)] END),
    ('acl s', NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL OR what IN ('create', 'drop')"
    )
}

/// Reads the positions of sequences, each from the sequence itself. That of a column continues after
/// the values that the column has by then.
pub(super) fn positions(
    client: &mut Client,
    found: &[Found],
    facts: &mut Facts,
) -> Result<(), postgres::Error> {
    let sequences = found.iter().filter(|found| found.key.kind == Kind::Sequence);
    let (ids, _) = ids(sequences.map(|found| &found.address));
    if ids.is_empty() {
        return Ok(());
    }
    let readable = client.query_typed(
        "
SELECT c.oid::text, c.oid::regclass::text, seqstart::text, quote_ident(attname), attrelid::regclass::text,
       CASE WHEN seqincrement > 0 THEN 'max' ELSE 'min' END,
       CASE WHEN seqincrement > 0 THEN 'greatest' ELSE 'least' END,
       CASE WHEN seqincrement > 0 THEN '>=' ELSE '<=' END,
       CASE WHEN seqincrement > 0 THEN format('least(%s, ', seqmax)
            ELSE format('greatest(%s, ', seqmin) END
FROM pg_class c
JOIN pg_sequence ON seqrelid = c.oid
LEFT JOIN (pg_depend
           JOIN pg_class t ON t.oid = refobjid AND t.relkind IN ('r', 'p')
           JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
               AND atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype))
    ON classid = 'pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i')
    AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND NOT seqcycle
WHERE c.oid = ANY ($1) AND NOT pg_is_other_temp_schema(c.relnamespace)
  -- it raises an error for what is no sequence, and the planner may ask it first
  AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE false END
  AND has_schema_privilege(c.relnamespace, 'USAGE')",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    let position = |row: &Row| {
        let text = |column: usize| row.get::<_, Option<String>>(column).unwrap_or_default();
        let (id, name, start) = (text(0), text(1), text(2));
        let sequence = quote_literal(&quote_literal(&name));
        let set = if text(3).is_empty() {
            format!(
                "format('SELECT pg_catalog.setval(%s, %s, %s)', {sequence}, last_value, is_called::text)"
            )
        } else {
            let [column, table, most, more, beyond, within] = [3, 4, 5, 6, 7, 8].map(text);
            let column_of = quote_literal(&format!("{most}({column})"));
            format!(
                "format('SELECT pg_catalog.setval(%s, {within}{more}(%s, %s)), ' \
                        || CASE WHEN is_called THEN 'true' ELSE 'COALESCE(%3$s {beyond} %2$s, false)' END \
                        || ') FROM %4$s', {sequence}, last_value, {column_of}, {table})",
                table = quote_literal(&table),
            )
        };
        format!(
            "SELECT 'pg_class', {id}::oid, 0::int8, 'late-once value',
                    CASE WHEN is_called OR last_value <> {start} THEN concat(last_value, is_called) END,
                    ARRAY[{set}]
             FROM {name}"
        )
    };
    let positions: Vec<_> = readable.iter().map(position).collect();
    // The server's parser recurses once for each.
    for some in positions.chunks(100) {
        let rows = client.query_typed(&some.join("\nUNION ALL\n"), &[])?;
        rows.iter().try_for_each(|row| facts.take(row))?;
    }
    Ok(())
}
