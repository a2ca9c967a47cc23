//! [`DROP COLLATION`](https://www.postgresql.org/docs/current/sql-dropcollation.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a collation.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_collation("german"); });
    /// assert_eq!(plan, r#"DROP COLLATION "german";"#);
    /// ```
    #[track_caller]
    pub fn drop_collation(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new("drop_collation", Object::collation(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_collation() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_collation(("app", "german")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP COLLATION IF EXISTS "app"."german" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: collation `app.german`");
    }
}
