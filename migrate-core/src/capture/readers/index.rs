//! Indexes, those behind constraints among them.

use super::super::kind::Kind;
use super::Reader;

pub(super) const INDEXES: Reader = Reader::of(&[Kind::Index], indexes);

/// The indexes of constraints that have joined an index, `i`. The constraints are looked up by their
/// tables: no index has their `conindid`.
const JOINED_BY_CONSTRAINTS: &str = "
WITH RECURSIVE joined AS (
    SELECT inhrelid AS id FROM pg_inherits WHERE inhparent = i.oid
    UNION ALL
    SELECT below.id FROM joined CROSS JOIN LATERAL (
        SELECT inhrelid AS id FROM pg_inherits WHERE inhparent = joined.id OFFSET 0) AS below
)
SELECT FROM joined CROSS JOIN LATERAL (
    SELECT FROM pg_index x JOIN pg_constraint k ON k.conrelid = x.indrelid AND conindid = indexrelid
    WHERE indexrelid = joined.id AND contype IN ('p', 'u', 'x') OFFSET 0
) AS k";

/// A parameter changes in place, so it is no part of what demands a new index. An index that was joined
/// by that of a partition's constraint is dropped with the constraint or not at all.
fn indexes() -> String {
    let nameless = super::rules::nameless("definition", "relname");
    let with_constraints = "'DO ' || quote_literal(format(E'
BEGIN
    IF EXISTS (
        WITH RECURSIVE joined AS (
            SELECT inhrelid AS id FROM pg_catalog.pg_inherits
            WHERE inhparent OPERATOR(pg_catalog.=) %1$L::pg_catalog.regclass
            UNION ALL
            SELECT inhrelid FROM joined JOIN pg_catalog.pg_inherits ON inhparent OPERATOR(pg_catalog.=) joined.id
        )
        SELECT FROM joined JOIN pg_catalog.pg_constraint k
        ON k.conindid OPERATOR(pg_catalog.=) joined.id AND contype OPERATOR(pg_catalog.=) ''f'')
    THEN
        RAISE EXCEPTION USING ERRCODE = ''dependent_objects_still_exist'', MESSAGE = %2$L;
    END IF;
    DROP INDEX %1$s CASCADE;
END
', name, format('cannot drop index %s: a foreign key refers to a partition by an index that belongs to it', name)))";
    let completed = "'DO ' || quote_literal(format(E'
DECLARE
    part pg_catalog.regclass;
    present pg_catalog.oid[];
BEGIN
    FOR part IN
        SELECT l.inhrelid FROM pg_catalog.pg_inherits l
        WHERE l.inhparent OPERATOR(pg_catalog.=) %1$L::pg_catalog.regclass AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_index ON indexrelid OPERATOR(pg_catalog.=) inhrelid
            WHERE inhparent OPERATOR(pg_catalog.=) %2$L::pg_catalog.regclass
              AND indrelid OPERATOR(pg_catalog.=) l.inhrelid)
    LOOP
        present := ARRAY(SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid OPERATOR(pg_catalog.=) part);
        EXECUTE pg_catalog.format(%3$L, part);
        EXECUTE pg_catalog.format(''ALTER INDEX %%s ATTACH PARTITION %%s'', %2$L::pg_catalog.regclass, (
            SELECT indexrelid::pg_catalog.regclass FROM pg_catalog.pg_index
            WHERE indrelid OPERATOR(pg_catalog.=) part AND indexrelid OPERATOR(pg_catalog.<>) ALL (present)));
    END LOOP;
EXCEPTION WHEN unique_violation OR not_null_violation OR exclusion_violation OR invalid_table_definition THEN
    RAISE WARNING USING MESSAGE = pg_catalog.concat(%4$L::pg_catalog.text, SQLERRM);
END
', relation, name,
   CASE WHEN constraint_id IS NOT NULL THEN 'ALTER TABLE %s ADD ' || replace(pg_get_constraintdef(constraint_id), '%', '%%')
        ELSE concat('CREATE ', CASE WHEN indisunique THEN 'UNIQUE ' END, 'INDEX ON %s',
                    replace(substr(definition, strpos(definition, ' USING ')), '%', '%%')) END,
   format('`%s` is not complete, as a partition that is new since cannot have its part: ', name)))";
    format!("
SELECT class, id, second, what, value, statements
FROM (
    SELECT i.oid, i.relkind, i.reloptions, i.reltablespace, x.*, i.relispartition, i.oid::regclass::text AS name,
           indrelid::regclass::text AS relation, i.relname, pg_get_indexdef(i.oid) AS definition,
           (SELECT d.refobjid FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.oid AND deptype = 'i') AS constraint_id,
           (SELECT inhparent FROM pg_inherits WHERE inhrelid = i.oid) AS parent,
           (SELECT t.relispartition FROM pg_class t WHERE t.oid = indrelid) AS of_partition
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
        ('drop', NULL, CASE
            WHEN constraint_id IS NOT NULL THEN NULL
            WHEN relkind = 'I' AND EXISTS ({JOINED_BY_CONSTRAINTS})
            THEN ARRAY[{with_constraints}]
            ELSE ARRAY['DROP INDEX ' || name] END),
        ('with', NULL, ARRAY['pg_constraint', constraint_id::text, '0']),
        (CASE WHEN constraint_id IS NULL OR relkind <> 'i' THEN 'change options' ELSE 'set options' END,
            array_to_string(reloptions, chr(31)), ARRAY['ALTER INDEX ' || name] || reloptions),
        -- others may have made partitions since
        ('once complete', CASE WHEN relkind = 'I' AND indisvalid THEN 'complete' END,
            CASE WHEN relkind = 'I' AND indisvalid THEN ARRAY[{completed}] END),
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
            ARRAY[format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', relation, relname)]),
        -- lost by a partition where a column of its parent changes its type
        ('late-change clustered', NULLIF(indisclustered, false)::text, CASE WHEN of_partition THEN
            CASE WHEN indisclustered THEN ARRAY[format('ALTER TABLE %s CLUSTER ON %I', relation, relname)]
                 ELSE ARRAY[]::text[] END END),
        ('late-change replica identity index', NULLIF(indisreplident, false)::text, CASE WHEN of_partition THEN
            CASE WHEN indisreplident
                 THEN ARRAY[format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', relation, relname)]
                 ELSE ARRAY[]::text[] END END)
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
