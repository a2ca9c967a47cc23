//! Event triggers, see
//! [Event Triggers](https://www.postgresql.org/docs/current/event-triggers.html).

mod create_event_trigger;
mod disable_event_trigger;
mod enable_event_trigger;

pub use create_event_trigger::CreateEventTrigger;
pub use disable_event_trigger::DisableEventTrigger;
pub use enable_event_trigger::EnableEventTrigger;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Object};

plain_verbs! {
    /// Drops an event trigger; its function stays.
    ///
    /// See [`DROP EVENT TRIGGER`](https://www.postgresql.org/docs/current/sql-dropeventtrigger.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_event_trigger("no_drops"); });
    /// assert_eq!(plan, r#"DROP EVENT TRIGGER "no_drops";"#);
    /// ```
    pub fn drop_event_trigger(name: impl Into<Identifier>) -> DropObject
        => (Object::event_trigger(name));

    /// Renames an event trigger. Event triggers fire in the order of their names.
    ///
    /// See [`ALTER EVENT TRIGGER … RENAME`](https://www.postgresql.org/docs/current/sql-altereventtrigger.html).
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
    pub fn rename_event_trigger(
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::event_trigger(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_event_trigger() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_event_trigger("no_drops").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP EVENT TRIGGER IF EXISTS "no_drops" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: event trigger `no_drops`");
    }
}
