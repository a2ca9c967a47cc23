//! [`ALTER VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-alterview.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a view; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_view(("app", "popular_posts"), "new_popular_posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER VIEW "app"."popular_posts" RENAME TO "new_popular_posts";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER VIEW "app"."new_popular_posts" RENAME TO "popular_posts";"#);
    /// ```
    #[track_caller]
    pub fn rename_view(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_view", Object::view(from), to.into()))
    }
}
