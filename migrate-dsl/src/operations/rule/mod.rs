//! Rules, see [The Rule System](https://www.postgresql.org/docs/current/rules.html).

mod create_rule;
mod disable_rule;
mod enable_rule;

pub use create_rule::CreateRule;
pub use disable_rule::DisableRule;
pub use enable_rule::EnableRule;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a rule of a table or a view.
    ///
    /// See [`DROP RULE`](https://www.postgresql.org/docs/current/sql-droprule.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_rule("posts", "log_it"); });
    /// assert_eq!(plan, r#"DROP RULE "log_it" ON "posts";"#);
    /// ```
    pub fn drop_rule(table: impl Into<Name>, name: impl Into<Identifier>) -> DropObject
        => (Object::rule(table, name));

    /// Renames a rule of a table or a view. Rules apply in the order of their names.
    ///
    /// See [`ALTER RULE … RENAME`](https://www.postgresql.org/docs/current/sql-alterrule.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_rule("posts", "log_it", "new_log_it");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER RULE "log_it" ON "posts" RENAME TO "new_log_it";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER RULE "new_log_it" ON "posts" RENAME TO "log_it";"#);
    /// ```
    pub fn rename_rule(
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::rule(table, from), to.into());
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
