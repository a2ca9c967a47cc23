//! What the engine tells while it works.

mod backup;
mod duration;
mod holder;

use std::path::PathBuf;
use std::time::Duration;

pub use backup::Backup;
pub use holder::{Class, Holder, LockHolder};
pub use migrate_dsl::Direction;
use serde::Serialize;

/// Something that happened; the caller decides how to show it.
///
/// Serialized, it is what `--json` prints of it: its name in `snake_case` as `event`, and its fields beside
/// that; spans of time are milliseconds.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Another runner has the lock, and is waited for.
    #[serde(rename = "waiting")]
    WaitingForRunner {
        /// Who.
        holder: Option<Holder>,
        /// For how long at most.
        #[serde(rename = "timeout_ms", serialize_with = "duration::milliseconds")]
        patience: Duration,
    },
    /// Another session has a lock that is required, or a snapshot that a build would wait for.
    WaitingForLock {
        /// Who.
        holders: Vec<LockHolder>,
        /// For how long they are waited for at most.
        #[serde(rename = "timeout_ms", serialize_with = "duration::milliseconds")]
        patience: Duration,
    },
    /// Another session has locked the history, and is waited for.
    WaitingForHistory {
        /// The table.
        table: String,
        /// Who.
        holders: Vec<LockHolder>,
        /// For how long they are waited for at most.
        #[serde(rename = "timeout_ms", serialize_with = "duration::milliseconds")]
        patience: Duration,
    },
    /// A lock is required on tables that are used by many sessions, each for a moment.
    WaitingForTraffic {
        /// The tables.
        tables: Vec<String>,
        /// For how long it is tried at most.
        #[serde(rename = "timeout_ms", serialize_with = "duration::milliseconds")]
        patience: Duration,
    },
    /// A statement outside a transaction has begun, and waits for these for as long as they take.
    WaitingForOthers {
        /// Who.
        holders: Vec<LockHolder>,
    },
    /// A build is about to begin, and may wait for these for as long as their transactions take:
    /// this role may not see whether they hold a snapshot, so that
    /// [`Limits::lock_wait`](crate::limits::Limits::lock_wait) does not hold.
    MayWaitFor {
        /// Who.
        holders: Vec<LockHolder>,
    },
    /// There is no second connection that sees who waits behind a statement: until there is one,
    /// [`Limits::blocking`](crate::limits::Limits::blocking) does not hold.
    Unwatched {
        /// Why there is none.
        why: String,
    },
    /// The connection was cut; another one is made.
    ConnectionLost {
        /// The migration that was at work.
        name: String,
    },
    /// There is a connection again.
    Reconnected {
        /// The migration that was at work.
        name: String,
        /// Whether it turned out to be done and recorded.
        recorded: bool,
    },
    /// There is none: what failed first is what the command ends with.
    NotReconnected {
        /// The migration that was at work.
        name: String,
        /// Why there is none.
        why: String,
    },
    /// The connection was lost after the same time without traffic as before.
    IdleTimeout {
        /// After which time.
        #[serde(rename = "after_ms", serialize_with = "duration::milliseconds")]
        after: Duration,
    },
    /// What is committed waits for a synchronous standby to confirm it.
    WaitingForStandby {
        /// The process that waits.
        pid: i32,
    },
    /// How a build gets on.
    Progress {
        /// What it is at, as the server says it.
        phase: String,
        /// How much of that is done.
        done: u64,
        /// How much there is; 0 where that is not known.
        of: u64,
        /// The process that it waits for.
        waits_for: Option<i32>,
    },
    /// The history was not there and has been created.
    HistoryCreated {
        /// The table.
        table: String,
    },
    /// The history was of an older version of this tool and has been brought up to date.
    HistoryUpgraded {
        /// The table.
        table: String,
    },
    /// A backup is being made, read again or restored.
    BackupProgress {
        /// What is at hand, such as a table.
        what: String,
    },
    /// The database has been backed up.
    BackedUp(Backup),
    /// Old backups have been removed.
    #[serde(rename = "removed")]
    Pruned {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// Files and database do not tell the same of what is applied; nothing is done about it.
    Drifted {
        /// Applied migrations whose file says something else by now.
        changed: Vec<String>,
        /// Applied migrations without a file.
        missing: Vec<String>,
    },
    /// Something that an extension keeps of tables, or the content of what raw SQL dropped, is not
    /// restored by what begins now, or by the inverse of what is applied now.
    NotRestored {
        /// The migration, or the database.
        name: String,
        /// What that is, in a line.
        message: String,
        /// All of it.
        objects: Vec<String>,
    },
    /// Files and database part here: what was applied from there on is reverted.
    Parted {
        /// The first that does not stay.
        name: String,
        /// Why.
        #[serde(flatten)]
        why: Parting,
    },
    /// A migration starts.
    Started {
        /// Which.
        name: String,
        /// `up` or `down`.
        direction: Direction,
        /// Of how many statements.
        statements: usize,
    },
    /// A migration goes on where it had stopped.
    Resumed {
        /// Which.
        name: String,
        /// How many of its statements were done before.
        #[serde(rename = "statements_done")]
        done: usize,
    },
    /// A statement outside a transaction starts.
    Statement {
        /// What it does.
        summary: String,
    },
    /// The server has something to say.
    Notice {
        /// Its severity, as the server writes it.
        severity: String,
        /// The text.
        message: String,
    },
    /// A migration is done and recorded.
    Finished {
        /// Which.
        name: String,
        /// `up` or `down`.
        direction: Direction,
        /// How long it took.
        #[serde(rename = "execution_time_ms", serialize_with = "duration::milliseconds")]
        duration: Duration,
        /// Why it cannot be reverted, where it cannot.
        irreversible: Option<String>,
        /// What is not restored when it is reverted, such as rows.
        lost: Vec<String>,
    },
}

/// Why an applied migration does not stay when the database becomes what the files describe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Parting {
    /// It has no file.
    Missing,
    /// Its file says something else by now.
    Changed,
    /// It was being reverted.
    #[serde(rename = "partial")]
    PartiallyReverted,
    /// It is newer than one that is not applied.
    Late {
        /// Of what is late, the older one that is not applied.
        older: String,
    },
}

/// Listens to the engine at work.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event)> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}
