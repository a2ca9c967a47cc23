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
mod truncate_table;

pub use alter_table::AlterTable;
pub use attach_partition::AttachPartition;
pub use create_partition::CreatePartition;
pub use create_table::CreateTable;
pub use detach_partition::DetachPartition;
pub use drop_table::DropTable;
pub use like::{Like, LikeOption};
pub use purge_table::PurgeTable;
pub use truncate_table::TruncateTable;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Renames a table; it stays in its schema.
    ///
    /// A running application knows the old name only: it fails from here on until it is redeployed.
    /// Indexes, constraints and sequences keep their names.
    ///
    /// See [`ALTER TABLE … RENAME`](https://www.postgresql.org/docs/current/sql-altertable.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_table(("app", "posts"), "articles");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "app"."posts" RENAME TO "articles";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "app"."articles" RENAME TO "posts";"#);
    /// ```
    pub fn rename_table(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::table(from), to.into());
}
