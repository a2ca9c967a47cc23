//! Foreign data, see [Foreign Data](https://www.postgresql.org/docs/current/ddl-foreign-data.html).

mod alter_foreign_data_wrapper;
mod alter_foreign_table;
mod alter_server;
mod alter_user_mapping;
mod create_foreign_data_wrapper;
mod create_foreign_partition;
mod create_foreign_table;
mod create_server;
mod create_user_mapping;
mod drop_foreign_data_wrapper;
mod drop_foreign_table;
mod drop_server;
mod drop_user_mapping;
mod import_foreign_schema;
mod options;
mod rename_foreign_data_wrapper;
mod rename_foreign_table;
mod rename_server;

pub use alter_foreign_data_wrapper::AlterForeignDataWrapper;
pub use alter_foreign_table::AlterForeignTable;
pub use alter_server::AlterServer;
pub use alter_user_mapping::AlterUserMapping;
pub use create_foreign_data_wrapper::CreateForeignDataWrapper;
pub use create_foreign_partition::CreateForeignPartition;
pub use create_foreign_table::CreateForeignTable;
pub use create_server::CreateServer;
pub use create_user_mapping::CreateUserMapping;
pub use drop_foreign_data_wrapper::DropForeignDataWrapper;
pub use drop_foreign_table::DropForeignTable;
pub use drop_server::DropServer;
pub use drop_user_mapping::DropUserMapping;
pub use import_foreign_schema::ImportForeignSchema;
pub use rename_foreign_data_wrapper::RenameForeignDataWrapper;
pub use rename_foreign_table::RenameForeignTable;
pub use rename_server::RenameServer;
