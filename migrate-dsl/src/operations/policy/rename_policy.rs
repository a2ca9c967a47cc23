//! [`ALTER POLICY … RENAME`](https://www.postgresql.org/docs/current/sql-alterpolicy.html).

use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Renames a row security policy.
pub struct RenamePolicy {
    table: Name,
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a policy of a table.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_policy("posts", "own", "own_posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER POLICY "own" ON "posts" RENAME TO "own_posts";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER POLICY "own_posts" ON "posts" RENAME TO "own";"#);
    /// ```
    #[track_caller]
    pub fn rename_policy(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenamePolicy {
        self.record(RenamePolicy { table: table.into(), from: from.into(), to: to.into() })
    }
}

impl RenamePolicy {
    fn rename(&self, from: &Identifier, to: &Identifier) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER POLICY").identifier(from).text("ON").name(&self.table);
            sql.text("RENAME TO").identifier(to)
        })
    }
}

impl Operation for RenamePolicy {
    fn verb(&self) -> &'static str {
        "rename_policy"
    }

    fn describe(&self) -> String {
        format!("rename policy `{}` of `{}` to `{}`", self.from, self.table, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.rename(&self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.rename(&self.to, &self.from))
    }
}
