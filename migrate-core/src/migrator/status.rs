//! Looking.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Migrator;
use crate::order::{State, entries};
use crate::{Error, Session};

/// Every migration that the files or the database know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In the order of their names.
    pub migrations: Vec<StatusEntry>,
    /// The name under which the database is protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<String>,
}

/// A migration, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusEntry {
    /// Timestamp and words.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// When it was applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// How long that took, in milliseconds.
    pub execution_time_ms: Option<i64>,
    /// Of what was applied, or would be.
    pub checksum: Option<String>,
}

impl Status {
    /// Whether the database is where the files say it should be.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.migrations.iter().all(|entry| entry.state == State::Applied)
    }
}

impl Migrator {
    /// Where every migration stands. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn status(&self, session: &mut Session) -> Result<Status, Error> {
        let known = self.known(session.client())?.unwrap_or_default();
        let entries = entries(&self.plan, &known.applied, &known.unfinished);
        let migrations = entries.into_iter().map(|entry| StatusEntry {
            name: entry.name.to_owned(),
            state: entry.state,
            applied_at: entry.applied.map(|row| row.applied_at),
            execution_time_ms: entry.applied.map(|row| row.execution_time_ms),
            checksum: entry
                .applied
                .map(|row| row.checksum.clone())
                .or_else(|| entry.planned.map(crate::plan::Migration::checksum)),
        });
        Ok(Status { migrations: migrations.collect(), protected: known.protected })
    }
}
