//! What the journal keeps of a statement that is running.

use postgres::types::Oid;
use serde::{Deserialize, Serialize};

/// What was there before a statement, for the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// The process that runs the statement.
    pub(crate) pid: i32,
    /// Indexes that are not of its making.
    pub(crate) indexes: Vec<Oid>,
    /// The statement: its file may have another one in its place when somebody asks. Older
    /// versions kept nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) statement: Option<Box<Sent>>,
}

/// A statement that was about to run, and what its author said of it then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) sql: String,
    pub(crate) idempotent: bool,
    pub(crate) done_when: Option<String>,
    /// Whether it took back what an earlier one had done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) back: bool,
}
