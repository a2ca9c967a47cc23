//! [`ALTER TABLE … RENAME CONSTRAINT`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a constraint of a table.
pub struct RenameConstraint {
    table: Name,
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a constraint, and the index behind it.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_constraint("posts", "posts_title_key", "one_post_a_title");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" RENAME CONSTRAINT "posts_title_key" TO "one_post_a_title";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "posts" RENAME CONSTRAINT "one_post_a_title" TO "posts_title_key";"#);
    /// ```
    #[track_caller]
    pub fn rename_constraint(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameConstraint {
        self.record(RenameConstraint { table: table.into(), from: from.into(), to: to.into() })
    }
}

impl Operation for RenameConstraint {
    fn verb(&self) -> &'static str {
        "rename_constraint"
    }

    fn describe(&self) -> String {
        format!("rename constraint `{}` of `{}` to `{}`", self.from, self.table, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename_part(&self.table, "CONSTRAINT", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_part(&self.table, "CONSTRAINT", &self.to, &self.from))
    }
}
