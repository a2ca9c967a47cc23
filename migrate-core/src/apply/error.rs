//! Why a migration failed, and what it left behind.

use std::fmt;
use std::time::Duration;

use postgres::error::SqlState;
use thiserror::Error;

use super::send::{self, Variables};
use super::transaction::is_lock;
use crate::event::Direction;
use crate::interrupt::Stop;
use crate::lock::LockHolder;
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
    /// A lock could not be had in the time that was given, without making others wait.
    #[error("{}", locked(holders))]
    Locked {
        /// The step, where it is known.
        step: Option<Box<Step>>,
        /// Who had it at the end.
        holders: Vec<LockHolder>,
        /// What the server said.
        source: Option<postgres::Error>,
    },
    /// A statement was cancelled because others waited for the locks that it held.
    #[error("{others} {} waited behind it for {:.1} s, so it was cancelled", sessions(*others), waited.as_secs_f64())]
    InTheWay {
        /// The step, where it is known.
        step: Option<Box<Step>>,
        /// The statement, where it is known.
        statement: Option<Box<Statement>>,
        /// How many waited.
        others: usize,
        /// The longest of them.
        waited: Duration,
        /// What the server said.
        source: postgres::Error,
    },
    /// It was asked to stop.
    #[error("{0}")]
    Stopped(Stop),
    /// An index is there by that name, but it is not valid, and `IF NOT EXISTS` would accept it.
    #[error("the index `{index}` is there, but it is not valid: a build of it was broken off")]
    InvalidIndex {
        /// The step.
        step: Box<Step>,
        /// The statement.
        statement: Box<Statement>,
        /// The index.
        index: String,
    },
    /// A runner ended in the middle of a statement outside a transaction, and nothing tells whether
    /// that was done.
    #[error(
        "the runner ended while this ran outside a transaction, and whether it was done is not known"
    )]
    Unknown {
        /// The step.
        step: Box<Step>,
        /// The statement.
        statement: Box<Statement>,
    },
}

/// What a server says before it ends a session, or all of them.
const LAST_WORDS: [SqlState; 3] =
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];

fn locked(holders: &[LockHolder]) -> String {
    match holders {
        [] => "a lock could not be had without making others wait".to_owned(),
        [holder] => format!("in its way is {holder}"),
        [holder, others @ ..] => format!("in its way is {holder}, and {} more", others.len()),
    }
}

fn sessions(count: usize) -> &'static str {
    if count == 1 { "session" } else { "sessions" }
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

    pub(super) fn in_the_way(
        origin: Option<Origin<'_>>,
        others: usize,
        waited: Duration,
        source: postgres::Error,
    ) -> Self {
        Self::InTheWay {
            step: origin.map(|origin| Box::new(origin.step.clone())),
            statement: origin.map(|origin| Box::new(origin.statement.clone())),
            others,
            waited,
            source,
        }
    }

    /// It waited for a lock, and others behind it.
    pub(super) fn queued(origin: Option<Origin<'_>>, source: postgres::Error) -> Self {
        let step = origin.map(|origin| Box::new(origin.step.clone()));
        Self::Locked { step, holders: Vec::new(), source: Some(source) }
    }

    pub(super) fn invalid_index(origin: Origin<'_>, index: String) -> Self {
        Self::InvalidIndex {
            step: Box::new(origin.step.clone()),
            statement: Box::new(origin.statement.clone()),
            index,
        }
    }

    pub(super) fn unknown(origin: Origin<'_>) -> Self {
        Self::Unknown {
            step: Box::new(origin.step.clone()),
            statement: Box::new(origin.statement.clone()),
        }
    }

    /// Whether the same may succeed when others have let go of their locks.
    pub(super) fn is_about_a_lock(&self) -> bool {
        matches!(self, Self::Locked { .. }) || self.cause().is_some_and(is_lock)
    }

    /// The failure at the end of all patience, with those who were in the way then.
    pub(super) fn locked(self, found: Vec<LockHolder>) -> Self {
        match self {
            Self::Statement { step, source, .. } | Self::Capture { step, source } => {
                Self::Locked { step: Some(step), holders: found, source: Some(source) }
            }
            Self::Locked { step, source, .. } => Self::Locked { step, holders: found, source },
            other => other,
        }
    }

    /// Whether the connection is gone, or the thread was lost in another way, so that what became
    /// of it has to be asked on a new one.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        match self {
            Self::Stopped(_) => false,
            _ => self.cause().is_some_and(Self::is_cut_by),
        }
    }

    /// Whether this is the end of a connection. The driver does not always hear the server's last
    /// words before it, so it makes no difference whether there were any.
    pub(super) fn is_cut_by(error: &postgres::Error) -> bool {
        match error.code() {
            Some(code) => LAST_WORDS.contains(code),
            None => error.as_db_error().is_none(),
        }
    }

    /// What the server, or the network, said, in its own words.
    #[must_use]
    pub fn message(&self) -> String {
        if self.shows_a_secret() {
            return "the server refused the statement, in words that repeat a secret".to_owned();
        }
        match self {
            Self::Locked { .. }
            | Self::InTheWay { .. }
            | Self::Stopped(_)
            | Self::InvalidIndex { .. }
            | Self::Unknown { .. } => return self.to_string(),
            _ => {}
        }
        let Some(cause) = self.cause() else { return self.to_string() };
        cause.as_db_error().map_or_else(|| cause.to_string(), |error| error.message().to_owned())
    }

    /// Whether the server's words are not to be shown.
    #[must_use]
    pub fn shows_a_secret(&self) -> bool {
        matches!(self, Self::Statement { shows_a_secret: true, .. })
    }

    /// What the server, or the network, said.
    #[must_use]
    pub fn cause(&self) -> Option<&postgres::Error> {
        match self {
            Self::Statement { source, .. }
            | Self::Capture { source, .. }
            | Self::InTheWay { source, .. } => Some(source),
            Self::Commit(source)
            | Self::Record(source)
            | Self::LockLost(source)
            | Self::Connection(source) => Some(source),
            Self::Locked { source, .. } => source.as_ref(),
            Self::Stopped(_) | Self::InvalidIndex { .. } | Self::Unknown { .. } => None,
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
                f.write_str("its first statement was not done, and so nothing of this migration")
            }
            Self::Partial { done, of } => write!(
                f,
                "{done} of its {of} statements are done and recorded, the one after them is not"
            ),
            Self::Unknown => f.write_str(
                "the server's answer was lost: `migrate status` tells whether it was recorded",
            ),
        }
    }
}
