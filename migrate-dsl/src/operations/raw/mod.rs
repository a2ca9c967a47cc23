//! Raw SQL: what the typed operations do not say.

mod sql;
mod sql_file;
mod statement;

pub use sql::Sql;
pub use statement::{IntoStatement, SqlStatement};
