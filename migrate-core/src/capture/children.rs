//! Partitions, and tables that inherit, with something of their own.

use std::collections::HashMap;

use postgres::Client;
use postgres::types::{Oid, Type};

/// Of these tables, those that have partitions or children, and whether a partition has an index or a
/// constraint of its own, or a child a column; besides, those that have inherited a check themselves. Where
/// the table gets the same, PostgreSQL
/// [merges](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES) the two,
/// and what a partition had is dropped with the table's.
///
/// # Errors
///
/// When the server refuses the query.
pub fn have_own_parts(
    client: &mut Client,
    tables: &[Oid],
) -> Result<HashMap<Oid, bool>, postgres::Error> {
    if tables.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = client.query_typed(
        "WITH RECURSIVE below AS (
             SELECT inhparent AS root, inhrelid AS id FROM pg_inherits WHERE inhparent = ANY ($1)
             UNION
             SELECT root, inhrelid FROM below JOIN pg_inherits ON inhparent = id
         )
         SELECT root, bool_or(CASE WHEN relispartition THEN
             EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
                     AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid))
             OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND contype IN ('c', 'f')
                        AND conparentid = 0 AND coninhcount = 0)
         ELSE
             EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0
                     AND NOT attisdropped AND attinhcount = 0)
         END
             OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = root AND contype = 'c' AND NOT conislocal))
         FROM (SELECT * FROM below UNION ALL SELECT k.conrelid, k.conrelid FROM pg_constraint k
               WHERE k.conrelid = ANY ($1) AND contype = 'c' AND NOT conislocal) AS below
         JOIN pg_class c ON c.oid = id GROUP BY root",
        &[(&tables, Type::OID_ARRAY)],
    )?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
