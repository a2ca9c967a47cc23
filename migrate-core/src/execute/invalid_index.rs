//! Indexes that are there and not valid, with which `CREATE INDEX IF NOT EXISTS` would be content.

use postgres::Client;
use postgres::types::Oid;

use super::completion_probe::CompletionProbe;
use super::keywords::as_name;
use crate::connect::OpenTransaction;
use crate::connect::search_path::{relation, shown};

/// Whether the server would be content with an index that is not valid.
pub(super) fn may_accept_an_invalid_index(sql: &str) -> bool {
    // Cheap first: this is checked for every statement.
    sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"))
        && matches!(
            CompletionProbe::of_sql(sql),
            CompletionProbe::CreateIndex { if_not_exists: true, .. }
        )
}

/// The index that is not valid and has the name of the one that this statement creates if it does not
/// exist; outside a transaction.
pub(super) fn invalid_namesake(
    client: &mut Client,
    sql: &str,
) -> Result<Option<String>, postgres::Error> {
    let Some((name, table)) = created_if_not_exists(sql) else { return Ok(None) };
    let table = relation(client, &table)?;
    ask(client, table, &name)
}

/// The same in a transaction that has the author's path.
pub(super) fn invalid_namesake_within(
    transaction: &mut OpenTransaction<'_>,
    sql: &str,
) -> Result<Option<String>, postgres::Error> {
    let Some((name, table)) = created_if_not_exists(sql) else { return Ok(None) };
    let table = transaction.relation(&table)?;
    transaction.trusted(|client| ask(client, table, &name))
}

/// The name of the index, and its table.
fn created_if_not_exists(sql: &str) -> Option<(String, String)> {
    match CompletionProbe::of_sql(sql) {
        CompletionProbe::CreateIndex { name: Some(name), table, if_not_exists: true, .. } => {
            Some((name, table))
        }
        _ => None,
    }
}

fn ask(
    client: &mut Client,
    table: Option<Oid>,
    name: &str,
) -> Result<Option<String>, postgres::Error> {
    let sql = format!(
        "SELECT i.indexrelid::regclass::text FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_class t ON t.relnamespace = c.relnamespace \
         WHERE t.oid = $1 AND c.relname = {} AND NOT i.indisvalid",
        as_name(2)
    );
    let row = client.query_opt(&sql, &[&table, &name])?;
    row.map(|row| row.try_get(0).map(shown)).transpose()
}
