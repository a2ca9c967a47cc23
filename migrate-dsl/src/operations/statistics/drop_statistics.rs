//! [`DROP STATISTICS`](https://www.postgresql.org/docs/current/sql-dropstatistics.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops extended statistics.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_statistics("posts_city_zip"); });
    /// assert_eq!(plan, r#"DROP STATISTICS "posts_city_zip";"#);
    /// ```
    #[track_caller]
    pub fn drop_statistics(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_statistics", Object::statistics(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_statistics() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_statistics(("app", "posts_city_zip")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP STATISTICS IF EXISTS "app"."posts_city_zip" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: statistics `app.posts_city_zip`");
    }
}
