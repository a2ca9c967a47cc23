//! [`ALTER TYPE … RENAME`](https://www.postgresql.org/docs/current/sql-altertype.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a type; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_type(("app", "mood"), "feeling");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TYPE "app"."mood" RENAME TO "feeling";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TYPE "app"."feeling" RENAME TO "mood";"#);
    /// ```
    #[track_caller]
    pub fn rename_type(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_type", Object::user_type(from), to.into()))
    }
}
