//! [`ALTER TEXT SEARCH CONFIGURATION … RENAME`](https://www.postgresql.org/docs/current/sql-altertsconfig.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a text search configuration; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_text_search_configuration(("app", "polish"), "new_polish");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TEXT SEARCH CONFIGURATION "app"."polish" RENAME TO "new_polish";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TEXT SEARCH CONFIGURATION "app"."new_polish" RENAME TO "polish";"#);
    /// ```
    #[track_caller]
    pub fn rename_text_search_configuration(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new(
            "rename_text_search_configuration",
            Object::text_search_configuration(from),
            to.into(),
        ))
    }
}
