//! [`DROP RULE`](https://www.postgresql.org/docs/current/sql-droprule.html).

use crate::operations::DropObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Drops a rule of a table or a view.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_rule("posts", "log_it"); });
    /// assert_eq!(plan, r#"DROP RULE "log_it" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_rule(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DropObject {
        self.record(DropObject::new("drop_rule", Object::rule(table, name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_rule() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_rule(("app", "posts"), "log_it").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP RULE IF EXISTS "log_it" ON "app"."posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: rule `log_it` of `app.posts`");
    }
}
