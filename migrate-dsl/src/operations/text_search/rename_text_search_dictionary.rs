//! [`ALTER TEXT SEARCH DICTIONARY … RENAME`](https://www.postgresql.org/docs/current/sql-altertsdictionary.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a text search dictionary; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_text_search_dictionary(("app", "polish_stop"), "new_polish_stop");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TEXT SEARCH DICTIONARY "app"."polish_stop" RENAME TO "new_polish_stop";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TEXT SEARCH DICTIONARY "app"."new_polish_stop" RENAME TO "polish_stop";"#);
    /// ```
    #[track_caller]
    pub fn rename_text_search_dictionary(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new(
            "rename_text_search_dictionary",
            Object::text_search_dictionary(from),
            to.into(),
        ))
    }
}
