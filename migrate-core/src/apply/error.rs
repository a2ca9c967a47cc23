//! Why a migration failed, and what it left behind.

use std::fmt;

use thiserror::Error;

use super::send::{self, Variables};
use crate::event::Direction;
use crate::plan::{Statement, Step};

/// A statement, and the step that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The step.
    pub step: &'a Step,
    /// Which of the migration's steps it is.
    pub index: usize,
    /// Which of the step's statements it is.
    pub number: usize,
    /// The statement.
    pub statement: &'a Statement,
}

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
    pub left: Left,
}

impl ApplyError {
    pub(super) fn new(name: &str, direction: Direction, failure: Failure, left: Left) -> Self {
        Self { name: name.to_owned(), direction, failure, left }
    }
}

/// Why a migration failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server refused one of its statements.
    #[error("a statement failed")]
    Statement {
        /// The step.
        step: Box<Step>,
        /// The statement.
        statement: Box<Statement>,
        /// What the server said.
        source: postgres::Error,
        /// Whether the server's words repeat a secret, and are not to be shown.
        shows_a_secret: bool,
    },
    /// What a step is about could not be read from the catalog.
    #[error("the way back could not be read from the catalog")]
    Capture {
        /// The step.
        step: Box<Step>,
        /// What the server said.
        source: postgres::Error,
    },
    /// A check that was put off to the end of the transaction failed.
    #[error("the transaction could not be committed")]
    Commit(#[source] postgres::Error),
    /// The outcome could not be recorded.
    #[error("the history could not be written")]
    Record(#[source] postgres::Error),
    /// The connection no longer has the runner's lock.
    #[error("this connection no longer holds the lock of the only runner")]
    LockLost(#[source] postgres::Error),
    /// The connection is gone, or the driver could not follow the server.
    #[error("the server's answer was lost")]
    Connection(#[source] postgres::Error),
}

impl Failure {
    pub(super) fn statement(
        origin: Origin<'_>,
        source: postgres::Error,
        variables: &Variables,
    ) -> Self {
        let said = source.as_db_error().map(|error| format!("{error:?}")).unwrap_or_default();
        Self::Statement {
            shows_a_secret: send::shows_a_secret(&said, origin.statement, variables),
            step: Box::new(origin.step.clone()),
            statement: Box::new(origin.statement.clone()),
            source,
        }
    }

    pub(super) fn capture(origin: Origin<'_>, source: postgres::Error) -> Self {
        Self::Capture { step: Box::new(origin.step.clone()), source }
    }

    /// What the server, or the network, said, in its own words.
    #[must_use]
    pub fn message(&self) -> String {
        if self.shows_a_secret() {
            return "the server refused the statement, in words that repeat a secret".to_owned();
        }
        let cause = self.cause();
        cause.as_db_error().map_or_else(|| cause.to_string(), |error| error.message().to_owned())
    }

    /// Whether the server's words are not to be shown.
    #[must_use]
    pub fn shows_a_secret(&self) -> bool {
        matches!(self, Self::Statement { shows_a_secret: true, .. })
    }

    /// What the server, or the network, said.
    #[must_use]
    pub fn cause(&self) -> &postgres::Error {
        match self {
            Self::Statement { source, .. } | Self::Capture { source, .. } => source,
            Self::Commit(source)
            | Self::Record(source)
            | Self::LockLost(source)
            | Self::Connection(source) => source,
        }
    }
}

/// What a failed migration left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing: the transaction was rolled back.
    RolledBack,
    /// Nothing: its first statement failed, outside a transaction.
    Nothing,
    /// Some statements are done for good, and the journal says so.
    Partial {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// The server's answer was lost.
    Unknown,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RolledBack => {
                f.write_str("the transaction was rolled back: nothing of this migration was done")
            }
            Self::Nothing => {
                f.write_str("its first statement failed: nothing of this migration was done")
            }
            Self::Partial { done, of } => write!(
                f,
                "{done} of its {of} statements are done and recorded, the failed one is not"
            ),
            Self::Unknown => f.write_str(
                "the server's answer was lost: `migrate status` tells whether it was recorded",
            ),
        }
    }
}
