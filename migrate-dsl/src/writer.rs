//! The only place where pieces of SQL are joined.

use crate::choice::Choice;
use crate::function::Function;
use crate::literal::dollar_quote;
use crate::{
    DataType, DefaultValue, Expression, Identifier, Name, OptionValue, Role, Secret, quote_literal,
};

/// One SQL statement as it goes to the server, without the closing semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// Of raw SQL: on which line of the text that was given the statement starts, from 0.
    pub line: usize,
    /// What the server would not do as written, found while writing: a name that is too long.
    pub problems: Vec<String>,
    /// What of it older servers do not know.
    pub requires: Vec<Requirement>,
    /// The major version from which on this form is meant; 0 for any.
    pub since: u32,
    /// The major version from which on another form is meant; 0 for never.
    pub until: u32,
    /// What the engine puts in place of psql's placeholders `:'NAME'` just before it sends it.
    pub secrets: Vec<Secret>,
    /// What is sent after a `COPY … FROM STDIN`.
    pub input: Option<String>,
    /// The function that runs in place of SQL; the text then only tells of it.
    pub rust: Option<Function>,
    /// The file that the input is of, relative to the crate.
    pub input_file: Option<String>,
    /// What it does, for a person: of code that is not to be read for that.
    pub summary: Option<String>,
}

/// An option that older servers do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Requirement {
    /// The first major version that has it.
    pub version: u32,
    /// The option, as the migration writes it: `nulls_not_distinct`.
    pub what: String,
}

impl Statement {
    /// A statement that stands as given.
    pub fn raw(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            line: 0,
            problems: Vec::new(),
            requires: Vec::new(),
            since: 0,
            until: 0,
            secrets: Vec::new(),
            input: None,
            rust: None,
            input_file: None,
            summary: None,
        }
    }

    /// This form is for servers of this major version and later; an
    /// [`until`](Self::until) of another statement is for the others.
    ///
    /// ```
    /// use migrate_dsl::Statement;
    /// let statement = Statement::raw("ALTER TABLE a ADD NOT NULL b NOT VALID").since(18);
    /// assert_eq!(statement.since, 18);
    /// ```
    #[must_use]
    pub fn since(self, version: u32) -> Self {
        Self { since: version, ..self }
    }

    /// This form is for servers before this major version.
    ///
    /// ```
    /// use migrate_dsl::Statement;
    /// let statement = Statement::raw("ALTER TABLE a ALTER COLUMN b SET NOT NULL").until(18);
    /// assert_eq!(statement.until, 18);
    /// ```
    #[must_use]
    pub fn until(self, version: u32) -> Self {
        Self { until: version, ..self }
    }
}

/// Writes one statement: text that is ours as it is, names and literals quoted.
///
/// ```
/// use migrate_dsl::Writer;
/// let mut sql = Writer::new();
/// sql.text("DROP TABLE").flag(true, "IF EXISTS").name(&("reporting", "old posts").into());
/// assert_eq!(sql.finish().sql, r#"DROP TABLE IF EXISTS "reporting"."old posts""#);
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    sql: String,
    problems: Vec<String>,
    requires: Vec<Requirement>,
    secrets: Vec<Secret>,
    /// The next piece follows without a space, as after `(`.
    tight: bool,
}

impl Writer {
    /// An empty statement.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole statement in one go.
    ///
    /// ```
    /// use migrate_dsl::Writer;
    /// let statement = Writer::statement(|sql| sql.text("DROP TABLE").name(&"posts".into()));
    /// assert_eq!(statement.sql, r#"DROP TABLE "posts""#);
    /// ```
    pub fn statement(write: impl FnOnce(&mut Self) -> &mut Self) -> Statement {
        let mut sql = Self::new();
        write(&mut sql);
        sql.finish()
    }

    /// Ends the statement.
    #[must_use]
    pub fn finish(self) -> Statement {
        let Self { sql, problems, requires, secrets, tight: _ } = self;
        Statement { problems, requires, secrets, ..Statement::raw(sql) }
    }

