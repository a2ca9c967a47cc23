//! [`CREATE POLICY`](https://www.postgresql.org/docs/current/sql-createpolicy.html).

use super::rows::Rows;
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoExpression, IntoRoles, Inverse, Name, Operation, Pgm, Statement, Writer, expr,
};

operation! {
    /// Creates a row security policy.
    pub struct CreatePolicy(table: Name, name: Identifier) {
        kind: Choice<&'static str>,
        command: Choice<&'static str>,
        rows: Rows,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a policy of a table: which rows a role sees, and which it may write. Without roles
    /// it is for all; it has an effect once the table has row security enabled.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_policy("posts", "own_posts").to("app").using("author = current_user");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE POLICY "own_posts" ON "posts" TO "app" USING (author = current_user);"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP POLICY "own_posts" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn create_policy(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut CreatePolicy {
        self.record(CreatePolicy::new(table.into(), name.into()))
    }
}

options! { CreatePolicy {
    /// Lets through what this policy or another permissive one lets through (PostgreSQL's
    /// default).
    pub fn permissive(&mut self) { self.kind.set("permissive", "PERMISSIVE") }

    /// Lets through nothing that this policy does not, whatever others say.
    pub fn restrictive(&mut self) { self.kind.set("restrictive", "RESTRICTIVE") }

    /// For all commands (PostgreSQL's default).
    pub fn for_all(&mut self) { self.command.set("for_all", "ALL") }

    /// For rows that are read.
    pub fn for_select(&mut self) { self.command.set("for_select", "SELECT") }

    /// For new rows, which [`with_check`](Self::with_check) tells.
    pub fn for_insert(&mut self) { self.command.set("for_insert", "INSERT") }

    /// For rows that are changed.
    pub fn for_update(&mut self) { self.command.set("for_update", "UPDATE") }

    /// For rows that are deleted.
    pub fn for_delete(&mut self) { self.command.set("for_delete", "DELETE") }

    /// For whom; may be called more than once. For all roles without it.
    pub fn to(&mut self, roles: impl IntoRoles) { self.rows.roles.extend(roles.into_roles()) }

    /// Which rows there are for the role: those for which the expression is true.
    pub fn using(&mut self, rows: impl IntoExpression) { self.rows.using = Some(expr(rows)) }

    /// Which rows the role may write; as [`using`](Self::using) without it.
    pub fn with_check(&mut self, rows: impl IntoExpression) {
        self.rows.with_check = Some(expr(rows))
    }

    /// The comment that tools show beside the policy.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreatePolicy {
    /// What the command makes no use of.
    fn problem(&self) -> Option<&'static str> {
        let Rows { using, with_check, .. } = &self.rows;
        match *self.command {
            Some("INSERT") if using.is_some() => {
                Some("a policy for `INSERT` has no `using`: say which rows with `with_check`")
            }
            Some("SELECT" | "DELETE") if with_check.is_some() => {
                Some("a policy for `SELECT` or `DELETE` has no `with_check`: it writes no rows")
            }
            _ => None,
        }
    }
}

impl Operation for CreatePolicy {
    fn verb(&self) -> &'static str {
        "create_policy"
    }

    fn describe(&self) -> String {
        format!("create policy `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.kind);
            sql.choice(&self.command);
            sql.text("CREATE POLICY").identifier(&self.name).text("ON").name(&self.table);
            if let Some(kind) = *self.kind {
                sql.text("AS").text(kind);
            }
            if let Some(command) = *self.command {
                sql.text("FOR").text(command);
            }
            self.rows.write(sql);
            if let Some(problem) = self.problem() {
                sql.problem(problem);
            }
            sql
        });
        let comment = self.comment.iter().map(|comment| {
            Writer::statement(|sql| {
                sql.text("COMMENT ON POLICY").identifier(&self.name).text("ON").name(&self.table);
                sql.text("IS").literal(comment)
            })
        });
        [create].into_iter().chain(comment).collect()
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(Writer::statement(|sql| {
            sql.text("DROP POLICY").identifier(&self.name).text("ON").name(&self.table)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_policy(("app", "posts"), "own \"posts\"")
                .restrictive()
                .for_update()
                .to("app")
                .to([Role::current_user(), Role::public()])
                .using("author = current_user -- mine")
                .with_check("NOT locked")
                .comment("it's theirs");
            pgm.create_policy("posts", "a").permissive().for_all();
            pgm.create_policy("posts", "b").for_select().using("true");
            pgm.create_policy("posts", "c").for_insert().with_check("true");
            pgm.create_policy("posts", "d").for_delete().using("false");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE POLICY "own ""posts""" ON "app"."posts" AS RESTRICTIVE FOR UPDATE TO "app", CURRENT_USER, PUBLIC USING (author = current_user) WITH CHECK (NOT locked);
        COMMENT ON POLICY "own ""posts""" ON "app"."posts" IS 'it''s theirs';
        CREATE POLICY "a" ON "posts" AS PERMISSIVE FOR ALL;
        CREATE POLICY "b" ON "posts" FOR SELECT USING (true);
        CREATE POLICY "c" ON "posts" FOR INSERT WITH CHECK (true);
        CREATE POLICY "d" ON "posts" FOR DELETE USING (false);
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP POLICY "d" ON "posts";
        DROP POLICY "c" ON "posts";
        DROP POLICY "b" ON "posts";
        DROP POLICY "a" ON "posts";
        DROP POLICY "own ""posts""" ON "app"."posts";
        "#);
    }

    #[test]
    fn what_a_command_makes_no_use_of() {
        let problems = plan_problems(|pgm| {
            pgm.create_policy("posts", "a").for_insert().using("true");
            pgm.create_policy("posts", "b").for_select().with_check("true");
        });
        insta::assert_snapshot!(problems, @"
        a policy for `INSERT` has no `using`: say which rows with `with_check`
        a policy for `SELECT` or `DELETE` has no `with_check`: it writes no rows
        ");
    }
}
