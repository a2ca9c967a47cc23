//! [`ALTER POLICY`](https://www.postgresql.org/docs/current/sql-alterpolicy.html).

use super::rows::Rows;
use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoExpression, IntoRoles, Inverse, Name, Object, Operation, Pgm, Statement,
    Writer, expr,
};

operation! {
    /// Changes a row security policy.
    pub struct AlterPolicy(table: Name, name: Identifier) {
        rows: Rows,
    }
}

impl Pgm {
    /// Changes for whom a policy is, and for which rows. What is not said stays; whether it is
    /// restrictive, and for which command, cannot be changed.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_policy("posts", "own_posts").using("author = current_user OR public");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER POLICY "own_posts" ON "posts" USING (author = current_user OR public);"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: policy `own_posts` of `posts`");
    /// ```
    #[track_caller]
    pub fn alter_policy(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut AlterPolicy {
        self.record(AlterPolicy::new(table.into(), name.into()))
    }
}

options! { AlterPolicy {
    /// For whom it is from now on; may be called more than once.
    pub fn to(&mut self, roles: impl IntoRoles) { self.rows.roles.extend(roles.into_roles()) }

    /// Which rows there are for the role: those for which the expression is true.
    pub fn using(&mut self, rows: impl IntoExpression) { self.rows.using = Some(expr(rows)) }

    /// Which rows the role may write.
    pub fn with_check(&mut self, rows: impl IntoExpression) {
        self.rows.with_check = Some(expr(rows))
    }
}}

impl Operation for AlterPolicy {
    fn verb(&self) -> &'static str {
        "alter_policy"
    }

    fn describe(&self) -> String {
        format!("alter policy `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER POLICY").identifier(&self.name).text("ON").name(&self.table);
            self.rows.write(sql);
            if self.rows.is_empty() {
                sql.problem(format!("`alter_policy` changes nothing about `{}`", self.name));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::policy(&self.table, &self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_policy(("app", "posts"), "own_posts")
                .to(["app", "reports"])
                .using("true")
                .with_check("false");
            pgm.alter_policy("posts", "own_posts").to(Role::public());
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER POLICY "own_posts" ON "app"."posts" TO "app", "reports" USING (true) WITH CHECK (false);
        ALTER POLICY "own_posts" ON "posts" TO PUBLIC;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_policy("posts", "own_posts");
        });
        insta::assert_snapshot!(problems, @"`alter_policy` changes nothing about `own_posts`");
    }
}
