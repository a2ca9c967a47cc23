//! The parameters that decide where a new table or index is stored, for what was read from the catalog:
//! that names only what is not the default of PostgreSQL itself.

/// SQL that remembers what the author, the role or the database has set, and gives both parameters
/// PostgreSQL's own defaults.
pub(super) fn enter(in_transaction: bool) -> String {
    let remembered = PARAMETERS.map(|(name, _)| {
        format!("{SET}('migrate.{name}', pg_catalog.current_setting('{name}'), {in_transaction})")
    });
    let set =
        PARAMETERS.map(|(name, default)| format!("{SET}('{name}', '{default}', {in_transaction})"));
    format!("SELECT {}, {}", remembered.join(", "), set.join(", "))
}

/// SQL that gives them what was remembered.
pub(super) fn leave(in_transaction: bool) -> String {
    let set = PARAMETERS.map(|(name, _)| {
        format!("{SET}('{name}', pg_catalog.current_setting('migrate.{name}'), {in_transaction})")
    });
    format!("SELECT {}", set.join(", "))
}

const SET: &str = "pg_catalog.set_config";

const PARAMETERS: [(&str, &str); 2] =
    [("default_tablespace", ""), ("default_table_access_method", "heap")];
