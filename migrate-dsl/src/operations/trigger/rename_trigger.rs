//! [`ALTER TRIGGER … RENAME`](https://www.postgresql.org/docs/current/sql-altertrigger.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a trigger of a table. Triggers fire in the order of their names.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_trigger("posts", "touch", "a_touch");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TRIGGER "touch" ON "posts" RENAME TO "a_touch";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TRIGGER "a_touch" ON "posts" RENAME TO "touch";"#);
    /// ```
    #[track_caller]
    pub fn rename_trigger(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_trigger", Object::trigger(table, from), to.into()))
    }
}
