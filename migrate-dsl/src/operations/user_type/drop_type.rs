//! [`DROP TYPE`](https://www.postgresql.org/docs/current/sql-droptype.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a type: an enum, a composite type, a range.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_type("mood"); });
    /// assert_eq!(plan, r#"DROP TYPE "mood";"#);
    /// ```
    #[track_caller]
    pub fn drop_type(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_type", Object::user_type(name)).losing_by_cascade(
            "the values of columns that go with it are not restored, and these stand last",
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_type() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_type(("app", "mood")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TYPE IF EXISTS "app"."mood" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: type `app.mood`; the values of columns that go with it are not restored, and these stand last");
    }
}
