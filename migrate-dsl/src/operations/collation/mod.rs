//! Collations, see [Collation Support](https://www.postgresql.org/docs/current/collation.html).

mod create_collation;
mod drop_collation;
mod refresh_collation_version;
mod rename_collation;

pub use create_collation::CreateCollation;
pub use refresh_collation_version::RefreshCollationVersion;
