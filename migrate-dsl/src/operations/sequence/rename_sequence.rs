//! [`ALTER SEQUENCE … RENAME`](https://www.postgresql.org/docs/current/sql-altersequence.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a sequence.
pub struct RenameSequence {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a sequence; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_sequence(("app", "invoice_no"), "invoice_numbers");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SEQUENCE "app"."invoice_no" RENAME TO "invoice_numbers";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SEQUENCE "app"."invoice_numbers" RENAME TO "invoice_no";"#);
    /// ```
    #[track_caller]
    pub fn rename_sequence(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameSequence {
        self.record(RenameSequence { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameSequence {
    fn verb(&self) -> &'static str {
        "rename_sequence"
    }

    fn describe(&self) -> String {
        format!("rename sequence `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("SEQUENCE", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("SEQUENCE", &self.from, &self.to))
    }
}
