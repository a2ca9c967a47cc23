//! Which triggers of a table are meant.

use crate::{Identifier, Name, Object, Writer};

/// A trigger of a table, given by its name, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triggers {
    /// The trigger of this name.
    Named(Identifier),
    /// All but those that PostgreSQL made itself, for foreign keys and the like.
    User,
    /// All; only a superuser may touch those of foreign keys.
    All,
}

impl<N: Into<Identifier>> From<N> for Triggers {
    fn from(name: N) -> Self {
        Self::Named(name.into())
    }
}

impl Triggers {
    pub(super) fn write(&self, sql: &mut Writer) {
        match self {
            Self::Named(name) => sql.identifier(name),
            Self::User => sql.text("USER"),
            Self::All => sql.text("ALL"),
        };
    }

    /// What to read from the catalog.
    pub(super) fn object(&self, table: &Name) -> Object {
        match self {
            Self::Named(name) => Object::trigger(table, name),
            Self::User | Self::All => Object::table(table),
        }
    }

    /// For a person: "trigger `touch` of `posts`".
    pub(super) fn describe(&self, table: &Name) -> String {
        match self {
            Self::Named(_) => self.object(table).to_string(),
            Self::User => format!("user triggers of `{table}`"),
            Self::All => format!("all triggers of `{table}`"),
        }
    }
}
