//! [`ALTER MATERIALIZED VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a materialized view.
pub struct RenameMaterializedView {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a materialized view; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_materialized_view(("app", "totals"), "monthly_totals");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER MATERIALIZED VIEW "app"."totals" RENAME TO "monthly_totals";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER MATERIALIZED VIEW "app"."monthly_totals" RENAME TO "totals";"#);
    /// ```
    #[track_caller]
    pub fn rename_materialized_view(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameMaterializedView {
        self.record(RenameMaterializedView { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameMaterializedView {
    fn verb(&self) -> &'static str {
        "rename_materialized_view"
    }

    fn describe(&self) -> String {
        format!("rename materialized view `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("MATERIALIZED VIEW", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("MATERIALIZED VIEW", &self.from, &self.to))
    }
}
