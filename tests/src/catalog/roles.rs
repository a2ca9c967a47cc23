//! Roles: they belong to the whole server, and are read only where they are asked for.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("roles", ROLES),
    kind("memberships", MEMBERSHIPS),
    kind("settings of roles", SETTINGS),
    Kind { since: 15, ..kind("privileges on parameters", PARAMETERS) },
];

/// Of a password only that there is one: it is salted anew each time.
const ROLES: &str = r"
SELECT concat_ws(' ', quote_ident(rolname), CASE WHEN rolpassword IS NOT NULL THEN 'password' END,
           to_jsonb(r) - '{oid,rolname,rolpassword}'::text[],
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

const PARAMETERS: &str = "
SELECT concat_ws(' ', parname, item)
FROM pg_parameter_acl, unnest(paracl) AS item";

/// Drops the roles that the text shows.
///
/// # Panics
///
/// If the server refuses: something of theirs is left in a database.
pub fn drop_roles(client: &mut postgres::Client) {
    client
        .batch_execute(
            r"DO $$
            DECLARE role regrole;
            BEGIN
                FOR role IN SELECT oid FROM pg_roles
                    WHERE rolname NOT LIKE 'pg\_%' AND rolname !~ '^test_\d+_\d+_' AND oid <> 10
                LOOP
                    EXECUTE format('DROP OWNED BY %1$s; DROP ROLE %1$s', role);
                END LOOP;
            END $$",
        )
        .unwrap_or_else(|error| panic!("roles cannot be dropped: {error:?}"));
}
