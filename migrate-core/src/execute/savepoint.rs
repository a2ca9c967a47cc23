//! Going on from within a transaction, after a lock that could not be had.
//!
//! A statement that does not get its lock at once is tried again later. What was done before it in
//! the same transaction, a backfill for example, need not be done again for that, and must not be
//! done while others wait: a savepoint stands before the statement, and going back to it gives up
//! the locks that the statement has got, see
//! [SAVEPOINT](https://www.postgresql.org/docs/current/sql-savepoint.html).
//!
//! That holds only while the transaction has no lock from before that others wait behind. A
//! transaction with such a lock is rolled back as a whole.

use crate::connect::OpenTransaction;
use crate::connect::savepoint::savepoint_with;
use crate::plan::Statement;

/// SQL that sets the savepoint before the statement of this number.
pub(super) fn set(number: usize) -> String {
    savepoint_with("migrate_statement", "migrate.statement", &number.to_string())
}

/// SQL that removes it.
pub(super) const RELEASE: &str = "RELEASE SAVEPOINT migrate_statement";

/// SQL that rolls back to it.
pub(super) const ROLL_BACK: &str = "ROLLBACK TO SAVEPOINT migrate_statement";

/// The number of the statement that the savepoint stands before, once the transaction is back there.
fn number(transaction: &mut OpenTransaction<'_>) -> Result<Option<usize>, postgres::Error> {
    let sql = "SELECT pg_catalog.current_setting('migrate.statement', true)";
    let number: Option<String> = transaction.client().query_one(sql, &[])?.try_get(0)?;
    Ok(number.and_then(|number| number.parse().ok()))
}

/// Rolls back to the savepoint of a transaction that has failed: to the statement that follows it.
/// None if there is no savepoint, or others wait behind what the transaction has locked before.
pub(super) fn resume(transaction: &mut OpenTransaction<'_>) -> Option<usize> {
    transaction.execute(ROLL_BACK).ok()?;
    let number = number(transaction).ok()??;
    let blocks_others = blocks_others(transaction).ok()?;
    (!blocks_others).then_some(number)
}

/// Whether a statement may take its time: it is worth a savepoint after it, which costs some
/// microseconds.
pub(super) fn is_work(statement: &Statement) -> bool {
    let sql = statement.sql.trim_start();
    let word: String =
        sql.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    match word.as_str() {
        "alter" | "drop" | "comment" | "grant" | "revoke" | "set" | "security" | "lock" => false,
        "create" => {
            let sql = sql.to_ascii_lowercase();
            ["create index", "create unique", "create materialized"]
                .iter()
                .any(|slow| sql.starts_with(slow))
                || sql.starts_with("create table") && sql.contains(" as ")
        }
        _ => true,
    }
}

/// Whether the transaction holds a lock behind which readers or writers wait: one on a relation
/// that it has not created itself.
///
/// The rows for a table's system columns are never changed, so their age is the table's.
pub(super) fn blocks_others(
    transaction: &mut OpenTransaction<'_>,
) -> Result<bool, postgres::Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = l.relation AND a.attnum = -6 \
         WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.locktype = 'relation' \
         AND l.relation >= 16384 AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', \
         'ExclusiveLock', 'AccessExclusiveLock') \
         AND NOT coalesce(CASE WHEN pg_catalog.age(a.xmin) > 0 THEN false ELSE \
         pg_catalog.pg_xact_status((pg_catalog.pg_current_xact_id()::text::int8 \
         - pg_catalog.age(a.xmin))::text::xid8) = 'in progress' END, \
         EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = l.relation \
         AND c.relkind IN ('i', 'I'))))";
    transaction.trusted(|client| client.query_one(sql, &[])?.try_get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_take_its_time() {
        for sql in [
            "UPDATE t SET a = 1",
            "select f()",
            "DO $$BEGIN END$$",
            "-- why\nDELETE FROM t",
            "CREATE TABLE a AS SELECT 1",
            "create index i on t (a)",
            "CREATE MATERIALIZED VIEW m AS SELECT 1",
        ] {
            assert!(is_work(&Statement::new(sql)), "{sql}");
        }
        for sql in ["ALTER TABLE t ADD a int", "drop table t", "CREATE TABLE t (a int)"] {
            assert!(!is_work(&Statement::new(sql)), "{sql}");
        }
    }
}
