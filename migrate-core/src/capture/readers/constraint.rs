//! Constraints of tables.

use super::Reader;

pub(super) const CONSTRAINTS: Reader = Reader::of(&["table constraint"], constraints);

/// What a table has inherited comes with the parent's, except that of a partition whose constraint
/// rests on an index: that is made by itself and then joined to the parent's. `NOT NULL`, from 18
/// on a constraint, is read with its column.
fn constraints() -> String {
    "
SELECT 'pg_constraint', k.oid, 0::int8, what, value, statements
FROM (
    SELECT k.*, conrelid::regclass::text AS relation, pg_get_constraintdef(k.oid) AS definition,
           CASE WHEN condeferrable THEN 'DEFERRABLE' ELSE 'NOT DEFERRABLE' END
           || CASE WHEN condeferred THEN ' INITIALLY DEFERRED' ELSE ' INITIALLY IMMEDIATE' END AS time,
           (SELECT relkind FROM pg_class c WHERE c.oid = conrelid) AS relkind
    FROM wanted JOIN pg_constraint k ON k.oid = objid
) AS k
CROSS JOIN LATERAL (VALUES
    ('create', CASE WHEN contype = 'f'
                    THEN regexp_replace(definition, '( NOT)? DEFERRABLE| INITIALLY (DEFERRED|IMMEDIATE)', '', 'g')
                    ELSE definition END,
        ARRAY[format('ALTER TABLE %s%s ADD CONSTRAINT %I %s',
                     CASE WHEN contype IN ('p', 'u', 'x') THEN 'ONLY ' END, relation, conname, definition)]),
    ('drop', NULL, ARRAY[format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname)]),
    ('needs', NULL, CASE WHEN contype = 'f' THEN ARRAY['pg_class', confrelid::text, '0', 'n'] END),
    ('name', quote_ident(conname), ARRAY[format('ALTER TABLE %s RENAME CONSTRAINT ', relation), ' TO ']),
    ('change time', CASE WHEN contype = 'f' THEN time END, CASE WHEN contype = 'f' THEN
        ARRAY[format('ALTER TABLE %s ALTER CONSTRAINT %I %s', relation, conname, time)] END)
) AS rows(what, value, statements)
WHERE statements IS NOT NULL
  AND (contype IN ('p', 'u', 'x') OR contype = 'c' AND conislocal OR contype = 'f' AND conparentid = 0)"
        .to_owned()
}
