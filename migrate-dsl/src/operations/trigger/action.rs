//! What a trigger or an event trigger runs.

use crate::{Name, Statement, Writer};

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// A function that is there.
    Function(Name),
    /// The body of a function that is created with the trigger, in PL/pgSQL.
    Body(String),
}

impl Action {
    /// The function that is there.
    pub(crate) fn function(&self) -> Option<&Name> {
        match self {
            Self::Function(function) => Some(function),
            Self::Body(_) => None,
        }
    }

    /// Creates the function that is not there yet.
    pub(crate) fn create(&self, name: &Name, returns: &str, or_replace: bool) -> Option<Statement> {
        let Self::Body(body) = self else {
            return None;
        };
        Some(Writer::statement(|sql| {
            sql.text("CREATE").flag(or_replace, "OR REPLACE");
            sql.text("FUNCTION").name(name);
            sql.text("() RETURNS").text(returns).text("LANGUAGE plpgsql AS");
            sql.dollar_quoted(body)
        }))
    }
}
