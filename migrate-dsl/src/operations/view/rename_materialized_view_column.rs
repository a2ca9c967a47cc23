//! [`ALTER MATERIALIZED VIEW … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).

use crate::operations::RenamePart;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a column of a materialized view.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_materialized_view_column("totals", "likes", "hearts");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER MATERIALIZED VIEW "totals" RENAME COLUMN "likes" TO "hearts";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER MATERIALIZED VIEW "totals" RENAME COLUMN "hearts" TO "likes";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_materialized_view_column(
        &mut self,
        view: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenamePart {
        let view = Object::materialized_view(view);
        self.record(RenamePart::new(
            "rename_materialized_view_column",
            view,
            "COLUMN",
            from.into(),
            to.into(),
        ))
    }
}
