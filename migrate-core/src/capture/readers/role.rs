//! Roles, their memberships, and what they and databases set; none of it with a password.

use super::super::names::PARAMETER;
use super::super::objects::Found;
use super::super::privileges;
use postgres::types::Type;
use postgres::{Client, Row};

use super::super::kind::Kind;
use super::Reader;

pub(super) const ROLES: Reader = Reader::of(&[Kind::Role], roles);

/// Attributes one by one: some may be changed by superusers alone.
fn roles() -> String {
    "
SELECT 'pg_authid', r.oid, 0::int8, what, value, statements
FROM (SELECT r.*, quote_ident(rolname) AS name FROM wanted JOIN pg_roles r ON r.oid = objid) AS r
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[concat_ws(' ', 'CREATE ROLE', name,
        CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
        CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
        'CONNECTION LIMIT ' || NULLIF(rolconnlimit, -1),
        'VALID UNTIL ' || quote_literal(rolvaliduntil))]),
    ('drop', NULL, ARRAY['DROP ROLE ' || name]),
    ('withheld', NULL, CASE WHEN rolcanlogin THEN ARRAY['password=not read'] END)
) AS rows(what, value, statements)
UNION ALL
SELECT 'pg_authid', r.oid, 0::int8, 'change ' || lower(attribute), yes::text,
       ARRAY[format('ALTER ROLE %I %s%s', rolname, CASE WHEN NOT yes THEN 'NO' END, attribute)]
FROM wanted
JOIN pg_roles r ON r.oid = objid
CROSS JOIN LATERAL (VALUES
    ('SUPERUSER', rolsuper), ('INHERIT', rolinherit), ('CREATEROLE', rolcreaterole),
    ('CREATEDB', rolcreatedb), ('LOGIN', rolcanlogin), ('REPLICATION', rolreplication),
    ('BYPASSRLS', rolbypassrls)
) AS attributes(attribute, yes)
UNION ALL
SELECT 'pg_authid', r.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_roles r ON r.oid = objid
CROSS JOIN LATERAL (VALUES
    ('change connection limit', rolconnlimit::text,
        ARRAY[format('ALTER ROLE %I CONNECTION LIMIT %s', rolname, rolconnlimit)]),
    -- there is no way to say none again
    ('change valid until', COALESCE(rolvaliduntil, 'infinity')::text,
        ARRAY[format('ALTER ROLE %I VALID UNTIL %L', rolname, COALESCE(rolvaliduntil, 'infinity'))])
) AS rows(what, value, statements)
UNION ALL
SELECT 'pg_authid', objid, 0::int8, concat_ws(' in ', 'set variables', datname),
       array_to_string(setconfig, chr(31)),
       concat_ws(' IN DATABASE ', 'ALTER ROLE ' || objid::regrole, quote_ident(datname)) || setconfig
FROM wanted
JOIN pg_db_role_setting ON setrole = objid
LEFT JOIN pg_database d ON d.oid = setdatabase"
        .to_owned()
}

pub(super) const PASSWORDS: Reader = Reader {
    only_if: Some("SELECT has_table_privilege('pg_authid', 'SELECT')"),
    ..Reader::of(&[Kind::Role], passwords)
};

fn passwords() -> String {
    "
SELECT 'pg_authid', r.oid, 0::int8, 'withheld', NULL::text,
       CASE WHEN rolpassword IS NOT NULL THEN ARRAY['password=' || hashtextextended(rolpassword, 0)] END
FROM wanted JOIN pg_authid r ON r.oid = objid"
        .to_owned()
}

pub(super) const MEMBERSHIPS: Reader = Reader::of(&[Kind::Role], memberships);

