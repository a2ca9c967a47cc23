//! [`ALTER EVENT TRIGGER … RENAME`](https://www.postgresql.org/docs/current/sql-altereventtrigger.html).

use crate::operations::RenameObject;
use crate::{Identifier, Object, Pgm};

impl Pgm {
    /// Renames an event trigger. Event triggers fire in the order of their names.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_event_trigger("no_drops", "new_no_drops");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER EVENT TRIGGER "no_drops" RENAME TO "new_no_drops";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER EVENT TRIGGER "new_no_drops" RENAME TO "no_drops";"#);
    /// ```
    #[track_caller]
    pub fn rename_event_trigger(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameObject {
        self.record(RenameObject::new(
            "rename_event_trigger",
            Object::event_trigger(from),
            to.into(),
        ))
    }
}
