//! Constraints of tables.

use super::Reader;

pub(super) const CONSTRAINTS: Reader = Reader::of(&["table constraint"], constraints);

/// What a table has inherited comes with the parent's, except that of a partition whose constraint
/// rests on an index: that is made by itself and then joined to the parent's. A partition's others
/// are read without a way to make them: they stay when it is detached, and may have been its own
/// before it was attached. That of a trigger comes with it. `NOT NULL`, from 18 on a constraint, is
/// read with its column.
fn constraints() -> String {
    let among_rows = super::attempt(
        "added",
        "foreign_key_violation",
        "added || ' NOT VALID'",
        "format('foreign key `%s` of `%s` comes back NOT VALID: rows refer to others that are not in `%s`',
                conname, relation, confrelid::regclass)",
    );
    format!(
        "
SELECT 'pg_constraint', k.oid, 0::int8, what, value, statements
FROM (
    SELECT k.*, relkind, conrelid::regclass::text AS relation, pg_get_constraintdef(k.oid) AS definition,
           CASE WHEN condeferrable THEN 'DEFERRABLE' ELSE 'NOT DEFERRABLE' END
           || CASE WHEN condeferred THEN ' INITIALLY DEFERRED' ELSE ' INITIALLY IMMEDIATE' END AS time,
           contype IN ('p', 'u', 'x') OR contype = 'c' AND conislocal OR contype = 'f' AND conparentid = 0 AS own,
           (SELECT t.oid FROM pg_trigger t WHERE contype = 't' AND tgconstraint = k.oid) AS trigger,
           contype = 'c' AND relispartition
           OR contype = 'f' AND conrelid <> (SELECT p.conrelid FROM pg_constraint p WHERE p.oid = k.conparentid)
               AS of_partition
    FROM wanted JOIN pg_constraint k ON k.oid = objid LEFT JOIN pg_class c ON c.oid = conrelid
) AS k
CROSS JOIN LATERAL (
    SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN contype IN ('p', 'u', 'x') THEN 'ONLY ' END,
                  relation, conname, definition) AS added
) AS statement
CROSS JOIN LATERAL (VALUES
    ('create', CASE WHEN contype = 'f'
                    THEN regexp_replace(definition, '( NOT)? DEFERRABLE| INITIALLY (DEFERRED|IMMEDIATE)', '', 'g')
                    ELSE definition END,
        CASE WHEN own THEN ARRAY[added] END),
    -- before 18 that of a partitioned table is valid or not there
    ('among rows', NULL, CASE WHEN own AND contype = 'f' AND convalidated
                               AND (relkind <> 'p' OR current_setting('server_version_num')::int >= 180000)
                              THEN ARRAY[{among_rows}] END),
    ('drop', NULL, ARRAY[format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname)]),
    ('needs', NULL, CASE WHEN own AND contype = 'f' THEN ARRAY['pg_class', confrelid::text, '0', 'n'] END),
    ('name', quote_ident(conname), CASE WHEN own
        THEN ARRAY[format('ALTER TABLE %s RENAME CONSTRAINT ', relation), ' TO '] END),
    ('with', NULL, ARRAY['pg_trigger', trigger::text, '0']),
    ('change time', CASE WHEN contype = 'f' THEN time END, CASE WHEN own AND contype = 'f' THEN
        ARRAY[format('ALTER TABLE %s ALTER CONSTRAINT %I %s', relation, conname, time)] END)
) AS rows(what, value, statements)
WHERE statements IS NOT NULL AND (own OR of_partition OR what = 'with' AND trigger IS NOT NULL)"
    )
}
