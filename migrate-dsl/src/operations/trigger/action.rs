//! What a trigger runs.

use crate::{Name, Statement, Writer};

pub(super) enum Action {
    /// A function that is there.
    Function(Name),
    /// The body of a function that is created with the trigger, in PL/pgSQL.
    Body(String),
}

impl Action {
    /// The function that is there.
    pub(super) fn function(&self) -> Option<&Name> {
        match self {
            Self::Function(function) => Some(function),
            Self::Body(_) => None,
        }
    }

    /// Creates the function that is not there yet.
    pub(super) fn create(&self, name: &Name, or_replace: bool) -> Option<Statement> {
        let Self::Body(body) = self else {
            return None;
        };
        Some(Writer::statement(|sql| {
            sql.text("CREATE").flag(or_replace, "OR REPLACE");
            sql.text("FUNCTION").name(name);
            sql.text("() RETURNS trigger LANGUAGE plpgsql AS");
            sql.dollar_quoted(body)
        }))
    }
}
