//! Operators, and the classes and families that tell an index what they mean, see
//! [User-Defined Operators](https://www.postgresql.org/docs/current/xoper.html) and
//! [Interfacing Extensions to Indexes](https://www.postgresql.org/docs/current/xindex.html).

mod add_to_operator_family;
mod alter_operator;
mod create_operator;
mod create_operator_class;
mod create_operator_family;
mod drop_operator;
mod items;
mod remove_from_operator_family;
mod sides;

pub use add_to_operator_family::AddToOperatorFamily;
pub use alter_operator::AlterOperator;
pub use create_operator::CreateOperator;
pub use create_operator_class::CreateOperatorClass;
pub use create_operator_family::CreateOperatorFamily;
pub use drop_operator::DropOperator;
pub use items::{OperatorClass, OperatorClassFunction, OperatorClassOperator};
pub use remove_from_operator_family::{OperatorFamilyNumbers, RemoveFromOperatorFamily};

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops an operator class; its family stays.
    ///
    /// See [`DROP OPERATOR CLASS`](https://www.postgresql.org/docs/current/sql-dropopclass.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_operator_class("abs_ops", "btree"); });
    /// assert_eq!(plan, r#"DROP OPERATOR CLASS "abs_ops" USING "btree";"#);
    /// ```
    pub fn drop_operator_class(name: impl Into<Name>, method: impl Into<Identifier>) -> DropObject
        => (Object::operator_class(name, method));

    /// Drops an operator family, with the operator classes in it.
    ///
    /// See [`DROP OPERATOR FAMILY`](https://www.postgresql.org/docs/current/sql-dropopfamily.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_operator_family("abs_ops", "btree"); });
    /// assert_eq!(plan, r#"DROP OPERATOR FAMILY "abs_ops" USING "btree";"#);
    /// ```
    pub fn drop_operator_family(name: impl Into<Name>, method: impl Into<Identifier>) -> DropObject
        => (Object::operator_family(name, method));

    /// Renames an operator class; it stays in its schema.
    ///
    /// See [`ALTER OPERATOR CLASS … RENAME`](https://www.postgresql.org/docs/current/sql-alteropclass.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_operator_class(("app", "abs_ops"), "btree", "new_abs_ops");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER OPERATOR CLASS "app"."abs_ops" USING "btree" RENAME TO "new_abs_ops";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER OPERATOR CLASS "app"."new_abs_ops" USING "btree" RENAME TO "abs_ops";"#);
    /// ```
    pub fn rename_operator_class(
        from: impl Into<Name>,
        method: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::operator_class(from, method), to.into());

    /// Renames an operator family; it stays in its schema.
    ///
    /// See [`ALTER OPERATOR FAMILY … RENAME`](https://www.postgresql.org/docs/current/sql-alteropfamily.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_operator_family(("app", "abs_ops"), "btree", "new_abs_ops");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER OPERATOR FAMILY "app"."abs_ops" USING "btree" RENAME TO "new_abs_ops";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER OPERATOR FAMILY "app"."new_abs_ops" USING "btree" RENAME TO "abs_ops";"#);
    /// ```
    pub fn rename_operator_family(
        from: impl Into<Name>,
        method: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::operator_family(from, method), to.into());
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

    #[test]
    fn drop_operator_family() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_operator_family(("app", "abs_ops"), "btree").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP OPERATOR FAMILY IF EXISTS "app"."abs_ops" USING "btree" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: operator family `app.abs_ops` of `btree`");
    }
}
