//! [`DROP AGGREGATE`](https://www.postgresql.org/docs/current/sql-dropaggregate.html).

use super::DropRoutine;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops an aggregate. The types of its [`arguments`](DropRoutine::arguments) have to
    /// be said.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_aggregate("total").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP AGGREGATE "total" (integer);"#);
    /// ```
    #[track_caller]
    pub fn drop_aggregate(&mut self, name: impl Into<Name>) -> &mut DropRoutine {
        self.record(DropRoutine::new("drop_aggregate", Object::aggregate(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_aggregate() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_aggregate(("app", "total")).no_arguments().if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP AGGREGATE IF EXISTS "app"."total" (*) CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: aggregate `app.total`");
    }

    #[test]
    fn an_aggregate_is_told_by_its_arguments() {
        let problems = plan_problems(|pgm| {
            pgm.drop_aggregate("total");
        });
        insta::assert_snapshot!(problems, @"which aggregate `total` is meant is not said: add `arguments`, or `no_arguments` for `(*)`");
    }
}
