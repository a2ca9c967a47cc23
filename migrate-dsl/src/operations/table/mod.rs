//! Tables, see [Data Definition](https://www.postgresql.org/docs/current/ddl.html).

mod alter_table;
mod attach_partition;
mod create_partition;
mod create_table;
mod detach_partition;
mod drop_table;
mod like;
pub(crate) mod partitioning;
mod purge_table;
mod rename_table;
mod truncate_table;

pub use alter_table::AlterTable;
pub use attach_partition::AttachPartition;
pub use create_partition::CreatePartition;
pub use create_table::CreateTable;
pub use detach_partition::DetachPartition;
pub use drop_table::DropTable;
pub use like::{Like, LikeOption};
pub use purge_table::PurgeTable;
pub use rename_table::RenameTable;
pub use truncate_table::TruncateTable;
