//! What a failed `CREATE INDEX CONCURRENTLY` leaves behind: an index that is not valid, costs
//! every write, and is in the way of the next attempt, see
//! [Building Indexes Concurrently](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).

use postgres::Client;
use postgres::types::Oid;

/// The indexes that were not valid before a statement, and so are none of its making.
pub(super) fn before(client: &mut Client, sql: &str) -> Vec<Oid> {
    if !sql.to_ascii_lowercase().contains("index") {
        return Vec::new();
    }
    let invalid =
        client.query("SELECT indexrelid FROM pg_catalog.pg_index WHERE NOT indisvalid", &[]);
    invalid.map(|rows| rows.iter().map(|row| row.get(0)).collect()).unwrap_or_default()
}

/// Removes what the failed statement left: indexes that are invalid now and were not there
/// before, that the statement names, and that nobody is building. Where that cannot be done, the
/// next attempt will say what is in its way.
pub(super) fn remove(client: &mut Client, sql: &str, before: &[Oid]) {
    if !sql.to_ascii_lowercase().contains("index") {
        return;
    }
    let found = client.query(
        "SELECT i.indexrelid, c.relname::text, i.indexrelid::regclass::text \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         WHERE NOT i.indisvalid AND NOT EXISTS \
         (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)",
        &[],
    );
    for row in found.unwrap_or_default() {
        let (oid, name, qualified): (Oid, String, String) = (row.get(0), row.get(1), row.get(2));
        if !before.contains(&oid) && sql.contains(&name.replace('"', "\"\"")) {
            _ = client.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {qualified}"));
        }
    }
}
