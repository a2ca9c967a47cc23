//! [`DROP DOMAIN`](https://www.postgresql.org/docs/current/sql-dropdomain.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a domain.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_domain("email"); });
    /// assert_eq!(plan, r#"DROP DOMAIN "email";"#);
    /// ```
    #[track_caller]
    pub fn drop_domain(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_domain", Object::domain(name)).losing_by_cascade(
            "the values of columns that go with it are not restored, and these stand last",
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_domain() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_domain(("app", "email")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP DOMAIN IF EXISTS "app"."email" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: domain `app.email`; the values of columns that go with it are not restored, and these stand last");
    }
}
