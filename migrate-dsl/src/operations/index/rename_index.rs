//! [`ALTER INDEX … RENAME`](https://www.postgresql.org/docs/current/sql-alterindex.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames an index.
pub struct RenameIndex {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames an index; it stays in its schema.
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
    #[track_caller]
    pub fn rename_index(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameIndex {
        self.record(RenameIndex { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameIndex {
    fn verb(&self) -> &'static str {
        "rename_index"
    }

    fn describe(&self) -> String {
        format!("rename index `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("INDEX", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("INDEX", &self.from, &self.to))
    }
}
