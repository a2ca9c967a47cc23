//! Indexes, see [Indexes](https://www.postgresql.org/docs/current/indexes.html).

mod create_index;
mod drop_index;
mod elements;
mod rename_index;

pub use create_index::CreateIndex;
pub use drop_index::DropIndex;
pub use elements::IntoIndexElements;
pub(crate) use elements::{name_part, write_element};
pub use rename_index::RenameIndex;
