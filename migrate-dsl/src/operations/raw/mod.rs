//! Raw SQL: what the typed operations do not say.

mod sql;
mod sql_file;

pub use sql::Sql;
