//! [`ALTER FOREIGN TABLE … RENAME`](https://www.postgresql.org/docs/current/sql-alterforeigntable.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a foreign table.
pub struct RenameForeignTable {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a foreign table.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_foreign_table("invoices", "bills");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER FOREIGN TABLE "invoices" RENAME TO "bills";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER FOREIGN TABLE "bills" RENAME TO "invoices";"#);
    /// ```
    #[track_caller]
    pub fn rename_foreign_table(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameForeignTable {
        self.record(RenameForeignTable { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameForeignTable {
    fn verb(&self) -> &'static str {
        "rename_foreign_table"
    }

    fn describe(&self) -> String {
        format!("rename foreign table `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("FOREIGN TABLE", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("FOREIGN TABLE", &self.from, &self.to))
    }
}