/// The grantor of a membership is recorded if it was another role than it would be now. From 16 on a
/// membership has more options than one, and there may be one of each grantor.
fn memberships() -> String {
    "
SELECT 'pg_auth_members of ' || grantor, roleid, member::int8, what, value, statements
FROM (
    SELECT DISTINCT m.roleid, m.member, m.grantor, to_jsonb(m) AS json, m.admin_option,
           m.roleid::regrole::text AS role, m.member::regrole::text AS name,
           CASE WHEN m.grantor <> current_user::regrole
                 AND NOT (m.grantor = 10 AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
                THEN ' GRANTED BY ' || m.grantor::regrole ELSE '' END AS by
    FROM wanted JOIN pg_auth_members m ON objid IN (m.roleid, m.member)
) AS m
CROSS JOIN LATERAL (
    SELECT CASE WHEN json ? 'set_option'
                THEN format('ADMIN %s, INHERIT %s, SET %s', upper(json ->> 'admin_option'),
                            upper(json ->> 'inherit_option'), upper(json ->> 'set_option'))
                WHEN admin_option THEN 'ADMIN OPTION' END AS options
) AS o
CROSS JOIN LATERAL (VALUES
    ('fact', format('%s in %s by %s', name, role, grantor::regrole), ARRAY['role membership']),
    ('create', options,
        ARRAY[format('GRANT %s TO %s', role, name) || COALESCE(' WITH ' || options, '') || by]),
    ('drop', NULL, ARRAY[format('REVOKE %s FROM %s', role, name) || by]),
    ('needs', NULL, ARRAY['pg_authid', roleid::text, '0', 'a']),
    ('needs', NULL, ARRAY['pg_authid', member::text, '0', 'a'])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const DATABASES: Reader = Reader::of(&[Kind::Database], databases);

/// A database is neither made nor dropped on an inverse: what is in it would be lost.
fn databases() -> String {
    let acl = privileges::sql('d', "'DATABASE ' || name", "''", "datacl", "datdba");
    format!(
        "
SELECT 'pg_database', d.oid, 0::int8, what, value, statements
FROM (SELECT d.*, quote_ident(datname) AS name FROM wanted JOIN pg_database d ON d.oid = objid) AS d
CROSS JOIN LATERAL (VALUES
    ('change connection limit', datconnlimit::text,
        ARRAY[format('ALTER DATABASE %s CONNECTION LIMIT %s', name, datconnlimit)]),
    ('change template', datistemplate::text,
        ARRAY[format('ALTER DATABASE %s IS_TEMPLATE %s', name, datistemplate)]),
    ('change connections', datallowconn::text,
        ARRAY[format('ALTER DATABASE %s ALLOW_CONNECTIONS %s', name, datallowconn)]),
    ('owner', datdba::regrole::text, ARRAY[format('ALTER DATABASE %s OWNER TO %s', name, datdba::regrole)]),
    ('acl d', NULL, {acl}),
    ('set variables',
        (SELECT array_to_string(setconfig, chr(31)) FROM pg_db_role_setting
         WHERE setdatabase = d.oid AND setrole = 0),
        ARRAY['ALTER DATABASE ' || name]
        || (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid AND setrole = 0))
) AS rows(what, value, statements)"
    )
}

pub(super) const TABLESPACES: Reader = Reader::of(&[Kind::Tablespace], tablespaces);

fn tablespaces() -> String {
    let acl = privileges::sql('t', "'TABLESPACE ' || name", "''", "spcacl", "spcowner");
    format!(
        "
SELECT 'pg_tablespace', s.oid, 0::int8, what, value, statements
FROM (SELECT s.*, quote_ident(spcname) AS name FROM wanted JOIN pg_tablespace s ON s.oid = objid) AS s
CROSS JOIN LATERAL (VALUES
    ('create', NULL,
        ARRAY[format('CREATE TABLESPACE %s LOCATION %L', name, pg_tablespace_location(s.oid))]),
    ('drop', NULL, ARRAY['DROP TABLESPACE ' || name]),
    ('set options', array_to_string(spcoptions, chr(31)), ARRAY['ALTER TABLESPACE ' || name] || spcoptions),
    ('owner', spcowner::regrole::text,
        ARRAY[format('ALTER TABLESPACE %s OWNER TO %s', name, spcowner::regrole)]),
    ('acl t', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

/// Identified by role and schema. It always exists: by default, it has the built-in privileges.
pub(super) const DEFAULT_PRIVILEGES: Reader =
    Reader::of(&[Kind::DefaultPrivileges], default_privileges);

fn default_privileges() -> String {
    let acl = privileges::sql_of_defaults();
    format!(
        "
SELECT 'default privileges of ' || kind, objid, part, what, value, statements
FROM wanted
CROSS JOIN (VALUES ('r', 'r', 'TABLES'), ('S', 's', 'SEQUENCES'), ('f', 'f', 'FUNCTIONS'),
                   ('T', 'T', 'TYPES'), ('n', 'n', 'SCHEMAS'),
                   ('L', 'L', 'LARGE OBJECTS')) AS kinds(kind, letter, word)
LEFT JOIN pg_default_acl ON defaclrole = objid AND defaclnamespace = part::oid AND defaclobjtype = kind::\"char\"
CROSS JOIN LATERAL (VALUES
    ('fact', format('%s in %s, %s', objid::regrole, NULLIF(part, 0)::oid::regnamespace, word),
        ARRAY['default privileges']),
    ('acl default', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

/// Privileges on the server's parameters, which are granted from 15 on. As with default privileges,
/// what is not said is the default.
pub(super) fn parameters(
    client: &mut Client,
    found: &[Found],
) -> Result<Vec<Row>, postgres::Error> {
    let names = found.iter().filter_map(|found| found.address.class.strip_prefix(PARAMETER));
    let names: Vec<&str> = names.collect();
    let version = "SELECT current_setting('server_version_num')::int4";
    if names.is_empty() || client.query_typed_one(version, &[])?.get::<_, i32>(0) < 150_000 {
        return Ok(Vec::new());
    }
    let acl = privileges::sql('p', "'PARAMETER ' || name", "''", "paracl", "10::oid");
    let sql = format!(
        "
SELECT '{PARAMETER}' || name, 0::oid, 0::int8, what, value, statements
FROM unnest($1::text[]) AS name
LEFT JOIN pg_parameter_acl ON parname = lower(name)
CROSS JOIN LATERAL (VALUES
    ('fact', name, ARRAY['parameter']),
    ('acl p', NULL, {acl})
) AS rows(what, value, statements)"
    );
    client.query_typed(&sql, &[(&names, Type::TEXT_ARRAY)])
}
