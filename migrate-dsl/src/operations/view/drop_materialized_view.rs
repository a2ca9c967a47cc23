//! [`DROP MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-dropmaterializedview.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a materialized view On the inverse it is filled again by its query.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_materialized_view("totals"); });
    /// assert_eq!(plan, r#"DROP MATERIALIZED VIEW "totals";"#);
    /// ```
    #[track_caller]
    pub fn drop_materialized_view(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_materialized_view", Object::materialized_view(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_materialized_view() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_materialized_view(("app", "totals")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP MATERIALIZED VIEW IF EXISTS "app"."totals" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: materialized view `app.totals`");
    }
}
