//! Columns of tables that are there already, see
//! [Modifying Tables](https://www.postgresql.org/docs/current/ddl-alter.html).

mod add_column;
mod alter_column;
mod changes;
mod drop_column;
mod purge_column;
mod rename_column;

pub use add_column::AddColumn;
pub use alter_column::AlterColumn;
pub use drop_column::DropColumn;
pub use purge_column::PurgeColumn;
pub use rename_column::RenameColumn;
