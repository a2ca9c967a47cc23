//! [`ALTER OPERATOR CLASS … RENAME`](https://www.postgresql.org/docs/current/sql-alteropclass.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames an operator class; it stays in its schema.
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
    #[track_caller]
    pub fn rename_operator_class(
        &mut self,
        from: impl Into<Name>,
        method: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new(
            "rename_operator_class",
            Object::operator_class(from, method),
            to.into(),
        ))
    }
}
