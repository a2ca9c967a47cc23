//! [`ALTER FUNCTION … RENAME`](https://www.postgresql.org/docs/current/sql-alterfunction.html).

use super::RenameRoutine;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a function; it stays in its schema. Where several share the name, the types of the
    /// [`arguments`](RenameRoutine::arguments) tell which.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_function(("app", "touch"), "new_touch").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER FUNCTION "app"."touch" (integer) RENAME TO "new_touch";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER FUNCTION "app"."new_touch" (integer) RENAME TO "touch";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_function(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameRoutine {
        self.record(RenameRoutine::new("rename_function", Object::function(from), to.into()))
    }
}
