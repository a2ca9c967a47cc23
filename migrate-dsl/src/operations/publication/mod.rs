//! Publications, see [Publication](https://www.postgresql.org/docs/current/logical-replication-publication.html).

mod alter_publication;
mod contents;
mod create_publication;
mod drop_publication;
mod options;

pub use alter_publication::AlterPublication;
pub use create_publication::CreatePublication;
pub use drop_publication::DropPublication;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Object};

plain_verbs! {
    /// Renames a publication.
    ///
    /// See [`ALTER PUBLICATION … RENAME`](https://www.postgresql.org/docs/current/sql-alterpublication.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_publication("changes", "for_search");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER PUBLICATION "changes" RENAME TO "for_search";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER PUBLICATION "for_search" RENAME TO "changes";"#);
    /// ```
    pub fn rename_publication(
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::publication(from), to.into());
}
