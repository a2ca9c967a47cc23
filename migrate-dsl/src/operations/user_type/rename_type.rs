//! [`ALTER TYPE … RENAME`](https://www.postgresql.org/docs/current/sql-altertype.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a type.
pub struct RenameType {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a type; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_type(("app", "mood"), "feeling");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TYPE "app"."mood" RENAME TO "feeling";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TYPE "app"."feeling" RENAME TO "mood";"#);
    /// ```
    #[track_caller]
    pub fn rename_type(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameType {
        self.record(RenameType { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameType {
    fn verb(&self) -> &'static str {
        "rename_type"
    }

    fn describe(&self) -> String {
        format!("rename type `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("TYPE", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("TYPE", &self.from, &self.to))
    }
}
