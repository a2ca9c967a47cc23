//! Why a migration failed, and what remains of it.

use std::time::{Duration, Instant};

use migrate_dsl::FunctionError;
use postgres::error::SqlState;
use thiserror::Error;

use super::server_error;
pub use super::server_error::ServerError;
pub(crate) use super::server_error::is_lock;
use crate::connect::interrupt::Stop;
use crate::count::{all_of, count};
use crate::history::HistoryError;
use crate::limits::Limits;
use crate::lock::{LockHolder, Obstacle};
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
        source: ServerError,
        /// What the catalog says of a right that is missing.
        advice: Option<Box<str>>,
    },
    /// A Rust function failed.
    #[error("the Rust function `{name}` failed")]
    Function {
        /// The step.
        step: Box<Step>,
        /// The name of the function.
        name: String,
        /// Whether it ran outside a transaction, and something of it may be done for good.
        begun: bool,
        /// What it said.
        source: Box<FunctionError>,
    },
    /// What a step is about could not be read from the catalog.
    #[error("the inverse could not be read from the catalog")]
    Capture {
        /// The step.
        step: Box<Step>,
        /// What the server said.
        source: ServerError,
    },
    /// The author names an object that is there neither before nor after the step.
    #[error("{object} exists neither before nor after the step, so its inverse cannot be captured")]
    NotThere {
        /// The step.
        step: Box<Step>,
        /// The object.
        object: Box<Object>,
        /// Whether the step's statement is done for good all the same.
        done: bool,
    },
    /// A check that was put off to the end of the transaction failed.
    #[error("the transaction could not be committed")]
    Commit(#[source] ServerError),
    /// One of several statements was cancelled; the server does not tell which.
    #[error("one of its statements was ended")]
    Cancelled(#[source] ServerError),
    /// The outcome could not be recorded.
    #[error("the history could not be written")]
    Record(#[source] ServerError),
    /// The connection no longer has the runner's lock.
    #[error("this connection no longer holds the lock of the only runner")]
    LockLost(#[source] ServerError),
    /// The connection is lost, or the driver could not follow the server.
    #[error("the server's answer was lost")]
    Connection(#[source] ServerError),
    /// The connection was lost, and what was begun cannot be resumed.
    #[error("the connection was lost, and the work could not be resumed: {why}")]
    NotResumed {
        /// Why.
        why: Box<str>,
        /// What to do about it.
        help: Option<Box<str>>,
        /// How it was lost.
        source: ServerError,
    },
    /// A lock could not be had in the time that was given, without making others wait.
    #[error("{}", locked(holders, traffic.as_deref()))]
    Locked {
        /// The step, where it is known.
        step: Option<Box<Step>>,
        /// Its holders at the end.
        holders: Box<[LockHolder]>,
        /// The traffic that is in the way instead, where no session holds it for long.
        traffic: Option<Box<Traffic>>,
        /// What the server said.
        source: Option<ServerError>,
    },
    /// A statement was cancelled because others waited for the locks that it held.
    #[error("{} waited behind it for {:.1} s, so it was cancelled", count(*others, "session"), waited.as_secs_f64())]
    InTheWay {
        /// The step, where it is known.
        step: Option<Box<Step>>,
        /// The statement, where it is known.
        statement: Option<Box<Statement>>,
        /// How many waited.
        others: usize,
        /// The longest of them.
        waited: Duration,
        /// What the server said, if it was at work.
        source: Option<ServerError>,
    },
    /// A runner ended in the middle of a statement outside a transaction, which is no longer where it
    /// was in the file.
    #[error(
        "{} {}",
        quoted(sql),
        if *back {
            "reverted a part of it outside a transaction, and did not come to its end"
        } else {
            "ran here when the runner ended, and the file has another statement there by now"
        }
    )]
    Replaced {
        /// The statement.
        sql: String,
        /// Whether it reverted what an earlier one had done.
        back: bool,
        /// Whether it is known to be done; else nothing is known of it.
        done: bool,
    },
    /// What a statement outside a transaction left behind could not be cleaned up.
    #[error(
        "what is left of a statement that was broken off could not be seen to{}",
        sql.as_ref().map(|sql| format!(", with {}", quoted(sql))).unwrap_or_default()
    )]
    Leftover {
        /// What was tried.
        sql: Option<String>,
        /// What the server said.
        source: ServerError,
    },
    /// It is in the history already, and what is not in a transaction would be done twice.
    #[error("it is recorded as applied already")]
    AlreadyApplied,
    /// It was requested to stop.
    #[error("{0}")]
    Stopped(Stop),
    /// An index is there by that name, but it is not valid, and `IF NOT EXISTS` would accept it.
    #[error("index `{index}` exists but is invalid: a previous build was interrupted")]
    InvalidIndex {
        /// The step.
        step: Box<Step>,
        /// The statement.
        statement: Box<Statement>,
        /// The index.
        index: String,
    },
    /// The author's query, which is to tell whether a statement was done, gives no boolean.
    #[error("`done_when` has to give one boolean")]
    NotBoolean {
        /// The step.
        step: Box<Step>,
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

/// Many transactions, of which none takes long.
#[derive(Debug)]
pub struct Traffic {
    /// The tables that they use.
    pub tables: Vec<String>,
}

fn locked(holders: &[LockHolder], traffic: Option<&Traffic>) -> String {
    if let Some(Traffic { tables }) = traffic {
        return format!(
            "short transactions use {} all the time, and there was no moment in which the lock could be had",
            all_of(tables)
        );
    }
    match holders {
        [] => "a lock could not be had without making others wait".to_owned(),
        [holder] => format!("in its way is {holder}"),
        [holder, others @ ..] => format!("in its way is {holder}, and {} more", others.len()),
    }
}

fn quoted(sql: &str) -> String {
    format!("`{}`", sql.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl Failure {
    pub(crate) fn statement(origin: Origin<'_>, source: postgres::Error) -> Self {
        Self::Statement {
            source: ServerError::of(source, [origin.statement]),
            step: Box::new(origin.step.clone()),
            statement: Box::new(origin.statement.clone()),
            advice: None,
        }
    }

    pub(super) fn function(origin: Origin<'_>, source: FunctionError, begun: bool) -> Self {
        let name = origin.statement.rust.as_ref().map(|function| function.name.clone());
        Self::Function {
            step: Box::new(origin.step.clone()),
            name: name.unwrap_or_default(),
            begun,
            source: Box::new(source),
        }
    }

    pub(super) fn not_there(origin: Origin<'_>, object: &Object) -> Self {
        let (step, object) = (Box::new(origin.step.clone()), Box::new(object.clone()));
        Self::NotThere { step, object, done: false }
    }

    pub(super) fn record(source: postgres::Error) -> Self {
        Self::Record(source.into())
    }

    /// The history could not be read or written.
    pub(super) fn of_history(error: HistoryError) -> Self {
        match error {
            HistoryError::Locked { holders, .. } => {
                Self::obstructed(None, Obstacle { holders, busy: Vec::new() }, None)
            }
            HistoryError::Stopped(stop) => Self::Stopped(stop),
            HistoryError::Database(error) | HistoryError::Denied { source: error, .. } => {
                Self::record(error)
            }
            other => Self::Record(ServerError::Words(other.to_string().into())),
        }
    }

    /// The first statement of a transaction has failed: the lock is lost, unless the connection itself
    /// is lost.
    pub(super) fn lock_lost(source: postgres::Error) -> Self {
        match Self::is_cut_by(&source) {
            true => Self::connection(source),
            false => Self::LockLost(source.into()),
        }
    }

    pub(crate) fn connection(source: postgres::Error) -> Self {
        Self::Connection(source.into())
    }

    pub(super) fn capture(origin: Origin<'_>, source: postgres::Error) -> Self {
        Self::Capture { step: Box::new(origin.step.clone()), source: source.into() }
    }

    pub(crate) fn in_the_way(
        origin: Option<Origin<'_>>,
        others: usize,
        waited: Duration,
        source: Option<ServerError>,
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
    pub(crate) fn queued(origin: Option<Origin<'_>>, source: Option<ServerError>) -> Self {
        let step = origin.map(|origin| Box::new(origin.step.clone()));
        Self::obstructed(step, Obstacle::default(), source)
    }

    /// A lock could not be had in time.
    pub(crate) fn obstructed(
        step: Option<Box<Step>>,
        Obstacle { holders, busy }: Obstacle,
        source: Option<ServerError>,
    ) -> Self {
        let traffic = (!busy.is_empty()).then(|| Box::new(Traffic { tables: busy }));
        Self::Locked { step, holders: holders.into(), traffic, source }
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

    /// The step that failed, where it is known.
    pub(crate) fn step(&self) -> Option<&Step> {
        match self {
            Self::Statement { step, .. } | Self::Function { step, .. } => Some(step),
            Self::Locked { step, .. } | Self::InTheWay { step, .. } => step.as_deref(),
            _ => None,
        }
    }

    /// Whether the same may succeed when others have let go of their locks.
    pub(crate) fn is_about_a_lock(&self) -> bool {
        let of_function = match self {
            Self::Function { source, .. } => {
                source.query.as_ref().and_then(|it| it.code.as_deref())
            }
            _ => None,
        };
        matches!(self, Self::Locked { .. })
            || self.said().and_then(ServerError::code).is_some_and(is_lock)
            || of_function.is_some_and(|code| is_lock(&SqlState::from_code(code)))
    }

    /// Whether a function that ran outside a transaction may have done something before it.
    pub(super) fn may_have_begun(&self) -> bool {
        match self {
            Self::Function { begun, .. } => *begun,
            Self::Stopped(_) | Self::InTheWay { .. } | Self::Locked { .. } => true,
            _ => false,
        }
    }

    /// The same as one about a lock, if all the time that there was for it went by.
    pub(super) fn if_it_waited(self, started: Instant, limits: &Limits) -> Self {
        match started.elapsed() >= limits.lock_wait && self.is_about_a_lock() {
            true => self.locked(Obstacle::default()),
            false => self,
        }
    }

    /// Returns the failure after the time limit, with the sessions that were in the way then.
    pub(crate) fn locked(self, found: Obstacle) -> Self {
        match self {
            Self::Statement { step, source, .. } | Self::Capture { step, source } => {
                Self::obstructed(Some(step), found, Some(source))
            }
            Self::Locked { step, source, .. } => Self::obstructed(step, found, source),
            Self::Function { step, .. } => Self::obstructed(Some(step), found, None),
            other => other,
        }
    }

    /// Whether the connection was lost, or the driver lost track, so that the outcome
    /// has to be determined on a new one.
    #[must_use]
    pub(crate) fn is_cut(&self) -> bool {
        match self {
            Self::Stopped(_) => false,
            _ => self.said().is_some_and(ServerError::is_cut),
        }
    }

    /// Whether this is the end of a connection. The driver does not always receive the server's last
    /// message before it, so it makes no difference whether there was one. A value of another type than
    /// requested is no end.
    pub(crate) fn is_cut_by(error: &postgres::Error) -> bool {
        server_error::is_cut_by(error)
    }

    /// Whether it was the state of the server, and no fault of the migration: a privilege is missing,
    /// resources are exhausted, an operator intervened, the system failed. See
    /// [the codes](https://www.postgresql.org/docs/current/errcodes-appendix.html).
    pub(crate) fn is_of_server(&self) -> bool {
        let code = self.said().and_then(ServerError::code).map(SqlState::code);
        // What the history does not take is not the file's fault either.
        matches!(self, Self::Record(_))
            || code.is_some_and(|code| {
                ["42501", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class))
            })
    }

    /// Returns the message of the server, or the network, verbatim where it can be shown.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Locked { .. }
            | Self::InTheWay { .. }
            | Self::Replaced { .. }
            | Self::AlreadyApplied
            | Self::Stopped(_)
            | Self::InvalidIndex { .. }
            | Self::NotBoolean { .. }
            | Self::NotResumed { .. }
            | Self::Unknown { .. } => return self.to_string(),
            Self::Function { source, .. } => return source.to_string(),
            _ => {}
        }
        let Some(said) = self.said() else { return self.to_string() };
        said.server().map_or_else(|| said.to_string(), |error| error.message().to_owned())
    }

    /// The same, where the connection was lost and the work cannot be resumed.
    pub(crate) fn not_resumed(self, why: String, help: Option<String>) -> Self {
        match self {
            Self::Statement { source, .. }
            | Self::Capture { source, .. }
            | Self::Leftover { source, .. }
            | Self::Commit(source)
            | Self::Cancelled(source)
            | Self::Record(source)
            | Self::LockLost(source)
            | Self::Connection(source) => {
                Self::NotResumed { why: why.into(), help: help.map(Into::into), source }
            }
            other => other,
        }
    }

    /// Returns the error of the server, or the network, if that is what failed.
    #[must_use]
    pub fn said(&self) -> Option<&ServerError> {
        match self {
            Self::Statement { source, .. } | Self::Capture { source, .. } => Some(source),
            Self::Commit(source)
            | Self::Leftover { source, .. }
            | Self::Cancelled(source)
            | Self::Record(source)
            | Self::LockLost(source)
            | Self::NotResumed { source, .. }
            | Self::Connection(source) => Some(source),
            Self::Locked { source, .. } | Self::InTheWay { source, .. } => source.as_ref(),
            Self::Function { .. }
            | Self::NotThere { .. }
            | Self::Replaced { .. }
            | Self::AlreadyApplied
            | Self::Stopped(_)
            | Self::InvalidIndex { .. }
            | Self::NotBoolean { .. }
            | Self::Unknown { .. } => None,
        }
    }
}
