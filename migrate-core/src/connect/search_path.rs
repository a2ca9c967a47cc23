//! Whose names a statement is read with.
//!
//! What the engine sends of its own is read with a trusted `search_path`, in which no object of a
//! user stands in for one of `pg_catalog`: a role that may create functions, operators or types
//! somewhere could otherwise have them called with the rights of the role that migrates, see
//! [CVE-2018-1058](https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058:_Protect_Your_Search_Path).
//! What the author of a migration wrote is read with the path that the session was given by the
//! role, the database or the connection.
//!
//! So the trusted path is what a [`Session`](super::Session) has, and the author's is set around
//! the author's statements. Inside a transaction the two alternate: the author may set another
//! path with `SET LOCAL`, which holds until the end of the transaction, and the deferred triggers
//! that `COMMIT` fires are the author's as well. The server itself remembers the author's path, in
//! the parameter `migrate.search_path`.
//!
//! An empty path would not do: where `pg_temp` is not named, the server looks there first for
//! tables and types.

use postgres::Client;
use postgres::types::{Oid, Type};

/// SQL that remembers the session's path as the author's, and gives the session the trusted one.
/// A pool may hand out a session in which an earlier run has done so.
pub(super) const BEGIN: &str = "SELECT pg_catalog.set_config('migrate.search_path', \
     CASE WHEN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.=) 'pg_catalog, pg_temp' \
     THEN coalesce(nullif(pg_catalog.current_setting('migrate.search_path', true), ''), \
     'pg_catalog, pg_temp') ELSE pg_catalog.current_setting('search_path') END, false), \
     pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)";

/// SQL that gives the session the trusted path again, whatever has become of it.
pub(crate) const RESET: &str = "SET search_path = pg_catalog, pg_temp";

/// SQL that gives the running transaction the trusted path, whatever the session has.
pub(crate) const TRUSTED_IN_TRANSACTION: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// SQL that gives the session the author's path.
const AUTHOR: &str = "SELECT pg_catalog.set_config('search_path', \
     pg_catalog.current_setting('migrate.search_path'), false)";

/// SQL that changes to the trusted path for the running transaction, and remembers the one before.
/// What follows may set a savepoint, or be a block with an exception handler, see
/// [`savepoint`](super::savepoint).
pub(crate) const ENTER_TRUSTED: &str = "SELECT \
     pg_catalog.set_config('migrate.search_path', pg_catalog.current_setting('search_path'), true), \
     pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true) \
     FROM (SELECT OFFSET 0) AS nothing FOR UPDATE";

/// SQL that changes from the trusted path to the author's for the running transaction.
pub(crate) const LEAVE_TRUSTED: &str = "SELECT pg_catalog.set_config('search_path', \
     pg_catalog.current_setting('migrate.search_path'), true)";

/// SQL that remembers this as the author's path, of the running transaction or of the session.
pub(crate) fn remember(path: &str, in_transaction: bool) -> String {
    let path = migrate_dsl::quote_literal(path);
    format!("SELECT pg_catalog.set_config('migrate.search_path', {path}, {in_transaction})")
}

/// Sends what the author wrote, outside a transaction. A function in it may have set another path
/// for the session.
pub(crate) fn as_author<T>(
    client: &mut Client,
    send: impl FnOnce(&mut Client) -> T,
) -> Result<T, postgres::Error> {
    client.batch_execute(AUTHOR)?;
    let sent = send(client);
    reset(client);
    Ok(sent)
}

/// Gives the session the trusted path again. A cancel that was meant for what ran before may arrive
/// only now.
pub(super) fn reset(client: &mut Client) {
    let mut attempts = 3;
    while attempts > 0 && !client.is_closed() && client.batch_execute(RESET).is_err() {
        attempts -= 1;
    }
}

/// Runs the engine's own queries in a transaction that has the author's path. If one fails, it has
/// ended the transaction, and with it the path.
pub(crate) fn trusted<T, E: From<postgres::Error>>(
    client: &mut Client,
    ask: impl FnOnce(&mut Client) -> Result<T, E>,
) -> Result<T, E> {
    client.batch_execute(ENTER_TRUSTED)?;
    let answer = ask(client)?;
    client.batch_execute(LEAVE_TRUSTED)?;
    Ok(answer)
}

/// The relation that the author means by this name, as SQL writes it; outside a transaction.
pub(crate) fn relation(client: &mut Client, name: &str) -> Result<Option<Oid>, postgres::Error> {
    let sql = format!("{LEAVE_TRUSTED}, pg_catalog.to_regclass($1)::pg_catalog.oid");
    client.query_one(&sql, &[&name])?.try_get(1)
}

/// The relations that the author means by these names; outside a transaction.
pub(crate) fn relations(
    client: &mut Client,
    names: &[String],
) -> Result<Vec<Option<Oid>>, postgres::Error> {
    let sql = format!(
        "{LEAVE_TRUSTED}, ARRAY(SELECT pg_catalog.to_regclass(name)::pg_catalog.oid \
         FROM pg_catalog.unnest($1) WITH ORDINALITY AS named(name, place) ORDER BY place)"
    );
    client.query_typed_one(&sql, &[(&names, Type::TEXT_ARRAY)])?.try_get(1)
}

/// Returns the name of an object for messages, given the one that the trusted path has made the server
/// qualify: `public` is omitted.
pub(crate) fn shown(name: String) -> String {
    name.strip_prefix("public.").map_or(name.clone(), ToOwned::to_owned)
}
