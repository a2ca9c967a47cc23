//! Foreign data wrappers, servers and user mappings. Any option may hold a secret, which would be
//! stored in plain sight: only those that are known to hold none are stored. Of the others the name is,
//! so that they can be reported as not restored.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const WRAPPERS: Reader = Reader::of(&[Kind::ForeignDataWrapper], wrappers);

/// Options that hold no secret: names and the network, the settings of `postgres_fdw`, the format
/// of `file_fdw`. Not `program` and the like, whose text may have anything in it.
const HARMLESS: &[&str] = &[
    "column",
    "column_name",
    "database",
    "dbname",
    "debug",
    "host",
    "hostaddr",
    "port",
    "schema",
    "schema_name",
    "servername",
    "table",
    "table_name",
    "user",
    "user_name",
    "username",
    "application_name",
    "client_encoding",
    "connect_timeout",
    "sslmode",
    "target_session_attrs",
    "tcp_user_timeout",
    "analyze_sampling",
    "async_capable",
    "batch_size",
    "extensions",
    "fdw_startup_cost",
    "fdw_tuple_cost",
    "fetch_size",
    "keep_connections",
    "parallel_abort",
    "parallel_commit",
    "password_required",
    "truncatable",
    "updatable",
    "use_remote_estimate",
    "use_scram_passthrough",
    "default",
    "delimiter",
    "encoding",
    "escape",
    "filename",
    "force_not_null",
    "force_null",
    "format",
    "header",
    "log_verbosity",
    "null",
    "on_error",
    "quote",
    "reject_limit",
];

/// Returns an expression for the options, of a `text[]`, that may be stored.
pub(super) fn harmless(options: &str) -> String {
    format!(
        "(SELECT array_agg(option ORDER BY option) FROM unnest({options}) AS option
          WHERE split_part(option, '=', 1) IN ('{}'))",
        HARMLESS.join("', '")
    )
}

/// Returns rows that set options, where `alter` and `options` are expressions, and rows for those that
/// are not stored: the name alone and, to tell one value from another, a hash of it.
pub(super) fn rows(when: &str, alter: &str, options: &str) -> String {
    let harmless = format!("name IN ('{}')", HARMLESS.join("', '"));
    let all = format!(
        "unnest({options}) AS option CROSS JOIN LATERAL split_part(option, '=', 1) AS name"
    );
    let named = format!(
        "(SELECT array_agg(CASE WHEN {harmless} THEN option ELSE name END ORDER BY option) FROM {all})"
    );
    format!(
        "('{when} foreign options', array_to_string({named}, chr(31)), ARRAY[{alter}] || {named}),
    ('withheld', NULL, (SELECT array_agg(format('option `%s`=%s', name, hashtextextended(option, 0)) ORDER BY name)
                        FROM {all} WHERE NOT {harmless}))"
    )
}

/// The options as they stand in a `CREATE`.
fn options(options: &str) -> String {
    format!(
        "(SELECT format(' OPTIONS (%s)', string_agg(format('%I %L', option_name, option_value), ', '))
          FROM pg_options_to_table({}) HAVING count(*) > 0)",
        harmless(options)
    )
}

fn wrappers() -> String {
    let acl = privileges::sql('F', "'FOREIGN DATA WRAPPER ' || name", "''", "fdwacl", "fdwowner");
    let rows = rows("change", "'ALTER FOREIGN DATA WRAPPER ' || name", "fdwoptions");
    let options = options("fdwoptions");
    format!(
        "
SELECT 'pg_foreign_data_wrapper', w.oid, 0::int8, what, value, statements
FROM (
    SELECT w.*, quote_ident(fdwname) AS name,
           concat_ws(' ', COALESCE('HANDLER ' || NULLIF(fdwhandler, 0)::regproc, 'NO HANDLER'),
               COALESCE('VALIDATOR ' || NULLIF(fdwvalidator, 0)::regproc, 'NO VALIDATOR')) AS functions
    FROM wanted JOIN pg_foreign_data_wrapper w ON w.oid = objid
) AS w
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[concat('CREATE FOREIGN DATA WRAPPER ', name, ' ', functions, {options})]),
    ('drop', NULL, ARRAY['DROP FOREIGN DATA WRAPPER ' || name]),
    ('change functions', functions, ARRAY[format('ALTER FOREIGN DATA WRAPPER %s %s', name, functions)]),
    {rows},
    ('owner', fdwowner::regrole::text,
        ARRAY[format('ALTER FOREIGN DATA WRAPPER %s OWNER TO %s', name, fdwowner::regrole)]),
    ('acl F', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

pub(super) const SERVERS: Reader = Reader::of(&[Kind::Server], servers);

fn servers() -> String {
    let acl = privileges::sql('S', "'FOREIGN SERVER ' || name", "''", "srvacl", "srvowner");
    let rows = rows("change", "'ALTER SERVER ' || name", "srvoptions");
    let options = options("srvoptions");
    format!(
        "
SELECT 'pg_foreign_server', s.oid, 0::int8, what, value, statements
FROM (
    SELECT s.*, quote_ident(srvname) AS name, quote_ident(fdwname) AS wrapper
    FROM wanted
    JOIN pg_foreign_server s ON s.oid = objid
    JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
) AS s
CROSS JOIN LATERAL (VALUES
    ('create', srvtype, ARRAY[concat('CREATE SERVER ', name, ' TYPE ' || quote_literal(srvtype),
        ' VERSION ' || quote_literal(srvversion), ' FOREIGN DATA WRAPPER ', wrapper, {options})]),
    ('drop', NULL, ARRAY['DROP SERVER ' || name]),
    ('change version', srvversion,
        ARRAY[format('ALTER SERVER %s VERSION %s', name, quote_nullable(srvversion))]),
    {rows},
    ('owner', srvowner::regrole::text,
        ARRAY[format('ALTER SERVER %s OWNER TO %s', name, srvowner::regrole)]),
    ('acl S', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

pub(super) const USER_MAPPINGS: Reader = Reader::of(&[Kind::UserMapping], user_mappings);

/// By the view: the catalog itself is not for everyone.
fn user_mappings() -> String {
    let rows = rows("change", "'ALTER USER MAPPING ' || name", "umoptions");
    let options = options("umoptions");
    format!(
        "
SELECT 'pg_user_mapping', m.umid, 0::int8, what, value, statements
FROM (
    SELECT m.*, format('FOR %s SERVER %I',
                       CASE umuser WHEN 0 THEN 'PUBLIC' ELSE umuser::regrole::text END, srvname) AS name
    FROM wanted JOIN pg_user_mappings m ON umid = objid
) AS m
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[concat('CREATE USER MAPPING ', name, {options})]),
    ('drop', NULL, ARRAY['DROP USER MAPPING ' || name]),
    {rows}
) AS rows(what, value, statements)"
    )
}
