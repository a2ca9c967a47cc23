//! What the server, or the network, said of what failed.

use std::error::Error as _;

use postgres::error::{DbError, SqlState};
use thiserror::Error;

use crate::plan::Statement;

/// What a server says before it ends a session, or all of them.
const LAST_WORDS: [SqlState; 4] = [
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
];

/// Whether this is the end of a connection, see [`Failure::is_cut_by`](super::Failure::is_cut_by).
pub(super) fn is_cut_by(error: &postgres::Error) -> bool {
    match (error.code(), error.source()) {
        (Some(code), _) => LAST_WORDS.contains(code),
        (None, Some(source)) => error.is_closed() || source.is::<std::io::Error>(),
        (None, None) => true,
    }
}

/// What the server, or the network, said.
#[derive(Debug, Error)]
pub enum ServerError {
    /// All of it.
    #[error(transparent)]
    InFull(#[from] postgres::Error),
    /// Of statements that carry secrets, the code alone: the words may repeat a part of a secret,
    /// or all of it, in some spelling.
    #[error("{}, and its words are kept back: they may repeat a secret", condition(.0))]
    Code(SqlState),
    /// What the engine itself found.
    #[error("{0}")]
    Words(Box<str>),
}

impl ServerError {
    /// Returns the error of these statements.
    pub(crate) fn of<'a>(
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
            Self::Words(_) => None,
        }
    }

    /// Whether this is the end of a connection.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            Self::InFull(error) => is_cut_by(error),
            Self::Code(code) => LAST_WORDS.contains(code),
            Self::Words(_) => false,
        }
    }

    /// The server's words, if it was the server that spoke and they can be shown.
    #[must_use]
    pub fn server(&self) -> Option<&DbError> {
        match self {
            Self::InFull(error) => error.as_db_error(),
            Self::Code(_) | Self::Words(_) => None,
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

/// Whether a lock of another session was the reason.
pub(crate) fn is_lock(code: &SqlState) -> bool {
    [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
}
