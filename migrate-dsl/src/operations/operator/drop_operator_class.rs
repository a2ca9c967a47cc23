//! [`DROP OPERATOR CLASS`](https://www.postgresql.org/docs/current/sql-dropopclass.html).

use crate::operations::DropObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Drops an operator class; its family stays.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_operator_class("abs_ops", "btree"); });
    /// assert_eq!(plan, r#"DROP OPERATOR CLASS "abs_ops" USING "btree";"#);
    /// ```
    #[track_caller]
    pub fn drop_operator_class(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
    ) -> &mut DropObject {
        self.record(DropObject::new("drop_operator_class", Object::operator_class(name, method)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_operator_class() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_operator_class(("app", "abs_ops"), "btree").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP OPERATOR CLASS IF EXISTS "app"."abs_ops" USING "btree" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: operator class `app.abs_ops` of `btree`");
    }
}
