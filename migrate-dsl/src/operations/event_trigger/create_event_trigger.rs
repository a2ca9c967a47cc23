//! [`CREATE EVENT TRIGGER`](https://www.postgresql.org/docs/current/sql-createeventtrigger.html).

use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::operations::trigger::Action;
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an event trigger.
    pub struct CreateEventTrigger(name: Identifier, event: Identifier) {
        tags: Vec<String>,
        action: Choice<Action>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an event trigger, which fires when the database itself changes. The event is
    /// `ddl_command_start`, `ddl_command_end`, `table_rewrite`, `sql_drop` or, from PostgreSQL 17,
    /// `login`. It runs a function that is there, or one with a body given here, which is created
    /// with the trigger and dropped with it. Only a superuser can create one.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_event_trigger("no_drops", "sql_drop").tags(["DROP TABLE"]).execute("complain");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE EVENT TRIGGER "no_drops" ON "sql_drop" WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION "complain" ();"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP EVENT TRIGGER "no_drops";"#);
    /// ```
    #[track_caller]
    pub fn create_event_trigger(
        &mut self,
        name: impl Into<Identifier>,
        event: impl Into<Identifier>,
    ) -> &mut CreateEventTrigger {
        self.record(CreateEventTrigger::new(name.into(), event.into()))
    }
}

impl CreateEventTrigger {
    /// Fires for these [commands](https://www.postgresql.org/docs/current/event-trigger-matrix.html)
    /// only.
    pub fn tags<T: Into<String>>(&mut self, tags: impl IntoIterator<Item = T>) -> &mut Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }
}

options! { CreateEventTrigger {
    /// Runs this function, which takes no arguments and returns `event_trigger`.
    pub fn execute(&mut self, function: impl Into<Name>) {
        self.action.set("execute", Action::Function(function.into()))
    }

    /// Runs a function with this body, in PL/pgSQL; it is called like the trigger.
    pub fn body(&mut self, plpgsql: impl Into<String>) {
        self.action.set("body", Action::Body(plpgsql.into()))
    }

    /// The comment that tools show beside the event trigger.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateEventTrigger {
    /// The name of the function that is created with the trigger.
    fn own_function(&self) -> Name {
        self.name.clone().into()
    }

    fn create_event_trigger(&self) -> Statement {
        Writer::statement(|sql| {
            sql.choice(&self.action).text("CREATE EVENT TRIGGER").identifier(&self.name);
            sql.text("ON").identifier(&self.event);
            if self.event.as_str() == "login" {
                sql.requires(17, "login");
            }
            if !self.tags.is_empty() {
                sql.text("WHEN TAG IN").parenthesized(|sql| {
                    sql.list(&self.tags, |sql, tag| _ = sql.literal(tag));
                });
            }
            let Some(action) = self.action.as_ref() else {
                return sql.problem(format!("`{}` requires `execute` or `body`", self.name));
            };
            let own_function = self.own_function();
            sql.text("EXECUTE FUNCTION").name(action.function().unwrap_or(&own_function));
            sql.text("()")
        })
    }
}

impl Operation for CreateEventTrigger {
    fn verb(&self) -> &'static str {
        "create_event_trigger"
    }

    fn describe(&self) -> String {
        format!("create event trigger `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let action = self.action.as_ref();
        let function = action.and_then(|a| a.create(&self.own_function(), "event_trigger", false));
        let trigger = Object::event_trigger(self.name.clone());
        let create = self.create_event_trigger();
        let create = phrases::commented(create, &trigger, self.comment.as_deref());
        function.into_iter().chain(create).collect()
    }

    fn inverse(&self) -> Inverse {
        let trigger = Object::event_trigger(self.name.clone());
        let function = Object::function(self.own_function()).arguments::<DataType>([]);
        let function = matches!(*self.action, Some(Action::Body(_))).then_some(function);
        let objects = [trigger].into_iter().chain(function);
        let drops = objects.map(|object| phrases::drop_object(&object, false, false));
        Inverse::Derived(drops.collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_event_trigger("Watch it", "ddl_command_end")
                .tags(["CREATE TABLE", "it's"])
                .body("BEGIN RAISE NOTICE '%', tg_tag; END")
                .comment("loudly");
            pgm.create_event_trigger("greet", "login").execute(("app", "greet"));
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE FUNCTION "Watch it" () RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', tg_tag; END$$;
        CREATE EVENT TRIGGER "Watch it" ON "ddl_command_end" WHEN TAG IN ('CREATE TABLE', 'it''s') EXECUTE FUNCTION "Watch it" ();
        COMMENT ON EVENT TRIGGER "Watch it" IS 'loudly';
        CREATE EVENT TRIGGER "greet" ON "login" EXECUTE FUNCTION "app"."greet" ();
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP EVENT TRIGGER "greet";
        DROP EVENT TRIGGER "Watch it";
        DROP FUNCTION "Watch it" ();
        "#);
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_event_trigger("watch", "sql_drop");
        });
        insta::assert_snapshot!(problems, @"`watch` requires `execute` or `body`");
    }
}
