//! That a migration failed, and what the database is like then.

use thiserror::Error;

use super::error::Failure;
use super::failure_state::FailureState;
use crate::event::Direction;

/// A migration that failed.
#[derive(Debug, Error)]
#[error("`{name}` failed on its way {}", direction.as_str())]
pub struct ApplyError {
    /// Which.
    pub name: String,
    /// Which way it was going.
    pub direction: Direction,
    /// Why.
    #[source]
    pub failure: Failure,
    /// What the database is like now.
    pub left: FailureState,
    /// Whether `sync` was at work.
    pub(crate) in_sync: bool,
    /// Whether the file is missing, or differs from the one that was applied.
    pub(crate) outdated: bool,
}

impl ApplyError {
    pub(crate) fn new(
        name: &str,
        direction: Direction,
        failure: Failure,
        left: FailureState,
    ) -> Self {
        Self { name: name.to_owned(), direction, failure, left, in_sync: false, outdated: false }
    }

    /// Returns the command that continues it.
    pub(crate) fn command(&self) -> &'static str {
        if self.in_sync { "sync" } else { self.direction.as_str() }
    }

    /// Returns the state of the database, in a sentence.
    #[must_use]
    pub fn state(&self) -> String {
        format!("`{}`: {}", self.name, self.left.told(self.direction))
    }
}
