//! [`CREATE TRIGGER`](https://www.postgresql.org/docs/current/sql-createtrigger.html).

use super::action::Action;
use super::event::{Event, Firing};
use crate::operations::constraint::Timing;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    DataType, Expression, Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object,
    Operation, Pgm, Statement, Writer, expr, generated_name,
};

operation! {
    /// Creates a trigger.
    pub struct CreateTrigger(table: Name, name: Identifier) {
        or_replace: bool,
        constraint: bool,
        from: Option<Name>,
        firing: Firing,
        each_row: bool,
        old_rows: Option<Identifier>,
        new_rows: Option<Identifier>,
        condition: Option<Expression>,
        timing: Timing,
        action: Option<Action>,
        arguments: Vec<String>,
    }
}

impl Pgm {
    /// Creates a trigger on a table. It runs a function that is there, or one with a body given
    /// here, which is created with the trigger and dropped with it.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_trigger("posts", "touch")
    ///         .before()
    ///         .update()
    ///         .each_row()
    ///         .body("BEGIN NEW.updated_at := now(); RETURN NEW; END");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE FUNCTION \"posts_touch\" () RETURNS trigger LANGUAGE plpgsql \
    ///      AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;\n\
    ///      CREATE TRIGGER \"touch\" BEFORE UPDATE ON \"posts\" FOR EACH ROW EXECUTE FUNCTION \"posts_touch\" ();"
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "DROP TRIGGER \"touch\" ON \"posts\";\nDROP FUNCTION \"posts_touch\" ();"
    /// );
    /// ```
    #[track_caller]
    pub fn create_trigger(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut CreateTrigger {
        self.record(CreateTrigger::new(table.into(), name.into()))
    }
}

options! { CreateTrigger {
    /// Takes the place of a trigger that is there, from PostgreSQL 14; when it is reverted that one
    /// is restored.
    pub fn or_replace(&mut self) { self.or_replace = true }

    /// Fires before the change, which the function may alter or leave out.
    pub fn before(&mut self) { self.firing.time.set("before", "BEFORE") }

    /// Fires after the change.
    pub fn after(&mut self) { self.firing.time.set("after", "AFTER") }

    /// On a view: fires in place of the change.
    pub fn instead_of(&mut self) { self.firing.time.set("instead_of", "INSTEAD OF") }

    /// Fires for each row that changes; without it, once a statement.
    pub fn each_row(&mut self) { self.each_row = true }

    /// Shows the function all rows as they were, as a table of this name.
    pub fn old_rows(&mut self, name: impl Into<Identifier>) {
        self.old_rows = Some(name.into())
    }

    /// Shows the function all rows as they are now, as a table of this name.
    pub fn new_rows(&mut self, name: impl Into<Identifier>) {
        self.new_rows = Some(name.into())
    }

    /// Fires only if the expression, which may name `OLD` and `NEW`, is true.
    pub fn when(&mut self, condition: impl IntoExpression) {
        self.condition = Some(expr(condition))
    }

    /// Makes it a constraint trigger, which `SET CONSTRAINTS` may put off.
    pub fn constraint(&mut self) { self.constraint = true }

    /// Runs this function, which takes no arguments and returns `trigger`.
    pub fn execute(&mut self, function: impl Into<Name>) {
        self.action = Some(Action::Function(function.into()))
    }

    /// Runs a function with this body, in PL/pgSQL; it is called `<table>_<trigger>` and stands
    /// in the table's schema.
    pub fn body(&mut self, plpgsql: impl Into<String>) {
        self.action = Some(Action::Body(plpgsql.into()))
    }
}}

impl CreateTrigger {
    /// Fires on `INSERT`.
    pub fn insert(&mut self) -> &mut Self {
        self.on(Event::Insert)
    }

    /// Fires on `UPDATE`.
    pub fn update(&mut self) -> &mut Self {
        self.on(Event::Update(Vec::new()))
    }

    /// Fires on an `UPDATE` that sets one of these columns.
    pub fn update_of(&mut self, columns: impl IntoIdentifiers) -> &mut Self {
        self.on(Event::Update(columns.into_identifiers()))
    }

