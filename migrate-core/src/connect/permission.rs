//! A missing privilege: which role could grant it, and the `GRANT` that would do so.
//!
//! The server names the object only in its message. Where that is in English, and the catalog
//! has one object of the name, its owner is reported; otherwise nothing is.

use migrate_dsl::Identifier;
use postgres::Client;
use postgres::error::{DbError, SqlState};

use crate::connect::search_path::shown;

/// The roles that are trusted, as a list of common table expressions.
///
/// Before version 15 a role may grant membership in itself to any role, so the grantor must be an
/// administrator there.
pub(crate) const TRUSTED_ROLES: &str = "\
     member (role) AS (SELECT oid FROM pg_catalog.pg_roles \
         WHERE rolname IN (current_user, session_user) \
         UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN member ON m.member = role \
         WHERE coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean \
             OR (pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true) \
         AND (pg_catalog.current_setting('server_version_num')::int4 >= 150000 \
             OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles g WHERE g.oid = m.grantor \
                 AND NOT g.rolsuper AND NOT g.rolcreaterole \
                 AND g.oid NOT IN (SELECT datdba FROM pg_catalog.pg_database \
                     WHERE datname = pg_catalog.current_database())))), \
     trusted (role) AS (SELECT role FROM member \
         UNION SELECT datdba FROM pg_catalog.pg_database \
         WHERE datname = pg_catalog.current_database() \
         UNION SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper OR rolname = 'pg_database_owner')";

/// The server's words for kinds of objects, and where they are found by name: quoted, their owner,
/// and what `GRANT` calls them.
const KINDS: &[(&[&str], &str)] = &[
    (
        &["materialized view", "foreign table", "table", "view", "index", "sequence", "relation"],
        "SELECT c.oid::pg_catalog.regclass::text, relowner,
                CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END
         FROM pg_catalog.pg_class c WHERE relname = $1
         ORDER BY pg_catalog.pg_table_is_visible(c.oid) DESC, c.oid",
    ),
    (
        &["schema"],
        "SELECT pg_catalog.quote_ident(nspname), nspowner, 'SCHEMA '
         FROM pg_catalog.pg_namespace WHERE nspname = $1",
    ),
    (
        &["database"],
        "SELECT pg_catalog.quote_ident(datname), datdba, 'DATABASE '
         FROM pg_catalog.pg_database WHERE datname = $1",
    ),
    (
        &["function", "procedure", "aggregate", "routine"],
        "SELECT p.oid::pg_catalog.regprocedure::text, proowner, 'FUNCTION '
         FROM pg_catalog.pg_proc p WHERE proname = $1
         ORDER BY pg_catalog.pg_function_is_visible(p.oid) DESC, p.oid",
    ),
    (
        &["type", "domain"],
        "SELECT t.oid::pg_catalog.regtype::text, typowner, 'TYPE '
         FROM pg_catalog.pg_type t WHERE typname = $1
         ORDER BY pg_catalog.pg_type_is_visible(t.oid) DESC, t.oid",
    ),
];

/// Privileges on relations, and the words in SQL that ask for them.
const ON_RELATIONS: &[&str] =
    &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

/// What the server refused.
#[derive(Debug, PartialEq, Eq)]
struct Refused<'a> {
    /// Whether the owner is required, and no privilege is sufficient.
    owner: bool,
    kind: &'a str,
    name: &'a str,
    query: &'static str,
}

/// An object, as the catalog knows it.
struct Found {
    quoted: String,
    owner: String,
    grant: String,
}

/// Returns which role could grant the privilege that a statement lacked, and how.
pub(crate) fn advice(client: &mut Client, error: &DbError, sql: &str) -> Option<String> {
    if *error.code() != SqlState::INSUFFICIENT_PRIVILEGE {
        return None;
    }
    let refused = refused(error.message())?;
    let found = find(client, &refused)?;
    let role: String = client.query_one("SELECT current_user::text", &[]).ok()?.try_get(0).ok()?;
    let rights = missing(client, &refused, &found, sql).join(", ");
    let Found { quoted, owner, grant } = &found;
    let quoted = shown(quoted.clone());
    let owned = format!("`{quoted}` is owned by `{owner}`");
    let to = Identifier::from(role.as_str()).quoted();
    if refused.owner {
        if is_administrator(client, owner) {
            // A member of an administrator's role is an administrator.
            let alter = match refused.kind {
                "relation" | "index" => String::new(),
                kind => {
                    format!(": have it say `ALTER {} {quoted} OWNER TO {to}`", kind.to_uppercase())
                }
            };
            return Some(format!(
                "{owned}, who is an administrator{alter}, or migrate as that role"
            ));
        }
        let from = Identifier::from(owner.as_str()).quoted();
        return Some(format!(
            "{owned}: migrate as that role, or make `{role}` a member of it: `GRANT {from} TO {to}`"
        ));
    }
    if rights.is_empty() {
        return Some(owned);
    }
    Some(format!("{owned}, who can say `GRANT {rights} ON {grant}{quoted} TO {to}`"))
}

