//! Triggers, see [Triggers](https://www.postgresql.org/docs/current/triggers.html).

mod action;
mod create_trigger;
mod disable_trigger;
mod enable_trigger;
mod event;
mod triggers;

pub(crate) use action::Action;
pub use create_trigger::CreateTrigger;
pub use disable_trigger::DisableTrigger;
pub use enable_trigger::EnableTrigger;
pub use triggers::Triggers;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a trigger of a table; its function stays.
    ///
    /// See [`DROP TRIGGER`](https://www.postgresql.org/docs/current/sql-droptrigger.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_trigger("posts", "touch"); });
    /// assert_eq!(plan, r#"DROP TRIGGER "touch" ON "posts";"#);
    /// ```
    pub fn drop_trigger(table: impl Into<Name>, name: impl Into<Identifier>) -> DropObject
        => (Object::trigger(table, name));

    /// Renames a trigger of a table. Triggers fire in the order of their names.
    ///
    /// See [`ALTER TRIGGER … RENAME`](https://www.postgresql.org/docs/current/sql-altertrigger.html).
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
    pub fn rename_trigger(
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::trigger(table, from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_trigger() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_trigger(("app", "posts"), "touch").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TRIGGER IF EXISTS "touch" ON "app"."posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: trigger `touch` of `app.posts`");
    }
}
