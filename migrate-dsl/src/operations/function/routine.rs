//! What a function and a procedure have in common.

use super::Argument;
use crate::{
    DataType, DefaultValue, Expression, Identifier, IntoExpression, Name, Statement, Table, Writer,
    expr, split,
};

/// A function or a procedure being described: the `f` in `pgm.create_function("slug", |f| ..)`.
#[derive(Default)]
pub struct Routine {
    arguments: Vec<Argument>,
    returns: Option<Returns>,
    /// What only a function can have, as SQL.
    attributes: Vec<String>,
    security_definer: bool,
    settings: Vec<(Identifier, Vec<String>)>,
    body: Option<Body>,
}

enum Returns {
    Type(DataType),
    SetOf(DataType),
    Table(Table),
}

enum Body {
    Text { language: Identifier, text: String },
    Return(Expression),
    Atomic(String),
}

impl Routine {
    pub(super) fn described<R>(describe: impl FnOnce(&mut Self) -> R) -> Self {
        let mut routine = Self::default();
        describe(&mut routine);
        routine
    }

    /// Adds an argument; its default and mode are said on the handle that comes back.
    pub fn argument(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Argument {
        let argument = Argument::new(name.into(), data_type.into());
        self.arguments.push(argument);
        self.arguments.last_mut().expect("it was just pushed")
    }

    /// The type of the result; `trigger` for the function of a trigger.
    pub fn returns(&mut self, data_type: impl Into<DataType>) -> &mut Self {
        self.returns = Some(Returns::Type(data_type.into()));
        self
    }

    /// The type of each row of the result, such as a table's name.
    pub fn returns_setof(&mut self, data_type: impl Into<DataType>) -> &mut Self {
        self.returns = Some(Returns::SetOf(data_type.into()));
        self
    }

    /// The columns of the result.
    pub fn returns_table<R>(&mut self, describe: impl FnOnce(&mut Table) -> R) -> &mut Self {
        self.returns = Some(Returns::Table(Table::described(describe)));
        self
    }

    /// The body in [PL/pgSQL](https://www.postgresql.org/docs/current/plpgsql.html).
    pub fn plpgsql(&mut self, body: impl Into<String>) -> &mut Self {
        self.body("plpgsql", body)
    }

    /// The body in [SQL](https://www.postgresql.org/docs/current/xfunc-sql.html), as text that is
    /// looked at when the function is called.
    pub fn sql(&mut self, body: impl Into<String>) -> &mut Self {
        self.body("sql", body)
    }

    /// The body in any language that the database has.
    pub fn body(&mut self, language: impl Into<Identifier>, body: impl Into<String>) -> &mut Self {
        self.body = Some(Body::Text { language: language.into(), text: body.into() });
        self
    }

    /// An expression as the body, `RETURN a + b`: looked at now, so that what it names cannot go
    /// away unnoticed. From PostgreSQL 14.
    pub fn return_expr(&mut self, sql: impl IntoExpression) -> &mut Self {
        self.body = Some(Body::Return(expr(sql)));
        self
    }

    /// Statements as the body, `BEGIN ATOMIC … END`: looked at now. From PostgreSQL 14.
    pub fn atomic(&mut self, statements: impl Into<String>) -> &mut Self {
        self.body = Some(Body::Atomic(statements.into()));
        self
    }

    /// Gives the same result for the same arguments, always.
    pub fn immutable(&mut self) -> &mut Self {
        self.attribute("IMMUTABLE")
    }

    /// Gives the same result for the same arguments within a statement, and changes nothing.
    pub fn stable(&mut self) -> &mut Self {
        self.attribute("STABLE")
    }

    /// May give another result each time (PostgreSQL's default).
    pub fn volatile(&mut self) -> &mut Self {
        self.attribute("VOLATILE")
    }

    /// Is null if an argument is, without being called.
    pub fn strict(&mut self) -> &mut Self {
        self.attribute("STRICT")
    }

    /// Tells nothing of its arguments but by its result; only a superuser can say so.
    pub fn leakproof(&mut self) -> &mut Self {
        self.attribute("LEAKPROOF")
    }

    /// May run in [parallel](https://www.postgresql.org/docs/current/parallel-safety.html) workers.
    pub fn parallel_safe(&mut self) -> &mut Self {
        self.attribute("PARALLEL SAFE")
    }

    /// May run in a parallel query, in its leader.
    pub fn parallel_restricted(&mut self) -> &mut Self {
        self.attribute("PARALLEL RESTRICTED")
    }

    /// Keeps a query from being parallel (PostgreSQL's default).
    pub fn parallel_unsafe(&mut self) -> &mut Self {
        self.attribute("PARALLEL UNSAFE")
    }

    /// What a call costs, in units of `cpu_operator_cost`.
    pub fn cost(&mut self, units: u32) -> &mut Self {
        self.attribute(format!("COST {units}"))
    }

    /// How many rows a call gives, for the planner.
    pub fn rows(&mut self, rows: u32) -> &mut Self {
        self.attribute(format!("ROWS {rows}"))
    }

    fn attribute(&mut self, sql: impl Into<String>) -> &mut Self {
        self.attributes.push(sql.into());
        self
    }

    /// Runs with the rights of its owner; [`set`](Self::set) its `search_path` then.
    pub fn security_definer(&mut self) -> &mut Self {
        self.security_definer = true;
        self
    }

    /// Sets a setting for the time of a call; several values for one that is a list:
    /// `f.set("search_path", ["app", "public"])`.
    pub fn set<V: Into<String>>(
        &mut self,
        name: impl Into<Identifier>,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let values = values.into_iter().map(Into::into).collect();
        self.settings.push((name.into(), values));
        self
    }

    /// `CREATE OR REPLACE FUNCTION "a" ("n" integer) RETURNS …`.
    pub(super) fn create(&self, object: &str, name: &Name, or_replace: bool) -> Statement {
        Writer::statement(|sql| {
            sql.text("CREATE").flag(or_replace, "OR REPLACE");
            sql.text(object).name(name).parenthesized(|sql| {
                sql.list(&self.arguments, |sql, argument| argument.write(sql));
            });
            self.write_returns(sql);
            if let Some(Body::Text { language, .. }) = &self.body {
                sql.text("LANGUAGE").identifier(language);
            }
            for attribute in &self.attributes {
                sql.text(attribute);
            }
            sql.flag(self.security_definer, "SECURITY DEFINER");
            for (setting, values) in &self.settings {
                if values.is_empty() {
                    sql.problem(format!("`set` gives `{setting}` no value"));
                }
                sql.text("SET").identifier(setting).text("TO");
                sql.list(values, |sql, value| _ = sql.literal(value));
            }
            self.write_body(sql, name);
            if object == "PROCEDURE" && (self.returns.is_some() || !self.attributes.is_empty()) {
                sql.problem(format!(
                    "the procedure `{name}` is given what only a function has: \
                     a result, volatility, `strict`, parallel safety, costs"
                ));
            }
            sql
        })
    }

    fn write_returns(&self, sql: &mut Writer) {
        match &self.returns {
            Some(Returns::Type(data_type)) => sql.text("RETURNS").data_type(data_type),
            Some(Returns::SetOf(data_type)) => sql.text("RETURNS SETOF").data_type(data_type),
            Some(Returns::Table(table)) => {
                sql.text("RETURNS TABLE").parenthesized(|sql| table.write_attributes(sql))
            }
            None => sql,
        };
    }

    fn write_body(&self, sql: &mut Writer, name: &Name) {
        match &self.body {
            Some(Body::Text { text, .. }) => {
                sql.text("AS").dollar_quoted(text);
            }
            Some(Body::Return(value)) => {
                sql.text("RETURN").expression(value);
            }
            Some(Body::Atomic(statements)) => {
                sql.text("BEGIN ATOMIC");
                for statement in split(statements) {
                    sql.text(statement.sql).glued(";");
                }
                sql.text("END");
            }
            None => {
                sql.problem(format!(
                    "`{name}` has no body: give it one with `sql`, `plpgsql`, `body`, \
                     `return_expr` or `atomic`"
                ));
            }
        }
    }

    /// `FUNCTION "a" (integer, text)`, which tells it from others of its name.
    pub(super) fn write_signature(&self, sql: &mut Writer, object: &str, name: &Name) {
        // What a function gives back is no part of what it is called with.
        let arguments = self.arguments.iter();
        let arguments = arguments.filter(|argument| object == "PROCEDURE" || !argument.is_out());
        sql.text(object).name(name).parenthesized(|sql| {
            sql.list(arguments, |sql, argument| argument.write_type(sql));
        });
    }

    pub(super) fn hints(&self) -> Vec<String> {
        let defaults = self.arguments.iter().filter_map(Argument::default_value);
        defaults.filter_map(DefaultValue::hint).collect()
    }
}
