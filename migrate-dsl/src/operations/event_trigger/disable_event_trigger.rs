//! [`ALTER EVENT TRIGGER … DISABLE`](https://www.postgresql.org/docs/current/sql-altereventtrigger.html).

use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement, Writer};

/// Keeps an event trigger from firing.
#[derive(Debug, Clone)]
pub struct DisableEventTrigger {
    name: Identifier,
}

impl Pgm {
    /// Keeps an event trigger from firing.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.disable_event_trigger("no_drops");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER EVENT TRIGGER "no_drops" DISABLE;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: event trigger `no_drops`");
    /// ```
    #[track_caller]
    pub fn disable_event_trigger(
        &mut self,
        name: impl Into<Identifier>,
    ) -> &mut DisableEventTrigger {
        self.record(DisableEventTrigger { name: name.into() })
    }
}

impl Operation for DisableEventTrigger {
    fn verb(&self) -> &'static str {
        "disable_event_trigger"
    }

    fn describe(&self) -> String {
        format!("disable event trigger `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER EVENT TRIGGER").identifier(&self.name).text("DISABLE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::event_trigger(self.name.clone())])
    }
}