    /// Keywords, or SQL that the migration brought itself, after a space.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if !self.tight && !self.sql.is_empty() {
            self.sql.push(' ');
        }
        self.tight = false;
        self.sql.push_str(text);
        self
    }

    /// Punctuation, without a space before it.
    pub fn glued(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self.tight = false;
        self
    }

    /// `text` if `condition` holds.
    pub fn flag(&mut self, condition: bool, text: &str) -> &mut Self {
        if condition {
            self.text(text);
        }
        self
    }

    /// A name with its schema.
    pub fn name(&mut self, name: &Name) -> &mut Self {
        self.problems.extend(name.problems());
        self.text(&name.quoted())
    }

    /// A single name.
    pub fn identifier(&mut self, name: &Identifier) -> &mut Self {
        self.problems.extend(name.problem());
        self.text(&name.quoted())
    }

    /// A role's name, or the keyword for one that has none of its own.
    pub fn role(&mut self, role: &Role) -> &mut Self {
        match role.told() {
            Ok(name) => self.identifier(name),
            Err(keyword) => self.text(keyword),
        }
    }

    /// Something inside an object, such as a column of a table: `"posts"."title"`.
    pub fn member(&mut self, object: &Name, member: &Identifier) -> &mut Self {
        self.name(object).problems.extend(member.problem());
        self.glued(".").glued(&member.quoted())
    }

    /// The name of an operator: its schema between quotes, never its characters.
    pub fn operator(&mut self, name: &Name) -> &mut Self {
        self.problems.extend(name.problems_as_operator());
        self.text(&name.as_operator())
    }

    /// An operator where a name with a schema has to be told from other things:
    /// `OPERATOR ("app".===)`.
    pub fn operator_reference(&mut self, name: &Name) -> &mut Self {
        match name.schema {
            Some(_) => self.text("OPERATOR").parenthesized(|sql| _ = sql.operator(name)),
            None => self.operator(name),
        }
    }

    /// The type of a column or of an argument.
    pub fn data_type(&mut self, data_type: &DataType) -> &mut Self {
        self.problems.extend(data_type.problems());
        let sql = data_type.sql();
        if let Some(version) = data_type.since() {
            self.requires(version, &sql);
        }
        self.text(&sql)
    }

    /// The body of a function, between dollars.
    pub fn dollar_quoted(&mut self, text: &str) -> &mut Self {
        self.text(&dollar_quote(text))
    }

    /// A string literal.
    pub fn literal(&mut self, text: &str) -> &mut Self {
        self.text(&quote_literal(text))
    }

    /// psql's placeholder for what the environment has, as a string literal.
    ///
    /// ```
    /// use migrate_dsl::{Writer, env};
    /// let statement = Writer::statement(|sql| sql.text("SELECT").secret(&env("TOKEN")));
    /// assert_eq!(statement.sql, "SELECT :'TOKEN'");
    /// assert_eq!(statement.secrets[0].variable(), "TOKEN");
    /// ```
    pub fn secret(&mut self, secret: &Secret) -> &mut Self {
        self.problems.extend(secret.problem());
        if !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
        }
        self.text(&format!(":'{}'", secret.variable()))
    }

    /// The value of an option: a string literal, or the placeholder of a secret.
    pub fn option_value(&mut self, value: &OptionValue) -> &mut Self {
        match value {
            OptionValue::Text(text) => self.literal(text),
            OptionValue::Secret(secret) => self.secret(secret),
        }
    }

    /// A name as a string literal, for code that quotes it itself.
    pub(crate) fn name_literal(&mut self, name: &Identifier) -> &mut Self {
        self.problems.extend(name.problem());
        self.literal(name.as_str())
    }

    /// `pg_catalog.format('%I.%I', 'app', 'posts')::pg_catalog.regclass`: a relation, inside of code.
    pub(crate) fn regclass(&mut self, name: &Name) -> &mut Self {
        let parts: Vec<_> = name.schema.iter().chain([&name.name]).collect();
        let places = vec!["%I"; parts.len()].join(".");
        self.text("pg_catalog.format(").tight = true;
        self.literal(&places);
        for part in parts {
            self.glued(",").name_literal(part);
        }
        self.glued(")::pg_catalog.regclass")
    }

    /// `DO $$ … $$`: what has to look at the catalog to know what to do.
    pub(crate) fn code(code: Self) -> Statement {
        let code = code.finish();
        let mut sql = Self::new();
        sql.text("DO").dollar_quoted(&format!("\n{}\n", code.sql)).problems = code.problems;
        sql.finish()
    }

    /// A comment as a literal, or `NULL` for none.
    pub fn comment(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.literal(text),
            None => self.text("NULL"),
        }
    }

    /// An expression that the migration brought itself.
    pub fn expression(&mut self, expression: &Expression) -> &mut Self {
        if expression.has_index_options() {
            self.problem(format!(
                "order, collation and operator class of `{}` have a meaning only in an index",
                expression.sql()
            ));
        }
        self.problems_of(expression).text(expression.sql())
    }

    /// Notes what is wrong with an expression, where it is written in another way.
    pub(crate) fn problems_of(&mut self, expression: &Expression) -> &mut Self {
        self.problems.extend_from_slice(&expression.problems);
        self
    }

    /// A constant, or an expression that the migration brought itself.
    pub fn default_value(&mut self, value: &DefaultValue) -> &mut Self {
        match value {
            DefaultValue::Literal(literal) => self.text(&literal.sql()),
            DefaultValue::Expression(expression) => self.expression(expression),
        }
    }

    /// `(1, 'b')`.
    pub fn values(&mut self, values: &[DefaultValue]) -> &mut Self {
        self.parenthesized(|sql| {
            sql.list(values, |sql, value| _ = sql.default_value(value));
        })
    }

    /// `(…)` around what `inside` writes, after a space.
    pub fn parenthesized(&mut self, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.text("(");
        self.tight = true;
        inside(self);
        self.glued(")")
    }

    /// What `write` makes of each item, with commas between.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.glued(",");
            }
            write(self, item);
        }
        self
    }

    /// `(…)` with a line for each item: a person reads it, in a review or at 3 a.m.
    pub fn lines<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.text("(");
        let mut empty = true;
        for item in items {
            self.glued(if empty { "\n    " } else { ",\n    " });
            self.tight = true;
            empty = false;
            write(self, item);
        }
        self.glued(if empty { ")" } else { "\n)" })
    }

    /// `("a", "b")`.
    pub fn columns<'a>(&mut self, columns: impl IntoIterator<Item = &'a Identifier>) -> &mut Self {
        self.parenthesized(|sql| {
            sql.list(columns, |sql, column| {
                sql.identifier(column);
            });
        })
    }

    /// `WITH ("security_barrier" = 'true')`, where there is one.
    pub fn parameters(&mut self, parameters: &[(Identifier, String)]) -> &mut Self {
        self.with(parameters, |sql, name| _ = sql.identifier(name))
    }

    /// `WITH ("fillfactor" = '70')`, where there is one; `toast.autovacuum_enabled` is
    /// one of the table behind the table.
    pub fn storage_parameters(&mut self, parameters: &[(Identifier, String)]) -> &mut Self {
        self.with(parameters, |sql, name| _ = sql.storage_parameter(name))
    }

    /// `"toast"."autovacuum_enabled"`, as in [`storage_parameters`](Self::storage_parameters).
    pub(crate) fn storage_parameter(&mut self, name: &Identifier) -> &mut Self {
        match name.as_str().strip_prefix("toast.") {
            Some(name) => self.name(&("toast", name).into()),
            None => self.identifier(name),
        }
    }

    /// `("fillfactor" = '70')`, as in [`storage_parameters`](Self::storage_parameters).
    pub(crate) fn assignment(&mut self, name: &Identifier, value: &str) -> &mut Self {
        self.parenthesized(|sql| _ = sql.storage_parameter(name).text("=").literal(value))
    }

    fn with(
        &mut self,
        parameters: &[(Identifier, String)],
        write_name: impl Fn(&mut Self, &Identifier),
    ) -> &mut Self {
        if parameters.is_empty() {
            return self;
        }
        self.text("WITH").parenthesized(|sql| {
            sql.list(parameters, |sql, (name, value)| {
                write_name(sql, name);
                sql.text("=").literal(value);
            });
        })
    }

    /// Notes that the option `what` is known to servers of this major version and later only.
    ///
    /// ```
    /// use migrate_dsl::Writer;
    /// let statement = Writer::statement(|sql| {
    ///     sql.text("CREATE UNIQUE INDEX ON a (b) NULLS NOT DISTINCT").requires(15, "nulls_not_distinct")
    /// });
    /// assert_eq!(statement.requires[0].version, 15);
    /// ```
    pub fn requires(&mut self, version: u32, what: &str) -> &mut Self {
        self.requires.push(Requirement { version, what: what.to_owned() });
        self
    }

    /// Notes where options contradict each other.
    pub(crate) fn choice<T>(&mut self, choice: &Choice<T>) -> &mut Self {
        self.problems.extend(choice.problem());
        self
    }

    /// Notes something that the server would not do as written.
    pub fn problem(&mut self, problem: impl Into<String>) -> &mut Self {
        self.problems.push(problem.into());
        self
    }
}
