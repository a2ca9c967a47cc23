//! [`ALTER TABLE … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a column of a table.
pub struct RenameColumn {
    table: Name,
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a column. Indexes, constraints and views follow; a running application does not: it
    /// fails from here on until it is redeployed.
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
    #[track_caller]
    pub fn rename_column(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameColumn {
        self.record(RenameColumn { table: table.into(), from: from.into(), to: to.into() })
    }
}

impl Operation for RenameColumn {
    fn verb(&self) -> &'static str {
        "rename_column"
    }

    fn describe(&self) -> String {
        format!("rename column `{}` of `{}` to `{}`", self.from, self.table, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename_part(&self.table, "COLUMN", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_part(&self.table, "COLUMN", &self.to, &self.from))
    }
}
