//! Why a migration failed, and what it left behind.

use std::fmt;

use postgres::error::{DbError, SqlState};
use thiserror::Error;

use crate::event::Direction;
use crate::plan::{Object, Statement, Step};

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
        source: Said,
    },
    /// What a step is about could not be read from the catalog.
    #[error("the way back could not be read from the catalog")]
    Capture {
        /// The step.
        step: Box<Step>,
        /// What the server said.
        source: Said,
    },
    /// The author names an object that is there neither before nor after the step.
    #[error("{object} is there neither before nor after, so its way back cannot be read")]
    NotThere {
        /// The step.
        step: Box<Step>,
        /// The object.
        object: Box<Object>,
    },
    /// A check that was put off to the end of the transaction failed.
    #[error("the transaction could not be committed")]
    Commit(#[source] Said),
    /// The outcome could not be recorded.
    #[error("the history could not be written")]
    Record(#[source] Said),
    /// The connection no longer has the runner's lock.
    #[error("this connection no longer holds the lock of the only runner")]
    LockLost(#[source] Said),
    /// The connection is gone, or the driver could not follow the server.
    #[error("the server's answer was lost")]
    Connection(#[source] Said),
}

impl Failure {
    pub(super) fn statement(origin: Origin<'_>, source: postgres::Error) -> Self {
        Self::Statement {
            source: Said::of(source, [origin.statement]),
            step: Box::new(origin.step.clone()),
            statement: Box::new(origin.statement.clone()),
        }
    }

    pub(super) fn capture(origin: Origin<'_>, source: postgres::Error) -> Self {
        Self::Capture { step: Box::new(origin.step.clone()), source: source.into() }
    }

    pub(super) fn not_there(origin: Origin<'_>, object: &Object) -> Self {
        Self::NotThere { step: Box::new(origin.step.clone()), object: Box::new(object.clone()) }
    }

    pub(super) fn record(source: postgres::Error) -> Self {
        Self::Record(source.into())
    }

    pub(super) fn lock_lost(source: postgres::Error) -> Self {
        Self::LockLost(source.into())
    }

    pub(super) fn connection(source: postgres::Error) -> Self {
        Self::Connection(source.into())
    }

    /// What the server, or the network, said, in its own words where they can be shown.
    #[must_use]
    pub fn message(&self) -> String {
        let Some(said) = self.said() else { return self.to_string() };
        said.server().map_or_else(|| said.to_string(), |error| error.message().to_owned())
    }

    /// What the server, or the network, said, where it is that what failed.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Statement { source, .. } | Self::Capture { source, .. } => Some(source),
            Self::Commit(source)
            | Self::Record(source)
            | Self::LockLost(source)
            | Self::Connection(source) => Some(source),
            Self::NotThere { .. } => None,
        }
    }
}

/// What the server, or the network, said.
#[derive(Debug, Error)]
pub enum Said {
    /// All of it.
    #[error(transparent)]
    InFull(#[from] postgres::Error),
    /// Of statements that carry secrets, the code alone: the words may repeat a part of a secret,
    /// or all of it, in some spelling.
    #[error("{}, and its words are kept back: they may repeat a secret", condition(.0))]
    Code(SqlState),
}

impl Said {
    /// What was said of these statements.
    pub(super) fn of<'a>(
        error: postgres::Error,
        statements: impl IntoIterator<Item = &'a Statement>,
    ) -> Self {
        let mut statements = statements.into_iter();
        match error.code() {
            Some(code) if statements.any(|statement| !statement.secrets.is_empty()) => {
                Self::Code(code.clone())
            }
            _ => Self::InFull(error),
        }
    }

    /// Its code, if it was the server that spoke.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::InFull(error) => error.code(),
            Self::Code(code) => Some(code),
        }
    }

    /// The server's words, if it was the server that spoke and they can be shown.
    #[must_use]
    pub fn server(&self) -> Option<&DbError> {
        match self {
            Self::InFull(error) => error.as_db_error(),
            Self::Code(_) => None,
        }
    }
}

/// A code in words, as far as statements that carry secrets come upon it, see
/// [the codes](https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn condition(code: &SqlState) -> String {
    let code = code.code();
    let name = match code {
        "22023" => "invalid_parameter_value",
        "22P02" => "invalid_text_representation",
        "23502" => "not_null_violation",
        "23503" => "foreign_key_violation",
        "23505" => "unique_violation",
        "23514" => "check_violation",
        "40001" => "serialization_failure",
        "40P01" => "deadlock_detected",
        "42501" => "insufficient_privilege",
        "42601" => "syntax_error",
        "42703" => "undefined_column",
        "42704" => "undefined_object",
        "42710" => "duplicate_object",
        "42883" => "undefined_function",
        "42P01" => "undefined_table",
        "55P03" => "lock_not_available",
        "57014" => "query_canceled",
        "HV00D" => "fdw_invalid_option_name",
        "P0001" => "raise_exception",
        _ => return format!("the server answered with the error {code}"),
    };
    format!("the server answered with the error `{name}`")
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
