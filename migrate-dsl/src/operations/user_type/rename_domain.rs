//! [`ALTER DOMAIN … RENAME`](https://www.postgresql.org/docs/current/sql-alterdomain.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a domain; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_domain(("app", "email"), "new_email");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER DOMAIN "app"."email" RENAME TO "new_email";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER DOMAIN "app"."new_email" RENAME TO "email";"#);
    /// ```
    #[track_caller]
    pub fn rename_domain(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_domain", Object::domain(from), to.into()))
    }
}
