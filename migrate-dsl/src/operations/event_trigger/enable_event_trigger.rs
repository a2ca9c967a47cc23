//! [`ALTER EVENT TRIGGER … ENABLE`](https://www.postgresql.org/docs/current/sql-altereventtrigger.html).

use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Lets an event trigger fire.
    pub struct EnableEventTrigger(name: Identifier) {
        firing: Choice<&'static str>,
    }
}

impl Pgm {
    /// Lets an event trigger fire.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.enable_event_trigger("no_drops");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER EVENT TRIGGER "no_drops" ENABLE;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: event trigger `no_drops`");
    /// ```
    #[track_caller]
    pub fn enable_event_trigger(&mut self, name: impl Into<Identifier>) -> &mut EnableEventTrigger {
        self.record(EnableEventTrigger::new(name.into()))
    }
}

options! { EnableEventTrigger {
    /// Fires only where `session_replication_role` is `replica`.
    pub fn replica(&mut self) { self.firing.set("replica", "REPLICA") }

    /// Fires whatever `session_replication_role` is.
    pub fn always(&mut self) { self.firing.set("always", "ALWAYS") }
}}

impl Operation for EnableEventTrigger {
    fn verb(&self) -> &'static str {
        "enable_event_trigger"
    }

    fn describe(&self) -> String {
        format!("enable event trigger `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.firing);
            sql.text("ALTER EVENT TRIGGER").identifier(&self.name).text("ENABLE");
            match *self.firing {
                Some(firing) => sql.text(firing),
                None => sql,
            }
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::event_trigger(self.name.clone())])
    }
}

#[cfg(test)]
mod tests {
    use crate::plan_text;

    #[test]
    fn enable_event_trigger() {
        let plan = plan_text(|pgm| {
            pgm.enable_event_trigger("a").replica();
            pgm.enable_event_trigger("b").always();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER EVENT TRIGGER "a" ENABLE REPLICA;
        ALTER EVENT TRIGGER "b" ENABLE ALWAYS;
        "#);
    }
}
