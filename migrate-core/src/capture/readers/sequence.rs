//! Sequences, those of identity columns among them.

use super::super::privileges;
use super::Reader;

/// A form and its values: the parameters of a sequence `s`, without its type.
pub(super) const PARAMETERS: (&str, &str) = (
    "START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s",
    "seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END",
);

pub(super) const SEQUENCES: Reader = Reader::of(&["sequence"], sequences);

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
           CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated,
           CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT') AND relpersistence <> 't'
                THEN pg_sequence_last_value(c.oid) END AS last
) AS s
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[CASE
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
    ('once value', last::text, ARRAY[format('SELECT pg_catalog.setval(%L, %s)', name, last)]),
    ('change parameters', format_type(seqtypid, NULL) || ' ' || parameters,
        ARRAY[format('ALTER SEQUENCE %s AS %s %s', name, format_type(seqtypid, NULL), parameters)]),
    ('change identity', CASE WHEN identity THEN generated END,
        CASE WHEN identity
             THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED %s', relation, attname,
                               generated)] END),
    ('change persistence', relpersistence::text, CASE WHEN attrelid IS NULL THEN
        ARRAY[format('ALTER SEQUENCE %s SET %s', name,
                     CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END)] END),
    ('late owned by', owner,
        CASE WHEN NOT identity
             THEN ARRAY[format('ALTER SEQUENCE %s OWNED BY %s', name, COALESCE(owner, 'NONE'))] END),
    ('owner', relowner::regrole::text, CASE WHEN attrelid IS NULL
        THEN ARRAY[format('ALTER SEQUENCE %s OWNER TO %s', name, relowner::regrole)] END),
    ('acl s', NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL OR what IN ('create', 'drop')"
    )
}
