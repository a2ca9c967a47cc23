//! Indexes, those behind constraints among them.

use super::Reader;

pub(super) const INDEXES: Reader = Reader::of(&["index"], indexes);

/// A parameter changes in place, so it is no part of what demands a new index.
fn indexes() -> String {
    let nameless = super::rules::nameless("definition", "relname");
    format!("
SELECT class, id, second, what, value, statements
FROM (
    SELECT i.oid, i.relkind, i.reloptions, i.reltablespace, x.*, i.relispartition, i.oid::regclass::text AS name,
           indrelid::regclass::text AS relation, i.relname, pg_get_indexdef(i.oid) AS definition,
           (SELECT d.refobjid FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.oid AND deptype = 'i') AS constraint_id,
           (SELECT inhparent FROM pg_inherits WHERE inhrelid = i.oid) AS parent
    FROM wanted
    JOIN pg_class i ON i.oid = objid AND relnamespace <> 'pg_toast'::regnamespace
    JOIN pg_index x ON indexrelid = i.oid
    OFFSET 0
) AS i
CROSS JOIN LATERAL (
    SELECT 'pg_class', i.oid, 0::int8, rows.* FROM (VALUES
        ('create', regexp_replace({nameless}, CASE WHEN reloptions IS NULL THEN '^$'
                                                   ELSE ' WITH \\([^)]*\\)' END, ''),
            CASE WHEN constraint_id IS NULL THEN ARRAY[definition] END),
        ('drop', NULL, CASE WHEN constraint_id IS NULL THEN ARRAY['DROP INDEX ' || name] END),
        ('with', NULL, ARRAY['pg_constraint', constraint_id::text, '0']),
        (CASE WHEN constraint_id IS NULL OR relkind <> 'i' THEN 'change options' ELSE 'set options' END,
            array_to_string(reloptions, chr(31)), ARRAY['ALTER INDEX ' || name] || reloptions),
        ('set tablespace',
            (SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
            ARRAY[format('ALTER INDEX %s SET TABLESPACE %I', name,
                COALESCE((SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
                         (SELECT spcname FROM pg_database d JOIN pg_tablespace s ON s.oid = dattablespace
                          WHERE datname = current_database())))]),
        ('set statistics',
            (SELECT string_agg(format('%s %s', attnum, attstattarget), ', ')
             FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0),
            ARRAY(SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', name, attnum,
                                COALESCE(to_jsonb(a) ->> 'attstattarget', '-1'))
                  FROM pg_attribute a
                  WHERE attrelid = i.oid AND attnum > 0 AND NOT attisdropped
                    AND attnum <= indnkeyatts AND indkey[attnum - 1] = 0)),
        ('once cluster', NULLIF(indisclustered, false)::text,
            ARRAY[format('ALTER TABLE %s CLUSTER ON %I', relation, relname)]),
        ('once replica identity', NULLIF(indisreplident, false)::text,
            ARRAY[format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', relation, relname)])
    ) AS rows(what, value, statements)
    UNION ALL
    SELECT 'pg_inherits', i.oid, parent::int8, rows.* FROM (VALUES
        ('fact', format('%s from %s', name, parent::regclass), ARRAY['inheritance']),
        ('create', NULL,
            ARRAY[format('ALTER INDEX %s ATTACH PARTITION %s', parent::regclass, name)]),
        ('with', NULL, ARRAY['pg_inherits', indrelid::text,
            (SELECT indrelid::text FROM pg_index p WHERE p.indexrelid = parent)]),
        ('needs', NULL, ARRAY['pg_class', parent::text, '0', 'a']),
        ('needs', NULL, ARRAY['pg_class', i.oid::text, '0', 'a'])
    ) AS rows(what, value, statements)
    WHERE parent IS NOT NULL
) AS rows(class, id, second, what, value, statements)")
}
