//! What a function and a procedure have in common.

use super::Argument;
use super::attributes::{Attribute, Attributes, attributes};
use crate::choice::Choice;
use crate::operations::macros::options;
use crate::{
    DataType, DefaultValue, Expression, Identifier, IntoExpression, Name, Statement, Table, Writer,
    expr, split,
};

/// A function or a procedure being described: the `f` in `pgm.create_function("slug", |f| ..)`.
#[derive(Debug, Clone, Default)]
pub struct Routine {
    arguments: Vec<Argument>,
    returns: Choice<Returns>,
    transforms: Vec<DataType>,
    window: bool,
    attributes: Attributes,
    body: Choice<Body>,
}

#[derive(Debug, Clone)]
enum Returns {
    Type(DataType),
    SetOf(DataType),
    Table(Table),
}

#[derive(Debug, Clone)]
enum Body {
    Text { language: Identifier, text: String },
    Library { file: String, symbol: String },
    Return(Expression),
    Atomic(String),
}

attributes!(Routine);

options! { Routine {
    /// The type of the result; `trigger` for the function of a trigger.
    pub fn returns(&mut self, data_type: impl Into<DataType>) {
        self.returns.set("returns", Returns::Type(data_type.into()))
    }

    /// The type of each row of the result, such as a table's name.
    pub fn returns_setof(&mut self, data_type: impl Into<DataType>) {
        self.returns.set("returns_setof", Returns::SetOf(data_type.into()))
    }

    /// A function of a shared library as the body, see
    /// [C-Language Functions](https://www.postgresql.org/docs/current/xfunc-c.html).
    pub fn c(&mut self, file: impl Into<String>, symbol: impl Into<String>) {
        self.body.set("c", Body::Library { file: file.into(), symbol: symbol.into() })
    }

    /// An expression as the body, `RETURN a + b`: looked at now, so that what it names cannot go
    /// away unnoticed. From PostgreSQL 14.
    pub fn return_expr(&mut self, sql: impl IntoExpression) {
        self.body.set("return_expr", Body::Return(expr(sql)))
    }

    /// Statements as the body, `BEGIN ATOMIC … END`: looked at now. From PostgreSQL 14.
    pub fn atomic(&mut self, statements: impl Into<String>) {
        self.body.set("atomic", Body::Atomic(statements.into()))
    }

    /// Hands values of this type over as the language likes them, by the
    /// [transform](https://www.postgresql.org/docs/current/sql-createtransform.html) of its type;
    /// may be called more than once.
    pub fn transform(&mut self, data_type: impl Into<DataType>) {
        self.transforms.push(data_type.into())
    }

    /// Is a [window function](https://www.postgresql.org/docs/current/functions-window.html),
    /// which can be written in C only.
    pub fn window(&mut self) { self.window = true }
}}

impl Routine {
    pub(super) fn described<R>(describe: impl FnOnce(&mut Self) -> R) -> Self {
        let mut routine = Self::default();
        describe(&mut routine);
        routine
    }

