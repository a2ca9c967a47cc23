//! [`DROP OPERATOR FAMILY`](https://www.postgresql.org/docs/current/sql-dropopfamily.html).

use crate::operations::DropObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Drops an operator family, with the operator classes in it.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_operator_family("abs_ops", "btree"); });
    /// assert_eq!(plan, r#"DROP OPERATOR FAMILY "abs_ops" USING "btree";"#);
    /// ```
    #[track_caller]
    pub fn drop_operator_family(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
    ) -> &mut DropObject {
        self.record(DropObject::new("drop_operator_family", Object::operator_family(name, method)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_operator_family() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_operator_family(("app", "abs_ops"), "btree").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP OPERATOR FAMILY IF EXISTS "app"."abs_ops" USING "btree" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: operator family `app.abs_ops` of `btree`");
    }
}
