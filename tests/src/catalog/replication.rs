//! Publications, subscriptions and foreign data.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("publications", PUBLICATIONS),
    kind("published tables", PUBLISHED_TABLES),
    Kind { since: 15, ..kind("conditions of published tables", PUBLISHED_ROWS) },
    Kind { since: 15, ..kind("published schemas", PUBLISHED_SCHEMAS) },
    kind("subscriptions", SUBSCRIPTIONS),
    kind("foreign data wrappers", WRAPPERS),
    kind("servers", SERVERS),
    kind("user mappings", USER_MAPPINGS),
];

const PUBLICATIONS: &str = "
SELECT concat_ws(' ', quote_ident(pubname), to_jsonb(p) - '{oid,pubname,pubowner}'::text[])
FROM pg_publication p
WHERE ('pg_publication'::regclass, p.oid) NOT IN (SELECT * FROM members)";

const PUBLISHED_TABLES: &str = "
SELECT format('%I: %s', pubname, prrelid::regclass)
FROM pg_publication p JOIN pg_publication_rel ON prpubid = p.oid";

const PUBLISHED_ROWS: &str = "
SELECT concat_ws(' ', format('%I: %s', pubname, prrelid::regclass),
           (SELECT format('(%s)', string_agg(quote_ident(attname), ', ' ORDER BY attnum))
            FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs)
            HAVING count(*) > 0),
           'where ' || pg_get_expr(prqual, prrelid))
FROM pg_publication p JOIN pg_publication_rel ON prpubid = p.oid
WHERE prqual IS NOT NULL OR prattrs IS NOT NULL";

const PUBLISHED_SCHEMAS: &str = "
SELECT format('%I: %s', pubname, pnnspid::regnamespace)
FROM pg_publication p JOIN pg_publication_namespace ON pnpubid = p.oid";

/// Those of the server's other databases are in the same catalog.
const SUBSCRIPTIONS: &str = "
SELECT concat_ws(' ', quote_ident(subname),
           to_jsonb(s) - '{oid,subdbid,subname,subowner,subskiplsn}'::text[])
FROM pg_subscription s
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

const WRAPPERS: &str = "
SELECT concat_ws(' ', quote_ident(fdwname), 'handler ' || NULLIF(fdwhandler, 0)::regproc,
           'validator ' || NULLIF(fdwvalidator, 0)::regproc, 'options ' || fdwoptions::text)
FROM pg_foreign_data_wrapper w
WHERE ('pg_foreign_data_wrapper'::regclass, w.oid) NOT IN (SELECT * FROM members)";

const SERVERS: &str = "
SELECT concat_ws(' ', quote_ident(srvname), 'of', quote_ident(fdwname), 'type ' || srvtype,
           'version ' || srvversion, 'options ' || srvoptions::text)
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
WHERE ('pg_foreign_server'::regclass, s.oid) NOT IN (SELECT * FROM members)";

const USER_MAPPINGS: &str = "
SELECT concat_ws(' ', CASE umuser WHEN 0 THEN 'public' ELSE umuser::regrole::text END,
           'at', quote_ident(srvname), 'options ' || umoptions::text)
FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = umserver";
