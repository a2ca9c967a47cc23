//! Schemas and extensions.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const SCHEMAS: Reader = Reader::of(&[Kind::Schema], schemas);

fn schemas() -> String {
    let acl = privileges::sql('n', "'SCHEMA ' || name", "''", "nspacl", "nspowner");
    format!(
        "
SELECT 'pg_namespace', n.oid, 0::int8, what, value, statements
FROM (SELECT n.*, quote_ident(nspname) AS name FROM wanted JOIN pg_namespace n ON n.oid = objid) AS n
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY['CREATE SCHEMA ' || name]),
    ('drop', NULL, ARRAY['DROP SCHEMA ' || name]),
    ('owner', nspowner::regrole::text,
        ARRAY[format('ALTER SCHEMA %s OWNER TO %s', name, nspowner::regrole)]),
    ('acl n', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

pub(super) const EXTENSIONS: Reader = Reader::of(&[Kind::Extension], extensions);

fn extensions() -> String {
    "
SELECT 'pg_extension', e.oid, 0::int8, what, value, statements
FROM (SELECT e.*, quote_ident(extname) AS name FROM wanted JOIN pg_extension e ON e.oid = objid) AS e
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE EXTENSION %s SCHEMA %s VERSION %L', name,
                                  extnamespace::regnamespace, extversion)]),
    ('drop', NULL, ARRAY['DROP EXTENSION ' || name]),
    ('change schema', extnamespace::regnamespace::text,
        ARRAY[format('ALTER EXTENSION %s SET SCHEMA %s', name, extnamespace::regnamespace)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const MEMBERS: Reader = Reader::of(&[Kind::Extension], members);

/// An extension creates its members, with the privileges that its script gives. Privileges that
/// were changed since are changed again.
fn members() -> String {
    let acl = privileges::sql_since("came_with", "name", "\"column\"", "has", "owner");
    format!(
        "
SELECT 'member in ' || class, id, part, what, value, statements
FROM (
    SELECT refobjid AS extension, class, id, member.part::int8 AS part, owner, name, \"column\",
           COALESCE(acl, acldefault(letter::\"char\", owner)) AS has,
           COALESCE(initprivs, acldefault(letter::\"char\", owner)) AS came_with,
           'acl ' || letter AS setting,
           -- not what its script says
           EXISTS (SELECT FROM pg_default_acl WHERE defaclrole = owner AND initprivs IS NULL
                   AND defaclobjtype::text = CASE letter WHEN 's' THEN 'S' ELSE letter END) AS by_default
    FROM wanted
    JOIN pg_depend d ON refclassid = 'pg_extension'::regclass AND refobjid = wanted.objid AND deptype = 'e'
    CROSS JOIN LATERAL (
        SELECT 'pg_class' AS class, oid AS id, 0 AS part, relowner AS owner, relacl AS acl,
               CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS letter,
               CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || oid::regclass AS name, '' AS \"column\"
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT 'pg_class', c.oid, attnum, relowner, attacl, 'c', 'TABLE ' || c.oid::regclass, format('(%I)', attname)
        FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND NOT attisdropped
        UNION ALL
        SELECT 'pg_proc', oid, 0, proowner, proacl, 'f', 'ROUTINE ' || oid::regprocedure, '' FROM pg_proc
        UNION ALL
        SELECT 'pg_type', oid, 0, typowner, typacl, 'T', 'TYPE ' || format_type(oid, NULL), '' FROM pg_type
        UNION ALL
        SELECT 'pg_namespace', oid, 0, nspowner, nspacl, 'n', 'SCHEMA ' || oid::regnamespace, '' FROM pg_namespace
        UNION ALL
        SELECT 'pg_language', oid, 0, lanowner, lanacl, 'l', 'LANGUAGE ' || quote_ident(lanname), '' FROM pg_language
        UNION ALL
        SELECT 'pg_foreign_data_wrapper', oid, 0, fdwowner, fdwacl, 'F',
               'FOREIGN DATA WRAPPER ' || quote_ident(fdwname), '' FROM pg_foreign_data_wrapper
        UNION ALL
        SELECT 'pg_foreign_server', oid, 0, srvowner, srvacl, 'S',
               'FOREIGN SERVER ' || quote_ident(srvname), '' FROM pg_foreign_server
    ) AS member
    LEFT JOIN pg_init_privs i
        ON i.objoid = id AND i.classoid = class::regclass AND i.objsubid = member.part AND privtype = 'e'
    WHERE d.classid = class::regclass AND d.objid = id
) AS m
CROSS JOIN LATERAL (VALUES
    ('fact', concat_ws(' ', name, \"column\"), ARRAY['member of an extension']),
    ('with', NULL, ARRAY['pg_extension', extension::text, '0']),
    ('needs', NULL, ARRAY['pg_extension', extension::text, '0', 'a']),
    (setting, NULL, {acl})
) AS rows(what, value, statements)
WHERE has <> came_with OR by_default"
    )
}
