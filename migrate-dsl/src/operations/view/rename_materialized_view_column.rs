//! [`ALTER MATERIALIZED VIEW … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).

use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Renames a column of a materialized view.
pub struct RenameMaterializedViewColumn {
    view: Name,
    from: Identifier,
    to: Identifier,
}

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
    ) -> &mut RenameMaterializedViewColumn {
        self.record(RenameMaterializedViewColumn {
            view: view.into(),
            from: from.into(),
            to: to.into(),
        })
    }
}

impl RenameMaterializedViewColumn {
    fn rename(&self, from: &Identifier, to: &Identifier) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER MATERIALIZED VIEW").name(&self.view);
            sql.text("RENAME COLUMN").identifier(from).text("TO").identifier(to)
        })
    }
}

impl Operation for RenameMaterializedViewColumn {
    fn verb(&self) -> &'static str {
        "rename_materialized_view_column"
    }

    fn describe(&self) -> String {
        format!("rename column `{}` of `{}` to `{}`", self.from, self.view, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.rename(&self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.rename(&self.to, &self.from))
    }
}
