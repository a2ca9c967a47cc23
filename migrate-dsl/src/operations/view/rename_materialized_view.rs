//! [`ALTER MATERIALIZED VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a materialized view; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_materialized_view(("app", "totals"), "new_totals");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER MATERIALIZED VIEW "app"."totals" RENAME TO "new_totals";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER MATERIALIZED VIEW "app"."new_totals" RENAME TO "totals";"#);
    /// ```
    #[track_caller]
    pub fn rename_materialized_view(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new(
            "rename_materialized_view",
            Object::materialized_view(from),
            to.into(),
        ))
    }
}
