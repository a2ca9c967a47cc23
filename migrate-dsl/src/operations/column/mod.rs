//! Columns of tables that are there already, see
//! [Modifying Tables](https://www.postgresql.org/docs/current/ddl-alter.html).

mod add_column;

pub use add_column::AddColumn;
