//! What the database records: which migrations it has, what was done and by whom.
//!
//! Four tables, created together on first use: the history that users look at, an append-only
//! log, a journal of migrations that cannot share one transaction with their history row, and
//! settings: which version these tables have, and whether the database is protected. Everything
//! that changes them is SQL made here, so that the engine can send it in the same message, and the
//! same transaction, as the migration itself.

#[cfg(feature = "backup")]
mod carry;
mod columns;
mod completeness;
mod error;
mod find;
pub(crate) mod inverse;
mod journal;
mod log;
mod row;
mod schema;
mod settings;
mod summary;
mod trust;
mod upgrade;

#[cfg(feature = "backup")]
pub(crate) use carry::{logs, protect_as_before};
pub(crate) use error::remedies_of_removed;
pub use error::{HistoryError, RemovedRow, UntrustedObject};
pub use find::HistorySummary;
pub use journal::Unfinished;
pub(crate) use journal::{InFlight, SentStatement};
pub(crate) use log::Line;
pub use log::{Action, Actor, LogEntry, LogQuery, Outcome};
pub use row::Applied;
pub(crate) use row::{StoredRow, TRANSACTION_MS};
pub(crate) use settings::protections;
pub use settings::{Allowed, Settings};

use migrate_dsl::{Identifier, Name};

/// The tables in which a database remembers its migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    schema: Identifier,
    table: Name,
}

impl Default for History {
    fn default() -> Self {
        Self::new("public", "migrations")
    }
}

impl History {
    /// The history in this schema and table; the others stand beside it.
    pub fn new(schema: impl Into<Identifier>, table: impl Into<Identifier>) -> Self {
        let schema = schema.into();
        Self { table: Name::from((&schema, table.into())), schema }
    }

    /// The history table.
    #[must_use]
    pub fn table(&self) -> &Name {
        &self.table
    }

    /// The append-only log.
    #[must_use]
    pub(crate) fn log_table(&self) -> Name {
        self.beside("log")
    }

    /// The journal of what is partially applied.
    #[must_use]
    pub(crate) fn journal_table(&self) -> Name {
        self.beside("journal")
    }

    /// Returns the table of what holds for this database: the version of these tables, its protection.
    #[must_use]
    pub(crate) fn settings_table(&self) -> Name {
        self.beside("settings")
    }

    /// The function by which the log is only added to.
    fn log_function(&self) -> Name {
        self.beside("log_kept")
    }

    /// All of its tables.
    pub(crate) fn all_tables(&self) -> [Name; 4] {
        [self.table.clone(), self.log_table(), self.journal_table(), self.settings_table()]
    }

    fn beside(&self, what: &str) -> Name {
        self.table.sibling(format!("{}_{what}", self.table.name))
    }
}
