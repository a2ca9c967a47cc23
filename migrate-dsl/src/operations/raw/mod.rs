//! Raw SQL and data: what the typed operations do not say.

mod copy_from;
mod rust;
mod sql;
mod sql_file;
mod statement;

pub use copy_from::CopyFrom;
pub use rust::Rust;
pub use sql::Sql;
pub use statement::{IntoStatement, SqlStatement};
