//! [`DROP VIEW`](https://www.postgresql.org/docs/current/sql-dropview.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a view.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_view("popular_posts"); });
    /// assert_eq!(plan, r#"DROP VIEW "popular_posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_view(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_view", Object::view(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_view() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_view(("app", "popular_posts")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP VIEW IF EXISTS "app"."popular_posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: view `app.popular_posts`");
    }
}
