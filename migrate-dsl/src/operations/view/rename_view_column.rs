//! [`ALTER VIEW … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-alterview.html).

use crate::operations::RenamePart;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a column of a view.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_view_column("popular_posts", "likes", "hearts");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER VIEW "popular_posts" RENAME COLUMN "likes" TO "hearts";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER VIEW "popular_posts" RENAME COLUMN "hearts" TO "likes";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_view_column(
        &mut self,
        view: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenamePart {
        let view = Object::view(view);
        self.record(RenamePart::new("rename_view_column", view, "COLUMN", from.into(), to.into()))
    }
}
