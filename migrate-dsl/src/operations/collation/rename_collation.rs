//! [`ALTER COLLATION … RENAME`](https://www.postgresql.org/docs/current/sql-altercollation.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a collation; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_collation(("app", "german"), "new_german");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER COLLATION "app"."german" RENAME TO "new_german";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER COLLATION "app"."new_german" RENAME TO "german";"#);
    /// ```
    #[track_caller]
    pub fn rename_collation(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_collation", Object::collation(from), to.into()))
    }
}
