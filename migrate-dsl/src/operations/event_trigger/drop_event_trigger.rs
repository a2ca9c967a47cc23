//! [`DROP EVENT TRIGGER`](https://www.postgresql.org/docs/current/sql-dropeventtrigger.html).

use crate::operations::DropObject;
use crate::{Identifier, Object, Pgm};

impl Pgm {
    /// Drops an event trigger; its function stays.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_event_trigger("no_drops"); });
    /// assert_eq!(plan, r#"DROP EVENT TRIGGER "no_drops";"#);
    /// ```
    #[track_caller]
    pub fn drop_event_trigger(&mut self, name: impl Into<Identifier>) -> &mut DropObject {
        self.record(DropObject::new("drop_event_trigger", Object::event_trigger(name)))
    }
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
