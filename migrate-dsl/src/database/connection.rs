//! What carries a function's statements to the server.

use super::{DatabaseError, Value};

/// How many bytes a statement with its values, or the rows of an answer, may have.
pub const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// Carries the statements of a function to the server and its answers back: the engine itself, or a
/// pipe to it.
pub trait Connection {
    /// Sends one request and waits for the answer.
    ///
    /// # Errors
    ///
    /// When the server refuses, or cannot be asked any more.
    fn send(&mut self, request: Request) -> Result<Reply, DatabaseError>;
}

/// What a function asks of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// To run one statement.
    Query {
        /// The statement, with `$1`, `$2`, … for values.
        sql: String,
        /// The values.
        values: Vec<Value>,
        /// Whether its rows are wanted.
        rows: bool,
    },
    /// To run several statements without values.
    Batch {
        /// The statements.
        sql: String,
    },
    /// To draw a line to which to fall back.
    Begin,
    /// To keep what was done since that line.
    Commit,
    /// To undo what was done since that line.
    Rollback,
}

impl Request {
    /// How many bytes it has, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Query { sql, values, .. } => {
                sql.len() + values.iter().map(Value::size).sum::<usize>()
            }
            Self::Batch { sql } => sql.len(),
            Self::Begin | Self::Commit | Self::Rollback => 0,
        }
    }
}

/// The server's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// How many rows the statement was about.
    pub affected: u64,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, if they were wanted.
    pub rows: Vec<Vec<Value>>,
}
