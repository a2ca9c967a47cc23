//! Queries that concern only Citus.

use postgres::Client;

/// Whether this is a worker of a Citus cluster, which changes no tables of its own accord.
///
/// # Errors
///
/// When the server refuses a query.
pub(crate) fn is_citus_worker(client: &mut Client) -> Result<bool, postgres::Error> {
    let group = client.query_typed(
        "SELECT pg_catalog.format('SELECT groupid::pg_catalog.int4 FROM %I.%I', nspname, relname) \
         FROM pg_catalog.pg_extension e \
         JOIN pg_catalog.pg_depend d ON d.refobjid = e.oid \
         AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
         AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e' \
         JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'r' \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE extname = 'citus' AND relname = 'pg_dist_local_group' \
         AND pg_catalog.has_table_privilege(c.oid, 'SELECT')",
        &[],
    )?;
    let Some(row) = group.first() else { return Ok(false) };
    let groups = client.query_typed(row.get(0), &[])?;
    // A coordinator has the number 0.
    Ok(groups.iter().any(|row| row.get::<_, i32>(0) != 0))
}

/// Whether the database has the extension `citus`.
///
/// # Errors
///
/// When the server refuses a query.
#[cfg(feature = "backup")]
pub(crate) fn has_citus(client: &mut Client) -> Result<bool, postgres::Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')";
    Ok(client.query_typed_one(sql, &[])?.get(0))
}
