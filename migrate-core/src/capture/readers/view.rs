//! Views, materialized ones too.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const VIEWS: Reader = Reader::of(&[Kind::View, Kind::MaterializedView], views);

/// A view whose columns are the same can be replaced; everything else takes a new one.
fn views() -> String {
    let acl = privileges::sql('r', "'TABLE ' || name", "''", "relacl", "relowner");
    // Its owner could let it fail on purpose. A lock that is not available, and a server that is short of
    // resources, are no fault of the view.
    let refreshed = super::attempt_with(
        "refresh",
        "format(E'WHEN lock_not_available OR transaction_rollback OR insufficient_resources
    OR operator_intervention OR system_error THEN
    RAISE;
WHEN OTHERS THEN
    RAISE WARNING USING MESSAGE = pg_catalog.concat(%L::pg_catalog.text, SQLERRM, %L::pg_catalog.text);\\n',
                format('materialized view `%s` is recreated without rows, as its query failed: ', name),
                format('; once it runs, run `%s`', refresh))",
    );
    format!(
        "
SELECT 'pg_class', c.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_class c ON c.oid = objid
CROSS JOIN LATERAL (
    SELECT c.oid::regclass::text AS name, relkind = 'm' AS materialized,
           CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS word,
           rtrim(pg_get_viewdef(c.oid), ';') AS body,
           'REFRESH MATERIALIZED VIEW ' || c.oid::regclass AS refresh,
           (SELECT ' WITH (' || string_agg(option, ', ') || ')' FROM unnest(reloptions) AS option) AS options,
           (SELECT string_agg(format('%s %s %s', attname, format_type(atttypid, atttypmod), attcollation),
                              ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
    OFFSET 0
) AS v
CROSS JOIN LATERAL (VALUES
    ('create', CASE WHEN materialized THEN body ELSE columns END,
        ARRAY[concat('CREATE ', word, ' ', name,
                     ' USING ' || (SELECT quote_ident(amname) FROM pg_am m
                                   WHERE m.oid = relam AND amname <> 'heap'),
                     options,
                     ' TABLESPACE ' || (SELECT quote_ident(spcname) FROM pg_tablespace s
                                        WHERE s.oid = reltablespace),
                     ' AS', E'\\n', body,
                     CASE WHEN materialized THEN E'\\n  WITH NO DATA' END)]),
    -- its query may need what is not there yet, and what it calls runs with the rights of the owner
    ('last-once populated', CASE WHEN materialized AND relispopulated THEN 'populated' END,
        ARRAY[{refreshed}]),
    ('drop', NULL, ARRAY[format('DROP %s %s', word, name)]),
    ('change body', CASE WHEN NOT materialized THEN body END, CASE WHEN NOT materialized
        THEN ARRAY[concat('CREATE OR REPLACE VIEW ', name, options, ' AS', E'\\n', body)] END),
    ('change options', array_to_string(reloptions, chr(31)),
        ARRAY[format('ALTER %s %s', word, name)] || reloptions),
    ('change tablespace', reltablespace::text, CASE WHEN materialized THEN
        ARRAY[format('ALTER MATERIALIZED VIEW %s SET TABLESPACE %I', name,
            COALESCE((SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
                     (SELECT spcname FROM pg_database d JOIN pg_tablespace s ON s.oid = dattablespace
                      WHERE datname = current_database())))] END),
    ('change access method', relam::text, CASE WHEN materialized THEN
        ARRAY[(SELECT format('ALTER MATERIALIZED VIEW %s SET ACCESS METHOD %I', name, amname)
               FROM pg_am m WHERE m.oid = relam)] END),
    ('late-change cluster',
        (SELECT relname FROM pg_index JOIN pg_class i ON i.oid = indexrelid
         WHERE indrelid = c.oid AND indisclustered),
        CASE WHEN materialized THEN ARRAY[format('ALTER MATERIALIZED VIEW %s %s', name,
            COALESCE((SELECT format('CLUSTER ON %I', relname)
                      FROM pg_index JOIN pg_class i ON i.oid = indexrelid
                      WHERE indrelid = c.oid AND indisclustered), 'SET WITHOUT CLUSTER'))] END),
    ('owner', relowner::regrole::text,
        ARRAY[format('ALTER %s %s OWNER TO %s', word, name, relowner::regrole)]),
    ('acl r', NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL"
    )
}
