//! [`CREATE RULE`](https://www.postgresql.org/docs/current/sql-createrule.html).

use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Expression, Identifier, IntoExpression, Inverse, Name, Object, Operation, Pgm, Statement,
    Writer, expr, split,
};

operation! {
    /// Creates a rule.
    pub struct CreateRule(table: Name, name: Identifier) {
        or_replace: bool,
        event: Choice<&'static str>,
        condition: Option<Expression>,
        /// `ALSO` or `INSTEAD`.
        manner: Choice<&'static str>,
        commands: Choice<String>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a rule on a table or a view: what is done instead of a statement, or besides it. A
    /// trigger is easier to get right; the rule on `SELECT` is made by
    /// [`create_view`](Pgm::create_view).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_rule("posts", "keep").delete().instead().nothing();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE RULE "keep" AS ON DELETE TO "posts" DO INSTEAD NOTHING;"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP RULE "keep" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn create_rule(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut CreateRule {
        self.record(CreateRule::new(table.into(), name.into()))
    }
}

options! { CreateRule {
    /// Takes the place of a rule that is there, which is restored when it is reverted.
    pub fn or_replace(&mut self) { self.or_replace = true }

    /// Holds for `INSERT`.
    pub fn insert(&mut self) { self.event.set("insert", "INSERT") }

    /// Holds for `UPDATE`.
    pub fn update(&mut self) { self.event.set("update", "UPDATE") }

    /// Holds for `DELETE`.
    pub fn delete(&mut self) { self.event.set("delete", "DELETE") }

    /// Holds where the expression, which may name `OLD` and `NEW`, is true.
    pub fn only_where(&mut self, condition: impl IntoExpression) {
        self.condition = Some(expr(condition))
    }

    /// Runs the commands besides the statement (PostgreSQL's default).
    pub fn also(&mut self) { self.manner.set("also", "ALSO") }

    /// Runs the commands in place of the statement.
    pub fn instead(&mut self) { self.manner.set("instead", "INSTEAD") }

    /// Runs nothing.
    pub fn nothing(&mut self) { self.commands.set("nothing", String::new()) }

    /// Runs these statements, with `;` between them, which may name `OLD` and `NEW`.
    pub fn commands(&mut self, sql: impl Into<String>) {
        self.commands.set("commands", sql.into())
    }

    /// The comment that tools show beside the rule.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateRule {
    fn write_commands(&self, sql: &mut Writer) {
        let Some(commands) = self.commands.as_ref() else {
            sql.problem(format!("rule `{}` requires `commands` or `nothing`", self.name));
            return;
        };
        // As elsewhere, what is never closed would swallow the statement around it.
        sql.problems_of(&expr(commands.as_str()));
        match &split(commands)[..] {
            [] => {
                sql.text("NOTHING");
            }
            [command] => {
                sql.text(command.sql);
            }
            commands => {
                sql.parenthesized(|sql| {
                    for (index, command) in commands.iter().enumerate() {
                        if index > 0 {
                            sql.glued(";");
                        }
                        sql.text(command.sql);
                    }
                });
            }
        }
    }
}

impl Operation for CreateRule {
    fn verb(&self) -> &'static str {
        "create_rule"
    }

    fn describe(&self) -> String {
        format!("create rule `{}` on `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.event);
            sql.choice(&self.manner);
            sql.choice(&self.commands);
            sql.text("CREATE").flag(self.or_replace, "OR REPLACE");
            sql.text("RULE").identifier(&self.name).text("AS ON");
            match *self.event {
                Some(event) => sql.text(event),
                None => sql.problem(format!(
                    "rule `{}` requires `insert`, `update` or `delete`",
                    self.name
                )),
            };
            sql.text("TO").name(&self.table);
            if let Some(condition) = &self.condition {
                sql.text("WHERE").expression(condition);
            }
            sql.text("DO");
            if let Some(manner) = *self.manner {
                sql.text(manner);
            }
            self.write_commands(sql);
            sql
        });
        let rule = Object::rule(&self.table, self.name.clone());
        phrases::commented(create, &rule, self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        let rule = Object::rule(&self.table, self.name.clone());
        if self.or_replace {
            return Inverse::capture([rule]);
        }
        Inverse::by(phrases::drop_object(&rule, false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_rule(("app", "posts"), "Log it")
                .or_replace()
                .update()
                .only_where("OLD.title <> NEW.title")
                .also()
                .commands("INSERT INTO log VALUES (';'); NOTIFY posts; -- enough")
                .comment("it's logged");
            pgm.create_rule("posts", "one").insert().instead().commands("NOTIFY posts;");
            pgm.create_rule("posts", "none").delete().nothing();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OR REPLACE RULE "Log it" AS ON UPDATE TO "app"."posts" WHERE OLD.title <> NEW.title DO ALSO (INSERT INTO log VALUES (';'); NOTIFY posts);
        COMMENT ON RULE "Log it" ON "app"."posts" IS 'it''s logged';
        CREATE RULE "one" AS ON INSERT TO "posts" DO INSTEAD NOTIFY posts;
        CREATE RULE "none" AS ON DELETE TO "posts" DO NOTHING;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP RULE "none" ON "posts";
        DROP RULE "one" ON "posts";
        -- as it was: rule `Log it` of `app.posts`
        "#);
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_rule("posts", "a");
            pgm.create_rule("posts", "b").insert().commands("SELECT 'x");
        });
        insta::assert_snapshot!(problems, @"
        rule `a` requires `insert`, `update` or `delete`
        rule `a` requires `commands` or `nothing`
        a string in the SQL is opened and never closed
        ");
    }
}
