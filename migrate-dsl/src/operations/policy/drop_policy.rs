//! [`DROP POLICY`](https://www.postgresql.org/docs/current/sql-droppolicy.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Drops a row security policy.
    pub struct DropPolicy(table: Name, name: Identifier) {
        if_exists: bool,
    }
}

impl Pgm {
    /// Drops a policy of a table. A table with row security and without a policy shows no rows.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_policy("posts", "own_posts"); });
    /// assert_eq!(plan, r#"DROP POLICY "own_posts" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_policy(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DropPolicy {
        self.record(DropPolicy::new(table.into(), name.into()))
    }
}

options! { DropPolicy {
    /// Does nothing if there is no such policy.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl Operation for DropPolicy {
    fn verb(&self) -> &'static str {
        "drop_policy"
    }

    fn describe(&self) -> String {
        format!("drop policy `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("DROP POLICY").flag(self.if_exists, "IF EXISTS");
            sql.identifier(&self.name).text("ON").name(&self.table)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::policy(&self.table, &self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_policy() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_policy(("app", "posts"), "own_posts").if_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP POLICY IF EXISTS "own_posts" ON "app"."posts";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: policy `own_posts` of `app.posts`");
    }
}