    /// Adds an argument; its default and mode are said on the handle that is returned.
    pub fn argument(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Argument {
        Argument::add(&mut self.arguments, Some(name.into()), data_type.into())
    }

    /// Adds an argument without a name, which the body knows as `$1`, `$2` and so on.
    pub fn unnamed_argument(&mut self, data_type: impl Into<DataType>) -> &mut Argument {
        Argument::add(&mut self.arguments, None, data_type.into())
    }

    /// The columns of the result.
    pub fn returns_table<R>(&mut self, describe: impl FnOnce(&mut Table) -> R) -> &mut Self {
        self.returns.set("returns_table", Returns::Table(Table::described(describe)));
        self
    }

    /// The body in [PL/pgSQL](https://www.postgresql.org/docs/current/plpgsql.html).
    pub fn plpgsql(&mut self, body: impl Into<String>) -> &mut Self {
        self.text_body("plpgsql", "plpgsql", body)
    }

    /// The body in [SQL](https://www.postgresql.org/docs/current/xfunc-sql.html), as text that is
    /// looked at when the function is called.
    pub fn sql(&mut self, body: impl Into<String>) -> &mut Self {
        self.text_body("sql", "sql", body)
    }

    /// The body in any language that the database has.
    pub fn body(&mut self, language: impl Into<Identifier>, body: impl Into<String>) -> &mut Self {
        self.text_body("body", language, body)
    }

    fn text_body(
        &mut self,
        option: &'static str,
        language: impl Into<Identifier>,
        body: impl Into<String>,
    ) -> &mut Self {
        self.body.set(option, Body::Text { language: language.into(), text: body.into() });
        self
    }

    /// `CREATE OR REPLACE FUNCTION "a" ("n" integer) RETURNS …`.
    pub(super) fn create(&self, kind: &str, name: &Name, or_replace: bool) -> Statement {
        Writer::statement(|sql| {
            sql.choice(&self.returns).choice(&self.body);
            sql.text("CREATE").flag(or_replace, "OR REPLACE");
            sql.text(kind).name(name).parenthesized(|sql| {
                sql.list(&self.arguments, |sql, argument| argument.write(sql));
            });
            self.write_returns(sql);
            match self.body.as_ref() {
                Some(Body::Text { language, .. }) => _ = sql.text("LANGUAGE").identifier(language),
                Some(Body::Library { .. }) => _ = sql.text("LANGUAGE c"),
                Some(Body::Return(_) | Body::Atomic(_)) | None => {}
            }
            if !self.transforms.is_empty() {
                sql.text("TRANSFORM");
                sql.list(&self.transforms, |sql, data_type| {
                    sql.text("FOR TYPE").data_type(data_type);
                });
            }
            sql.flag(self.window, "WINDOW");
            self.attributes.write(sql);
            self.write_body(sql, name);
            if kind == "PROCEDURE" && self.is_surely_a_function() {
                sql.problem(format!(
                    "the procedure `{name}` is given what only a function has: \
                     a result, volatility, `strict`, parallel safety, costs"
                ));
            }
            sql
        })
    }

    fn is_surely_a_function(&self) -> bool {
        self.returns.is_some() || self.window || self.attributes.has_one_of_a_function()
    }

    fn write_returns(&self, sql: &mut Writer) {
        match self.returns.as_ref() {
            Some(Returns::Type(data_type)) => sql.text("RETURNS").data_type(data_type),
            Some(Returns::SetOf(data_type)) => sql.text("RETURNS SETOF").data_type(data_type),
            Some(Returns::Table(table)) => {
                sql.text("RETURNS TABLE").parenthesized(|sql| table.write_attributes(sql))
            }
            None => sql,
        };
    }

    fn write_body(&self, sql: &mut Writer, name: &Name) {
        match self.body.as_ref() {
            Some(Body::Text { text, .. }) => {
                sql.text("AS").dollar_quoted(text);
            }
            Some(Body::Library { file, symbol }) => {
                sql.text("AS").list([file, symbol], |sql, text| _ = sql.literal(text));
            }
            Some(Body::Return(value)) => {
                sql.text("RETURN").expression(value).requires(14, "return_expr");
            }
            Some(Body::Atomic(statements)) => {
                sql.text("BEGIN ATOMIC").requires(14, "atomic");
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
    pub(super) fn write_signature(&self, sql: &mut Writer, kind: &str, name: &Name) {
        // What a function gives back is no part of what it is called with.
        let arguments = self.arguments.iter();
        let arguments = arguments.filter(|argument| kind == "PROCEDURE" || !argument.is_out());
        sql.text(kind).name(name).parenthesized(|sql| {
            sql.list(arguments, |sql, argument| argument.write_type(sql));
        });
    }

    /// The types that it is called with.
    pub(super) fn input_types(&self) -> impl Iterator<Item = DataType> {
        let arguments = self.arguments.iter().filter(|argument| !argument.is_out());
        arguments.map(|argument| argument.data_type().clone())
    }

    pub(super) fn hints(&self) -> Vec<String> {
        let defaults = self.arguments.iter().filter_map(Argument::default_value);
        defaults.filter_map(DefaultValue::hint).collect()
    }
}
