//! Indexes, see [Indexes](https://www.postgresql.org/docs/current/indexes.html).

mod alter_index;
mod attach_index_partition;
mod create_index;
mod drop_index;
mod elements;
mod reindex;
mod rename_index;

pub use alter_index::AlterIndex;
pub use attach_index_partition::AttachIndexPartition;
pub use create_index::CreateIndex;
pub use drop_index::DropIndex;
pub use elements::IntoIndexElements;
pub(crate) use elements::{name_part, write_element};
pub use reindex::Reindex;
pub use rename_index::RenameIndex;
