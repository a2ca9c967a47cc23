//! Savepoints behind whatever has run before.
//!
//! The server refuses the first change of its catalog in a subtransaction (`XX000`, "cannot start a
//! subtransaction when there are unprocessed inval messages") where the statement before that has
//! left some unprocessed, as `ALTER DOMAIN .. DROP CONSTRAINT` does up to version 18. It
//! processes them when the next statement that takes a
//! [command ID](https://www.postgresql.org/docs/current/ddl-system-columns.html) ends. A SELECT with
//! `FOR UPDATE` takes one; where it reads no table, it locks nothing, needs no rights and no
//! transaction ID.

/// The end of a `SELECT` without a table, to have it take a command ID.
const SETTLED: &str = "FROM (SELECT OFFSET 0) AS nothing FOR UPDATE";

/// SQL that sets a savepoint of this name.
pub(crate) fn savepoint(name: &str) -> String {
    format!("SELECT {SETTLED};\nSAVEPOINT {name}")
}

/// SQL that sets a parameter for the running transaction, and a savepoint of this name.
pub(crate) fn savepoint_with(name: &str, parameter: &str, value: &str) -> String {
    let [parameter, value] = [parameter, value].map(migrate_dsl::quote_literal);
    format!("SELECT pg_catalog.set_config({parameter}, {value}, true) {SETTLED};\nSAVEPOINT {name}")
}
