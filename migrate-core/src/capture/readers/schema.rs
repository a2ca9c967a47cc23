//! Schemas and extensions.

use super::super::privileges;
use super::Reader;

pub(super) const SCHEMAS: Reader = Reader::of(&["schema"], schemas);

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

pub(super) const EXTENSIONS: Reader = Reader::of(&["extension"], extensions);

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