/// Whether a role has rights that no grant on an object gives.
fn is_administrator(client: &mut Client, role: &str) -> bool {
    let sql = "SELECT rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls \
               FROM pg_catalog.pg_roles WHERE rolname = $1";
    let row = client.query_opt(sql, &[&role]).ok().flatten();
    row.is_some_and(|row| row.try_get(0).unwrap_or(false))
}

/// The privileges that the role does not have on it, of those that the statement may need.
fn missing(
    client: &mut Client,
    refused: &Refused<'_>,
    found: &Found,
    sql: &str,
) -> Vec<&'static str> {
    let sql = sql.to_ascii_uppercase();
    // Schemas and databases go by their plain names, tables by quoted ones.
    let (function, name, mut wanted) = match found.grant.as_str() {
        "SCHEMA " => {
            let creates = sql.contains("CREATE") || sql.contains("ALTER");
            let wanted = if creates { vec!["USAGE", "CREATE"] } else { vec!["USAGE"] };
            ("has_schema_privilege", refused.name, wanted)
        }
        "DATABASE " => ("has_database_privilege", refused.name, vec!["CREATE"]),
        "SEQUENCE " => return vec!["USAGE", "SELECT"],
        "FUNCTION " => return vec!["EXECUTE"],
        "TYPE " => return vec!["USAGE"],
        _ => {
            let said = ON_RELATIONS.iter().copied().filter(|right| sql.contains(right));
            ("has_table_privilege", found.quoted.as_str(), said.collect())
        }
    };
    let asked = format!("SELECT pg_catalog.{function}($1, $2)");
    wanted.retain(|right| {
        let row = client.query_one(&asked, &[&name, right]);
        row.and_then(|row| row.try_get(0)).is_ok_and(|has: bool| !has)
    });
    wanted
}

fn find(client: &mut Client, refused: &Refused<'_>) -> Option<Found> {
    let sql = format!(
        "WITH found (name, owner, word) AS ({}) \
         SELECT name, pg_catalog.pg_get_userbyid(owner)::text, word, \
                (SELECT pg_catalog.pg_get_userbyid(datdba)::text FROM pg_catalog.pg_database \
                 WHERE datname = pg_catalog.current_database()) \
         FROM found LIMIT 2",
        refused.query
    );
    let rows = client.query(&sql, &[&refused.name]).ok()?;
    let found = |row: &postgres::Row| -> Option<Found> {
        let owner: String = row.try_get(1).ok()?;
        // The role that stands for the owner of the database owns `public`, from 15 on.
        let owner = if owner == "pg_database_owner" { row.try_get(3).ok()? } else { owner };
        Some(Found { quoted: row.try_get(0).ok()?, owner, grant: row.try_get(2).ok()? })
    };
    match &rows[..] {
        [only] => found(only),
        // Of several by that name it is not known which one was meant.
        _ => None,
    }
}

/// Parses the message.
fn refused(message: &str) -> Option<Refused<'_>> {
    let (owner, what) = match message.strip_prefix("must be owner of ") {
        Some(what) => (true, what),
        None => (false, message.strip_prefix("permission denied for ")?),
    };
    let of_kind = |(kinds, query): &(&'static [&'static str], &'static str)| {
        let named =
            |kind: &&'static str| Some((*kind, what.strip_prefix(kind)?.strip_prefix(' ')?));
        let (kind, name) = kinds.iter().find_map(named)?;
        Some(Refused { owner, kind, name, query })
    };
    KINDS.iter().find_map(of_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused() {
        for (message, told) in [
            ("must be owner of table posts", Some((true, "table", "posts"))),
            (
                "must be owner of materialized view it is",
                Some((true, "materialized view", "it is")),
            ),
            ("permission denied for schema public", Some((false, "schema", "public"))),
            ("permission denied for table a b", Some((false, "table", "a b"))),
            ("permission denied to create database", None),
            ("keine Berechtigung für Schema public", None),
            ("permission denied for table", None),
        ] {
            let found = refused(message).map(|refused| (refused.owner, refused.kind, refused.name));
            assert_eq!(found, told, "{message}");
        }
    }
}
