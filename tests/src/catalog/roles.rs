//! Roles: they belong to the whole server, and are read only if requested.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("roles", ROLES),
    kind("memberships", MEMBERSHIPS),
    kind("settings of roles", SETTINGS),
    kind("privileges on tablespaces and other databases", ELSEWHERE),
    Kind { since: 15, ..kind("privileges on parameters", PARAMETERS) },
];

/// Of a password only that there is one: it is salted again each time. That it never ends can be
/// said in two ways.
const ROLES: &str = r"
SELECT concat_ws(' ', quote_ident(rolname), CASE WHEN rolpassword IS NOT NULL THEN 'password' END,
           to_jsonb(r) - '{oid,rolname,rolpassword,rolvaliduntil}'::text[],
           'until ' || NULLIF(rolvaliduntil, 'infinity'),
           'comment ' || shobj_description(oid, 'pg_authid'))
FROM pg_authid r
WHERE rolname NOT LIKE 'pg\_%' AND rolname !~ '^test_\d+_\d+_' AND oid <> 10";

const MEMBERSHIPS: &str = r"
SELECT concat_ws(' ', member::regrole, 'in', roleid::regrole, 'by', grantor::regrole,
           to_jsonb(m) - '{oid,roleid,member,grantor}'::text[])
FROM pg_auth_members m
WHERE member::regrole::text !~ '^(pg_|test_\d+_\d+_)'";

const SETTINGS: &str = "
SELECT concat_ws(' ', setrole::regrole, setting)
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setdatabase = 0 AND setrole <> 0";

const ELSEWHERE: &str = r"
SELECT format('%s: %s', datname, shobj_description(oid, 'pg_database'))
FROM pg_database WHERE datname = 'postgres'
UNION ALL
SELECT concat_ws(' ', spcname, item) FROM pg_tablespace, unnest(spcacl) AS item
WHERE NOT acldefault('t', spcowner) @> item
UNION ALL
SELECT concat_ws(' ', datname, item) FROM pg_database, unnest(datacl) AS item
WHERE NOT acldefault('d', datdba) @> item AND datname !~ '^test_\d+_\d+$'";

const PARAMETERS: &str = "
SELECT concat_ws(' ', parname, item)
FROM pg_parameter_acl, unnest(paracl) AS item";

/// Drops the roles that the text shows, and the databases of crashed runs that have something of
/// theirs.
///
/// # Panics
///
/// If the server refuses.
pub fn drop_roles(client: &mut postgres::Client) {
    let refused = |error: postgres::Error| -> ! { panic!("roles cannot be dropped: {error:?}") };
    let theirs = format!(
        r"SELECT DISTINCT quote_ident(datname)
          FROM pg_shdepend JOIN pg_database d ON d.oid = dbid JOIN pg_roles r ON r.oid = refobjid
          WHERE refclassid = 'pg_authid'::regclass AND datname LIKE 'test\_%' AND {SHOWN}"
    );
    for row in client.query(&theirs, &[]).unwrap_or_else(|error| refused(error)) {
        let name: String = row.get(0);
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        client.batch_execute(&drop).unwrap_or_else(|error| refused(error));
    }
    let drop = format!(
        "DO $$
         DECLARE role regrole;
         BEGIN
             FOR role IN SELECT r.oid FROM pg_roles r WHERE {SHOWN} LOOP
                 EXECUTE format('DROP OWNED BY %1$s; DROP ROLE %1$s', role);
             END LOOP;
         END $$"
    );
    client.batch_execute(&drop).unwrap_or_else(|error| refused(error));
}

/// The same condition as in [`ROLES`].
const SHOWN: &str = r"rolname NOT LIKE 'pg\_%' AND rolname !~ '^test_\d+_\d+_' AND r.oid <> 10";
