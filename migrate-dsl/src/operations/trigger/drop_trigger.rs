//! [`DROP TRIGGER`](https://www.postgresql.org/docs/current/sql-droptrigger.html).

use crate::operations::DropObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Drops a trigger of a table; its function stays.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_trigger("posts", "touch"); });
    /// assert_eq!(plan, r#"DROP TRIGGER "touch" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_trigger(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DropObject {
        self.record(DropObject::new("drop_trigger", Object::trigger(table, name)))
    }
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
