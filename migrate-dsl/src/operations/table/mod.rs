//! Tables, see [Data Definition](https://www.postgresql.org/docs/current/ddl.html).

mod create_partition;
mod create_table;
mod drop_table;
mod like;
mod partitioning;
mod purge_table;
mod rename_table;
mod set_table_schema;

pub use create_partition::CreatePartition;
pub use create_table::CreateTable;
pub use drop_table::DropTable;
pub use like::{Like, LikeOption};
pub use purge_table::PurgeTable;
pub use rename_table::RenameTable;
pub use set_table_schema::SetTableSchema;
