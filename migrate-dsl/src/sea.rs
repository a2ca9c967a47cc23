//! Statements and expressions of [sea-query](https://docs.rs/sea-query) as SQL, with every value
//! in its place, and what gets lost on the way told.

use std::fmt::{self, Debug, Display, Write};

use sea_query::{PostgresQueryBuilder, QueryBuilder, SqlWriter, Value};

use crate::{Literal, Statement, quote_literal};

/// The SQL that `write` makes of `source`, and what sea-query would not say of it.
pub(crate) fn render(
    source: &impl Debug,
    write: impl FnOnce(&PostgresQueryBuilder, &mut Literals),
) -> Statement {
    let debug = format!("{source:?}");
    if let Some(problem) = unwritable_constant(&debug) {
        // Writing it would panic, or write another character.
        return Statement { problems: vec![problem], ..Statement::raw("") };
    }
    let mut sql = Literals(String::new());
    write(&PostgresQueryBuilder, &mut sql);
    Statement { problems: lost(&debug).collect(), ..Statement::raw(sql.0) }
}

/// SQL that takes the place of each parameter by its value. sea-query 1.0 itself writes a `char`
/// that is not ASCII as another one, and `NaN` and the infinities without quotes.
pub(crate) struct Literals(String);

impl Write for Literals {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl Display for Literals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SqlWriter for Literals {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, builder: &T) {
        self.0 += &match value {
            Value::Char(Some(value)) => quote_literal(&value.to_string()),
            Value::Float(Some(value)) if !value.is_finite() => Literal::from(value).sql(),
            Value::Double(Some(value)) if !value.is_finite() => Literal::from(value).sql(),
            value => builder.value_to_string(&value),
        };
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}

/// A `char` in a place that asks no [`SqlWriter`], such as `LIKE … ESCAPE`.
fn unwritable_constant(debug: &str) -> Option<String> {
    let mut constants = debug.split("Constant(Char(Some('").skip(1);
    let constant = constants.find(|constant| !constant.starts_with(|c: char| c.is_ascii()))?;
    let character = constant.chars().next()?;
    Some(format!(
        "sea-query cannot write the character `{character}` here: write the SQL with `pgm.sql`"
    ))
}

/// What sea-query 1.0 takes and then leaves out or leaves unquoted. Its statements show it to
/// `Debug` only, where no text of a value can look like this: its quotes are escaped.
/// That text is nothing that sea-query promises, and so the workspace keeps to its `~1.0`.
fn lost(debug: &str) -> impl Iterator<Item = String> {
    let comment = debug.contains("comment: Some(\"");
    let condition = debug.starts_with("TableCreateStatement")
        && debug
            .split("where: ConditionHolder { contents: ")
            .skip(1)
            .any(|condition| !condition.starts_with("Empty"));
    let name = debug.split(" name: Some(\"").skip(1).any(|name| {
        let end = name.find("\")").unwrap_or(name.len());
        name[..end].contains("\\\"")
    });
    [
        (comment, "sea-query drops comments for PostgreSQL: say it with `pgm.comment_on`"),
        (
            condition,
            "sea-query drops the condition of an index inside a table: \
             say it with `pgm.create_index(..).only_where(..)`",
        ),
        (
            name,
            "sea-query does not escape a quote in the name of an index or a constraint: \
             say it with one of the verbs of `pgm`",
        ),
    ]
    .into_iter()
    .filter(|(is_lost, _)| *is_lost)
    .map(|(_, problem)| problem.to_owned())
}
