//! [`ALTER VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-alterview.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a view.
pub struct RenameView {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a view; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_view(("app", "popular"), "popular_posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER VIEW "app"."popular" RENAME TO "popular_posts";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER VIEW "app"."popular_posts" RENAME TO "popular";"#);
    /// ```
    #[track_caller]
    pub fn rename_view(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameView {
        self.record(RenameView { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameView {
    fn verb(&self) -> &'static str {
        "rename_view"
    }

    fn describe(&self) -> String {
        format!("rename view `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("VIEW", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("VIEW", &self.from, &self.to))
    }
}
