//! [`ALTER PROCEDURE … RENAME`](https://www.postgresql.org/docs/current/sql-alterprocedure.html).

use super::RenameRoutine;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a procedure; it stays in its schema. Where several share the name, the types of the
    /// [`arguments`](RenameRoutine::arguments) tell which.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_procedure(("app", "forget"), "new_forget").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER PROCEDURE "app"."forget" (integer) RENAME TO "new_forget";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER PROCEDURE "app"."new_forget" (integer) RENAME TO "forget";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_procedure(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameRoutine {
        self.record(RenameRoutine::new("rename_procedure", Object::procedure(from), to.into()))
    }
}