    /// Fires on `DELETE`.
    pub fn delete(&mut self) -> &mut Self {
        self.on(Event::Delete)
    }

    /// Fires on `TRUNCATE`.
    pub fn truncate(&mut self) -> &mut Self {
        self.on(Event::Truncate)
    }

    fn on(&mut self, event: Event) -> &mut Self {
        self.firing.events.push(event);
        self
    }

    /// Lets a transaction put off a constraint trigger.
    pub fn deferrable(&mut self) -> &mut Self {
        self.constraint = true;
        self.timing.deferrable();
        self
    }

    /// Puts off a constraint trigger to the end of the transaction.
    pub fn initially_deferred(&mut self) -> &mut Self {
        self.constraint = true;
        self.timing.initially_deferred();
        self
    }

    /// With [`constraint`](Self::constraint): another table that the constraint looks at, for
    /// foreign keys of one's own.
    pub fn from(&mut self, table: impl Into<Name>) -> &mut Self {
        self.constraint = true;
        self.from = Some(table.into());
        self
    }

    /// What the function finds in `TG_ARGV`.
    pub fn arguments<A: Into<String>>(
        &mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> &mut Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// The name of the function that is created with the trigger.
    fn own_function(&self) -> Name {
        let parts = [self.table.name.as_str(), self.name.as_str()];
        self.table.sibling(generated_name(parts))
    }

    fn create_trigger(&self) -> Statement {
        Writer::statement(|sql| {
            if self.or_replace {
                sql.requires(14, "or_replace");
            }
            if self.or_replace && self.constraint {
                sql.problem(format!(
                    "PostgreSQL replaces no constraint trigger: drop `{}` with `drop_trigger` \
                     in place of `or_replace`",
                    self.name
                ));
            }
            sql.text("CREATE")
                .flag(self.or_replace, "OR REPLACE")
                .flag(self.constraint, "CONSTRAINT")
                .text("TRIGGER")
                .identifier(&self.name);
            self.firing.write(sql, &self.name);
            sql.text("ON").name(&self.table);
            if let Some(from) = &self.from {
                sql.text("FROM").name(from);
            }
            self.timing.write(sql);
            if self.old_rows.is_some() || self.new_rows.is_some() {
                sql.text("REFERENCING");
            }
            for (word, rows) in [("OLD", &self.old_rows), ("NEW", &self.new_rows)] {
                if let Some(rows) = rows {
                    sql.text(word).text("TABLE AS").identifier(rows);
                }
            }
            sql.flag(self.each_row, "FOR EACH ROW");
            sql.flag(!self.each_row, "FOR EACH STATEMENT");
            if let Some(condition) = &self.condition {
                sql.text("WHEN").parenthesized(|sql| {
                    sql.expression(condition);
                });
            }
            let Some(action) = &self.action else {
                return sql.problem(format!("`{}` requires `execute` or `body`", self.name));
            };
            let own_function = self.own_function();
            let function = action.function().unwrap_or(&own_function);
            sql.text("EXECUTE FUNCTION").name(function);
            sql.parenthesized(|sql| {
                sql.list(&self.arguments, |sql, argument| _ = sql.literal(argument));
            })
        })
    }
}

impl Operation for CreateTrigger {
    fn verb(&self) -> &'static str {
        "create_trigger"
    }

    fn describe(&self) -> String {
        format!("create trigger `{}` on `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let action = self.action.as_ref();
        let function =
            action.and_then(|a| a.create(&self.own_function(), "trigger", self.or_replace));
        function.into_iter().chain([self.create_trigger()]).collect()
    }

    fn inverse(&self) -> Inverse {
        let trigger = Object::trigger(&self.table, self.name.clone());
        let function = Object::function(self.own_function()).arguments::<DataType>([]);
        let function = matches!(self.action, Some(Action::Body(_))).then_some(function);
        let objects = [trigger].into_iter().chain(function);
        if self.or_replace {
            return Inverse::capture(objects);
        }
        let drops = objects.map(|object| phrases::drop_object(&object, false, false));
        Inverse::Derived(drops.collect())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
