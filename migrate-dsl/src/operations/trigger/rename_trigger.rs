//! [`ALTER TRIGGER … RENAME`](https://www.postgresql.org/docs/current/sql-altertrigger.html).

use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Renames a trigger.
pub struct RenameTrigger {
    table: Name,
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a trigger of a table. Triggers fire in the order of their names.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_trigger("posts", "touch", "a_touch");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TRIGGER "touch" ON "posts" RENAME TO "a_touch";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TRIGGER "a_touch" ON "posts" RENAME TO "touch";"#);
    /// ```
    #[track_caller]
    pub fn rename_trigger(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameTrigger {
        self.record(RenameTrigger { table: table.into(), from: from.into(), to: to.into() })
    }
}

impl RenameTrigger {
    fn rename(&self, from: &Identifier, to: &Identifier) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER TRIGGER").identifier(from);
            sql.text("ON").name(&self.table);
            sql.text("RENAME TO").identifier(to)
        })
    }
}

impl Operation for RenameTrigger {
    fn verb(&self) -> &'static str {
        "rename_trigger"
    }

    fn describe(&self) -> String {
        format!("rename trigger `{}` of `{}` to `{}`", self.from, self.table, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.rename(&self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.rename(&self.to, &self.from))
    }
}
