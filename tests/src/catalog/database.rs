//! The database itself, and what belongs to nothing else in it.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("database", DATABASE),
    kind("settings", SETTINGS),
    kind("extensions", EXTENSIONS),
    kind("schemas", SCHEMAS),
    kind("event triggers", EVENT_TRIGGERS),
    kind("comments", COMMENTS),
    kind("security labels", SECURITY_LABELS),
    kind("what goes with an extension", DEPENDENT),
];

/// The name is omitted: schemas are compared between databases.
const DATABASE: &str = "
SELECT concat_ws(' ', 'connection limit ' || NULLIF(datconnlimit, -1),
           CASE WHEN datistemplate THEN 'template' END,
           CASE WHEN NOT datallowconn THEN 'without connections' END,
           'in tablespace ' || (SELECT spcname FROM pg_tablespace s
                                WHERE s.oid = dattablespace AND spcname <> 'pg_default'),
           'comment ' || shobj_description(oid, 'pg_database'))
FROM pg_database
WHERE datname = current_database()
  AND (datconnlimit <> -1 OR datistemplate OR NOT datallowconn OR dattablespace <> 1663
       OR shobj_description(oid, 'pg_database') IS NOT NULL)";

const SETTINGS: &str = "
SELECT concat_ws(' ', setting, 'for ' || NULLIF(setrole, 0)::regrole)
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())";

const EXTENSIONS: &str = "
SELECT concat_ws(' ', quote_ident(extname), extversion, 'in', quote_ident(nspname),
           (SELECT string_agg(pg_describe_object(classid, objid, 0), ', '
                              ORDER BY pg_describe_object(classid, objid, 0))
            FROM pg_depend
            WHERE refclassid = 'pg_extension'::regclass AND refobjid = e.oid AND deptype = 'e'
              AND classid = 'pg_class'::regclass))
FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace";

const SCHEMAS: &str = "
SELECT quote_ident(nspname) FROM schemas";

const EVENT_TRIGGERS: &str = "
SELECT concat_ws(' ', quote_ident(evtname), 'on', evtevent, 'calls', evtfoid::regprocedure,
           'for ' || evttags::text,
           CASE evtenabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)'
                           WHEN 'A' THEN '(always)' END)
FROM pg_event_trigger t
WHERE ('pg_event_trigger'::regclass, t.oid) NOT IN (SELECT * FROM members)";

/// `public` and `plpgsql` come with a comment.
const COMMENTS: &str = "
SELECT format('%s %s: %s', type, identity, description)
FROM pg_description d, pg_identify_object(classoid, objoid, objsubid)
WHERE objoid >= 16384 AND (classoid, objoid) NOT IN (SELECT * FROM members)
  AND (classoid <> 'pg_class'::regclass OR objoid IN (SELECT oid FROM relations))
UNION ALL
SELECT format('schema %I: %s', nspname, COALESCE(obj_description(oid, 'pg_namespace'), 'none'))
FROM pg_namespace
WHERE nspname = 'public'
  AND obj_description(oid, 'pg_namespace') IS DISTINCT FROM 'standard public schema'
UNION ALL
SELECT format('extension %I: %s', extname, COALESCE(obj_description(oid, 'pg_extension'), 'none'))
FROM pg_extension
WHERE extname = 'plpgsql'
  AND obj_description(oid, 'pg_extension') IS DISTINCT FROM 'PL/pgSQL procedural language'";

const SECURITY_LABELS: &str = "
SELECT format('%s %s: %s (%s)', type, identity, label, provider)
FROM pg_seclabel, pg_identify_object(classoid, objoid, objsubid)";

const DEPENDENT: &str = "
SELECT format('%s %s: %s', type, identity, extname)
FROM pg_depend JOIN pg_extension e ON e.oid = refobjid, pg_identify_object(classid, objid, objsubid)
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'x'";
