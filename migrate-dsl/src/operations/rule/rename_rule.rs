//! [`ALTER RULE … RENAME`](https://www.postgresql.org/docs/current/sql-alterrule.html).

use crate::operations::RenameObject;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a rule of a table or a view. Rules apply in the order of their names.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_rule("posts", "log_it", "new_log_it");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER RULE "log_it" ON "posts" RENAME TO "new_log_it";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER RULE "new_log_it" ON "posts" RENAME TO "log_it";"#);
    /// ```
    #[track_caller]
    pub fn rename_rule(
        &mut self,
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new("rename_rule", Object::rule(table, from), to.into()))
    }
}
