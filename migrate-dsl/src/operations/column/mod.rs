//! Columns of tables that are there already, see
//! [Modifying Tables](https://www.postgresql.org/docs/current/ddl-alter.html).

mod add_column;
mod alter_column;
mod changes;
mod drop_column;
mod purge_column;

pub use add_column::AddColumn;
pub use alter_column::AlterColumn;
pub use drop_column::DropColumn;
pub use purge_column::PurgeColumn;

use crate::operations::RenamePart;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Renames a column. Indexes, constraints and views follow; a running application does not: it
    /// fails from here on until it is redeployed.
    ///
    /// See [`ALTER TABLE … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_column("posts", "contents", "body");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" RENAME COLUMN "contents" TO "body";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "posts" RENAME COLUMN "body" TO "contents";"#);
    /// ```
    pub fn rename_column(
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenamePart => (Object::table(table), "COLUMN", from.into(), to.into());
}
