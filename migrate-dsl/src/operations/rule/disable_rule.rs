//! [`ALTER TABLE … DISABLE RULE`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-RULE).

use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

/// Keeps a rule of a table from being applied.
#[derive(Debug, Clone)]
pub struct DisableRule {
    table: Name,
    name: Identifier,
}

impl Pgm {
    /// Keeps a rule of a table from being applied.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.disable_rule("posts", "log_it");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" DISABLE RULE "log_it";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: rule `log_it` of `posts`");
    /// ```
    #[track_caller]
    pub fn disable_rule(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DisableRule {
        self.record(DisableRule { table: table.into(), name: name.into() })
    }
}

impl Operation for DisableRule {
    fn verb(&self) -> &'static str {
        "disable_rule"
    }

    fn describe(&self) -> String {
        format!("disable rule `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table).text("DISABLE");
            sql.text("RULE").identifier(&self.name)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::rule(&self.table, self.name.clone())])
    }
}
