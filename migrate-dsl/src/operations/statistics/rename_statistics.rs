//! [`ALTER STATISTICS … RENAME`](https://www.postgresql.org/docs/current/sql-alterstatistics.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames extended statistics; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_statistics(("app", "posts_city_zip"), "new_posts_city_zip");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER STATISTICS "app"."posts_city_zip" RENAME TO "new_posts_city_zip";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER STATISTICS "app"."new_posts_city_zip" RENAME TO "posts_city_zip";"#);
    /// ```
    #[track_caller]
    pub fn rename_statistics(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_statistics", Object::statistics(from), to.into()))
    }
}
