//! What a database has, and how it is emptied.

use postgres::Client;

/// Some of what a database has besides what every new one has; nothing if it is empty.
pub(crate) fn contents(client: &mut Client) -> Result<Option<String>, postgres::Error> {
    let row = client.query_one(
        "WITH schemas AS (SELECT oid, nspname FROM pg_catalog.pg_namespace \
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'), \
         members AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'), \
         found AS ( \
         SELECT 1 AS rank, CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
         WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, nspname, relname AS name \
         FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = relnamespace \
         WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ('pg_class'::regclass, c.oid) \
         NOT IN (SELECT * FROM members) \
         UNION ALL SELECT 2, 'function', nspname, proname \
         FROM pg_catalog.pg_proc p JOIN schemas n ON n.oid = pronamespace \
         WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM members) \
         UNION ALL SELECT 3, 'type', nspname, typname \
         FROM pg_catalog.pg_type t JOIN schemas n ON n.oid = typnamespace \
         WHERE typtype IN ('d', 'e', 'r') AND ('pg_type'::regclass, t.oid) \
         NOT IN (SELECT * FROM members) \
         UNION ALL SELECT 4, 'schema', NULL, nspname FROM schemas n WHERE nspname <> 'public' \
         AND ('pg_namespace'::regclass, n.oid) NOT IN (SELECT * FROM members)), \
         listed AS (SELECT kind || ' `' || coalesce(nspname || '.', '') || name || '`' AS said, rank, \
         name FROM found ORDER BY rank, name LIMIT 3) \
         SELECT pg_catalog.string_agg(said, ', ' ORDER BY rank, name), \
         (SELECT count(*) FROM found) FROM listed",
        &[],
    )?;
    let (some, all): (Option<String>, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(some.map(|some| if all > 3 { format!("{some} and {} more", all - 3) } else { some }))
}

/// SQL that removes all that a new database does not have. The schema `public` is recreated as
/// `initdb` makes it: what else a backup knows of it is a difference to that.
pub(crate) const CLEAN: &str = r"
DO $clean$
DECLARE
    statement text;
    version integer := current_setting('server_version_num');
BEGIN
    FOR statement IN
        SELECT sql FROM (
            SELECT 1 AS place, format('DROP EVENT TRIGGER IF EXISTS %I', evtname) AS sql
            FROM pg_catalog.pg_event_trigger
            UNION ALL SELECT 2, format('DROP EXTENSION IF EXISTS %I CASCADE', extname)
            FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
            UNION ALL SELECT 3, format('DROP PUBLICATION IF EXISTS %I', pubname)
            FROM pg_catalog.pg_publication
            UNION ALL SELECT 4, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname)
            FROM pg_catalog.pg_namespace
            WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
            UNION ALL SELECT 5, format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname)
            FROM pg_catalog.pg_foreign_data_wrapper
            UNION ALL SELECT 6, format('DROP CAST IF EXISTS (%s AS %s)',
                castsource::regtype, casttarget::regtype)
            FROM pg_catalog.pg_cast WHERE oid >= 16384 AND castfunc = 0
            UNION ALL SELECT 7, format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname)
            FROM pg_catalog.pg_language WHERE oid >= 16384 AND lanname <> 'plpgsql'
            UNION ALL SELECT 8, format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname)
            FROM pg_catalog.pg_am WHERE oid >= 16384
            UNION ALL SELECT 9, format('SELECT pg_catalog.lo_unlink(%s)', oid)
            FROM pg_catalog.pg_largeobject_metadata
        ) AS statements ORDER BY place
    LOOP
        EXECUTE statement;
    END LOOP;
    IF version >= 150000 THEN
        CREATE SCHEMA public AUTHORIZATION pg_database_owner;
        GRANT USAGE ON SCHEMA public TO PUBLIC;
    ELSE
        EXECUTE format('CREATE SCHEMA public AUTHORIZATION %I',
            (SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10));
        GRANT ALL ON SCHEMA public TO PUBLIC;
    END IF;
    COMMENT ON SCHEMA public IS 'standard public schema';
END
$clean$;
";
