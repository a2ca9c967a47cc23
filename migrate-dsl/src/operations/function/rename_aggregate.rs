//! [`ALTER AGGREGATE … RENAME`](https://www.postgresql.org/docs/current/sql-alteraggregate.html).

use super::RenameRoutine;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames an aggregate; it stays in its schema. The types of its [`arguments`](RenameRoutine::arguments) have to
    /// be said.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_aggregate(("app", "total"), "new_total").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER AGGREGATE "app"."total" (integer) RENAME TO "new_total";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER AGGREGATE "app"."new_total" (integer) RENAME TO "total";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_aggregate(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameRoutine {
        self.record(RenameRoutine::new("rename_aggregate", Object::aggregate(from), to.into()))
    }
}
