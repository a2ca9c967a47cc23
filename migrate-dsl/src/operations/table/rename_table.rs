//! [`ALTER TABLE … RENAME`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a table.
pub struct RenameTable {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a table; it stays in its schema.
    ///
    /// A running application knows the old name only: it fails from here on until it is redeployed.
    /// Indexes, constraints and sequences keep their names.
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
    #[track_caller]
    pub fn rename_table(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameTable {
        self.record(RenameTable { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameTable {
    fn verb(&self) -> &'static str {
        "rename_table"
    }

    fn describe(&self) -> String {
        format!("rename table `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("TABLE", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("TABLE", &self.from, &self.to))
    }
}
