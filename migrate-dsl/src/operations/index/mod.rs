//! Indexes, see [Indexes](https://www.postgresql.org/docs/current/indexes.html).

mod alter_index;
mod attach_index_partition;
mod create_index;
mod drop_index;
mod elements;
mod reindex;

pub use alter_index::AlterIndex;
pub use attach_index_partition::AttachIndexPartition;
pub use create_index::CreateIndex;
pub use drop_index::DropIndex;
pub use elements::IntoIndexElements;
pub(crate) use elements::{name_part, write_element};
pub use reindex::Reindex;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Renames an index; it stays in its schema.
    ///
    /// See [`ALTER INDEX … RENAME`](https://www.postgresql.org/docs/current/sql-alterindex.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_index(("app", "posts_idx"), "posts_title_idx");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER INDEX "app"."posts_idx" RENAME TO "posts_title_idx";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER INDEX "app"."posts_title_idx" RENAME TO "posts_idx";"#);
    /// ```
    pub fn rename_index(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::index(from), to.into());
}
