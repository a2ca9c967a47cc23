//! Publications, see [Publication](https://www.postgresql.org/docs/current/logical-replication-publication.html).

mod alter_publication;
mod contents;
mod create_publication;
mod drop_publication;
mod options;
mod rename_publication;

pub use alter_publication::AlterPublication;
pub use create_publication::CreatePublication;
pub use drop_publication::DropPublication;
pub use rename_publication::RenamePublication;
