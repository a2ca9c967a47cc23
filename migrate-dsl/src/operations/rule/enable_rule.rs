//! [`ALTER TABLE … ENABLE RULE`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-RULE).

use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Lets a rule of a table be applied.
    pub struct EnableRule(table: Name, name: Identifier) {
        applied: Choice<&'static str>,
    }
}

impl Pgm {
    /// Lets a rule of a table be applied.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.enable_rule("posts", "log_it");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" ENABLE RULE "log_it";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: rule `log_it` of `posts`");
    /// ```
    #[track_caller]
    pub fn enable_rule(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut EnableRule {
        self.record(EnableRule::new(table.into(), name.into()))
    }
}

options! { EnableRule {
    /// Is applied only where `session_replication_role` is `replica`.
    pub fn replica(&mut self) { self.applied.set("replica", "REPLICA") }

    /// Is applied whatever `session_replication_role` is.
    pub fn always(&mut self) { self.applied.set("always", "ALWAYS") }
}}

impl Operation for EnableRule {
    fn verb(&self) -> &'static str {
        "enable_rule"
    }

    fn describe(&self) -> String {
        format!("enable rule `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.applied);
            sql.text("ALTER TABLE").name(&self.table).text("ENABLE");
            if let Some(applied) = *self.applied {
                sql.text(applied);
            }
            sql.text("RULE").identifier(&self.name)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::rule(&self.table, self.name.clone())])
    }
}

#[cfg(test)]
mod tests {
    use crate::plan_text;

    #[test]
    fn enable_rule() {
        let plan = plan_text(|pgm| {
            pgm.enable_rule(("app", "posts"), "a").replica();
            pgm.enable_rule("posts", "b").always();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE "app"."posts" ENABLE REPLICA RULE "a";
        ALTER TABLE "posts" ENABLE ALWAYS RULE "b";
        "#);
    }
}
