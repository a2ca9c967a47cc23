//! Tables, and what joins them to others.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const TABLES: Reader = Reader::of(&[Kind::Table, Kind::ForeignTable], tables);

/// Defaults, constraints and identities are facts of their own and follow. Options of a TOAST table come
/// late: with a type that needs none they would be lost.
fn tables() -> String {
    let column = super::column::DEFINITION;
    let conflicting = super::column::CONFLICTING;
    let acl = privileges::sql('r', "'TABLE ' || name", "''", "relacl", "relowner");
    let harmless = super::foreign::harmless("ftoptions");
    let foreign = super::foreign::rows("change", "'ALTER FOREIGN TABLE ' || name", "ftoptions");
    format!(
        "
SELECT 'pg_class', r.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, c.oid::regclass::text AS name, to_jsonb(c) AS json,
           CASE relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS word,
           (SELECT string_agg('toast.' || option, chr(31)) FROM pg_class t, unnest(t.reloptions) AS option
            WHERE t.oid = c.reltoastrelid) AS toast
    FROM wanted JOIN pg_class c ON c.oid = objid
    OFFSET 0
) AS r
LEFT JOIN pg_foreign_table ON ftrelid = r.oid
CROSS JOIN LATERAL (
    SELECT string_agg(E'\\n    ' || line, ',' ORDER BY number, line COLLATE \"C\") AS lines
    FROM (
        -- without a word of its own, it would be refused where its parents' defaults are not the same
        SELECT attnum AS number, {column} || CASE WHEN conflicting AND NOT relispartition THEN ' DEFAULT NULL' ELSE '' END AS line
        FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        LEFT JOIN (
            SELECT * FROM pg_constraint WHERE conrelid = r.oid AND contype = 'n' OFFSET 0
        ) AS n ON n.conkey[1] = attnum
        CROSS JOIN LATERAL ({conflicting}) AS defaults
        WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped
          AND (relispartition OR attislocal OR conflicting)
        UNION ALL    -- a partition must have what its parent demands before it is attached
        SELECT 10000, format('CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid))
        FROM pg_constraint k
        WHERE conrelid = r.oid AND contype = 'c' AND relispartition AND NOT conislocal
    ) AS part
) AS body
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[concat_ws(' ', 'CREATE', CASE relpersistence WHEN 'u' THEN 'UNLOGGED' END,
        word, name,
        'OF ' || NULLIF(reloftype, 0)::regtype,
        CASE WHEN reloftype = 0 THEN '(' || COALESCE(lines || E'\\n', '') || ')' END,
        (SELECT 'INHERITS (' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) || ')'
         FROM pg_inherits WHERE inhrelid = r.oid AND NOT relispartition),
        'PARTITION BY ' || pg_get_partkeydef(r.oid),
        'USING ' || (SELECT quote_ident(amname) FROM pg_am m
                     WHERE m.oid = (json ->> 'relam')::oid AND amname <> 'heap'),
        'TABLESPACE ' || (SELECT quote_ident(spcname) FROM pg_tablespace s WHERE s.oid = reltablespace),
        (SELECT format('SERVER %I', srvname) FROM pg_foreign_server s WHERE s.oid = ftserver),
        'OPTIONS (' || (SELECT string_agg(format('%I %L', option_name, option_value), ', ')
                        FROM pg_options_to_table({harmless})) || ')')]),
    ('drop', NULL, ARRAY[format('DROP %s %s', word, name)]),
    -- there is no statement for that
    ('change partitioned', (relkind = 'p')::text, ARRAY[]::text[]),
    ('change persistence', relpersistence::text,
        ARRAY[format('ALTER TABLE %s SET %s', name,
                     CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END)]),
    ('limit change persistence', CASE WHEN relpersistence = 'u' THEN
        (SELECT format('`%s` cannot be unlogged again: `%s`, which is logged, references it', name, conrelid::regclass)
         FROM pg_constraint f JOIN pg_class o ON o.oid = conrelid AND o.relpersistence = 'p'
         WHERE f.confrelid = r.oid AND f.contype = 'f' LIMIT 1) END, ARRAY[]::text[]),
    ('change tablespace', reltablespace::text,
        ARRAY[format('ALTER TABLE %s SET TABLESPACE %I', name,
            COALESCE((SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
                     (SELECT spcname FROM pg_database d JOIN pg_tablespace s ON s.oid = dattablespace
                      WHERE datname = current_database())))]),
    ('change access method', json ->> 'relam',
        ARRAY[(SELECT format('ALTER TABLE %s SET ACCESS METHOD %I', name, amname)
               FROM pg_am m WHERE m.oid = (json ->> 'relam')::oid)]),
    ('change type', NULLIF(reloftype, 0)::regtype::text,
        ARRAY[format('ALTER TABLE %s %s', name,
                     COALESCE('OF ' || NULLIF(reloftype, 0)::regtype, 'NOT OF'))]),
    ('set row security', NULLIF(relrowsecurity, false)::text,
        ARRAY[format('ALTER TABLE %s %s ROW LEVEL SECURITY', name,
                     CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END)]),
    ('set forced row security', NULLIF(relforcerowsecurity, false)::text,
        ARRAY[format('ALTER TABLE %s %s ROW LEVEL SECURITY', name,
                     CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END)]),
    ('set options', array_to_string(reloptions, chr(31)), ARRAY['ALTER TABLE ' || name] || reloptions),
    ('late options', toast, ARRAY['ALTER TABLE ' || name] || string_to_array(toast, chr(31))),
    {foreign},
    ('once replica identity',
        CASE WHEN relkind <> 'f' THEN
            CASE relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL' END END,
        ARRAY[format('ALTER TABLE %s REPLICA IDENTITY %s', name,
                     CASE relreplident WHEN 'n' THEN 'NOTHING' ELSE 'FULL' END)]),
    ('late-change replica identity',
        CASE relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
                          WHEN 'i' THEN (SELECT format('USING INDEX %I', relname)
                                         FROM pg_index JOIN pg_class i ON i.oid = indexrelid
                                         WHERE indrelid = r.oid AND indisreplident) END,
        ARRAY[format('ALTER TABLE %s REPLICA IDENTITY %s', name,
            COALESCE(CASE relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
                         WHEN 'i' THEN (SELECT format('USING INDEX %I', relname)
                                        FROM pg_index JOIN pg_class i ON i.oid = indexrelid
                                        WHERE indrelid = r.oid AND indisreplident) END, 'DEFAULT'))]),
    ('late-change cluster',
        (SELECT relname FROM pg_index JOIN pg_class i ON i.oid = indexrelid
         WHERE indrelid = r.oid AND indisclustered),
        ARRAY[format('ALTER TABLE %s %s', name,
            COALESCE((SELECT format('CLUSTER ON %I', relname)
                      FROM pg_index JOIN pg_class i ON i.oid = indexrelid
                      WHERE indrelid = r.oid AND indisclustered), 'SET WITHOUT CLUSTER'))]),
    ('owner', relowner::regrole::text,
        ARRAY[format('ALTER TABLE %s OWNER TO %s', name, relowner::regrole)]),
    ('acl r', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

pub(super) const RIGHTS: Reader = Reader::of(
    &[Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView, Kind::Sequence],
    rights,
);

/// The owner of a column's sequence is that of its table.
fn rights() -> String {
    let acl = privileges::sql_since(
        "acldefault(letter, relowner)",
        "concat(CASE letter WHEN 's' THEN 'SEQUENCE ' ELSE 'TABLE ' END, name)",
        "''",
        "relacl",
        "relowner",
    );
    format!(
        "
SELECT 'pg_class', c.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, c.oid::regclass::text AS name, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\" AS letter,
           CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                        ELSE 'TABLE' END AS word
    FROM wanted JOIN pg_class c ON c.oid = objid
    OFFSET 0
) AS c
CROSS JOIN LATERAL (VALUES
    ('owner', relowner::regrole::text, CASE WHEN relkind <> 'S' OR NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i') AND refobjsubid > 0
    ) THEN ARRAY[format('ALTER %s %s OWNER TO %s', word, name, relowner::regrole)] END),
    ('acl ' || letter::text, NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL"
    )
}

pub(super) const LINKS: Reader = Reader::of(&[Kind::Table, Kind::ForeignTable], links);

/// A child's `CREATE TABLE` names what it inherits from; a partition is attached later.
fn links() -> String {
    r"
SELECT 'pg_inherits', inhrelid, inhparent::int8, what, value, statements
FROM wanted
JOIN pg_inherits ON inhrelid = objid
JOIN pg_class c ON c.oid = inhrelid
CROSS JOIN LATERAL (
    SELECT inhrelid::regclass::text AS child, inhparent::regclass::text AS parent,
           pg_get_expr(relpartbound, c.oid) AS bound,
           -- there is no statement for these
           CASE WHEN relispartition
                THEN (SELECT format('`%s` had no part of an index of `%s` and gets one as it is attached: %s', inhrelid::regclass,
                                    inhparent::regclass, string_agg(format('`%s`', x.indexrelid::regclass), ', '))
                      FROM pg_index x
                      WHERE x.indrelid = inhparent AND NOT x.indisvalid
                        AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_index own ON own.indexrelid = i.inhrelid
                                        WHERE i.inhparent = x.indexrelid AND own.indrelid = c.oid)
                      HAVING count(*) > 0)
                ELSE (SELECT format('what `%s` inherits from `%s` is local to it from now on, and stays when it is dropped there: %s', inhrelid::regclass,
                                    inhparent::regclass, string_agg(name, ', '))
                      FROM (SELECT format('constraint `%s`', conname) AS name FROM pg_constraint k
                            WHERE conrelid = c.oid AND contype IN ('c', 'n') AND NOT conislocal AND coninhcount = 1
                              AND conname IN (SELECT p.conname FROM pg_constraint p WHERE p.conrelid = inhparent)
                           ) AS inherited
                      HAVING count(*) > 0) END AS warning
) AS names
CROSS JOIN LATERAL (
    SELECT format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n', warning) AS told WHERE warning IS NOT NULL
    UNION ALL SELECT NULL WHERE warning IS NULL
) AS t
CROSS JOIN LATERAL (VALUES
    ('fact', format('%s from %s', child, parent), ARRAY['inheritance']),
    ('create', bound, ARRAY[
        CASE WHEN relispartition
             THEN format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', parent, child, bound)
             ELSE format('ALTER TABLE %s INHERIT %s', child, parent) END,
        'DO ' || CASE WHEN strpos(told, '$$') = 0 THEN '$$' || told || '$$' ELSE quote_literal(told) END]),
    ('drop', NULL, ARRAY[
        CASE WHEN relispartition
             THEN format('ALTER TABLE ONLY %s DETACH PARTITION %s', parent, child)
             ELSE format('ALTER TABLE %s NO INHERIT %s', child, parent) END]),
    ('with', NULL, CASE WHEN NOT relispartition THEN ARRAY['pg_class', inhrelid::text, '0'] END),
    ('needs', NULL, ARRAY['pg_class', inhrelid::text, '0', 'a']),
    ('needs', NULL, ARRAY['pg_class', inhparent::text, '0', 'a'])
) AS rows(what, value, statements)
UNION ALL
-- from 17 on a partition that is attached has the identity of its parent, but does not hand it on
SELECT 'pg_inherits', l.inhrelid, l.inhparent::int8, 'needs', NULL,
       ARRAY['pg_inherits', above.inhrelid::text, above.inhparent::text, 'n']
FROM wanted
JOIN pg_inherits l ON l.inhrelid = objid
JOIN pg_inherits above ON above.inhrelid = l.inhparent
WHERE current_setting('server_version_num')::int >= 170000
  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = l.inhparent AND attidentity <> '')
UNION ALL
-- otherwise an index of a partition that has partitions itself is whole before it joins its parent's
SELECT 'pg_inherits', l.inhrelid, l.inhparent::int8, 'needs', NULL,
       ARRAY['pg_inherits', part.inhrelid::text, part.inhparent::text, 'n']
FROM wanted
JOIN pg_inherits l ON l.inhrelid = objid
JOIN pg_class c ON c.oid = l.inhrelid AND relkind = 'p'
JOIN pg_index i ON indrelid = l.inhrelid
JOIN pg_inherits part ON part.inhparent = indexrelid
WHERE current_setting('server_version_num')::int < 170000
   OR NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = l.inhrelid AND attidentity <> '')"
        .to_owned()
}
