//! The append-only log: what was done, by whom, and how it ended.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use migrate_dsl::{Direction, quote_literal as literal};
use postgres::types::Type;
use postgres::{Client, Row};
use serde::{Serialize, Serializer};

use super::columns::{Column, column, insert, select};
use super::{History, HistoryError};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    column("id", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    column("at", "timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp()"),
    column("action", "pg_catalog.text NOT NULL").or_lost("'lost'"),
    column("name", "pg_catalog.text NOT NULL").or_lost("''"),
    column("outcome", "pg_catalog.text NOT NULL").or_lost("'done'"),
    column("duration_ms", "bigint"),
    column("message", "pg_catalog.text"),
    column("role", "pg_catalog.text NOT NULL DEFAULT current_user"),
    column("actor", "pg_catalog.text NOT NULL").or_lost("''"),
    column("git_commit", "pg_catalog.text"),
    column("tool_version", "pg_catalog.text NOT NULL").or_lost("''"),
    column("checksum", "pg_catalog.text").since(2),
];

/// The column by which a log is known to have all of them.
#[cfg(feature = "backup")]
pub(super) fn newest_column() -> &'static str {
    COLUMNS.iter().max_by_key(|column| column.since).map_or("id", |column| column.name)
}

/// The actor, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Actor {
    /// The person and the machine: `ada@laptop`.
    pub name: String,
    /// The commit that is checked out, where there is one.
    pub git_commit: Option<String>,
    /// The version of the tool.
    pub tool_version: String,
}

impl Actor {
    /// An actor with this name and version of a tool; no commit.
    pub fn new(name: impl Into<String>, tool_version: impl Into<String>) -> Self {
        Self { name: name.into(), git_commit: None, tool_version: tool_version.into() }
    }

    /// The commit that is checked out.
    #[must_use]
    pub fn git_commit(self, git_commit: Option<String>) -> Self {
        Self { git_commit, ..self }
    }
}

/// What the log says was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A migration was applied.
    Up,
    /// A migration was reverted.
    Down,
    /// A migration was recorded without being run.
    MarkApplied,
    /// A record was removed without anything being reverted.
    MarkPending,
    /// A file that has changed was accepted as being as good as what was applied.
    Accept,
    /// The database was protected.
    Protect,
    /// The database is no longer protected.
    Unprotect,
    /// The database was backed up.
    Backup,
    /// The database was restored from a backup.
    Restore,
    /// The tables of the history were brought up to date.
    Upgrade,
    /// What a newer version of this tool calls so.
    Unknown(String),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was tried, and failed.
    Failed,
}

impl Action {
    /// The word in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::MarkApplied => "mark applied",
            Self::MarkPending => "mark pending",
            Self::Accept => "accept",
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Upgrade => "upgrade",
            Self::Unknown(word) => word,
        }
    }

    pub(crate) fn of(word: String) -> Self {
        let known = [
            Self::Up,
            Self::Down,
            Self::MarkApplied,
            Self::MarkPending,
            Self::Accept,
            Self::Protect,
            Self::Unprotect,
            Self::Backup,
            Self::Restore,
            Self::Upgrade,
        ];
        known.into_iter().find(|known| known.as_str() == word).unwrap_or(Self::Unknown(word))
    }
}

impl From<Direction> for Action {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Up,
            Direction::Down => Self::Down,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Outcome {
    /// The word in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = [Self::Done, Self::Failed].into_iter().find(|known| known.as_str() == word);
        known.ok_or_else(|| format!("invalid outcome `{word}`"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A line to be written to the log.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    action: Action,
    /// The migration; of what concerns the whole database, what that is called.
    name: &'a str,
    /// SQL for milliseconds.
    duration: &'a str,
    outcome: Outcome,
    message: Option<&'a str>,
    checksum: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// Something that was done.
    pub(crate) fn done(action: Action, name: &'a str) -> Self {
        Self {
            action,
            name,
            duration: "NULL",
            outcome: Outcome::Done,
            message: None,
            checksum: None,
        }
    }

    /// Something that failed, and why.
    pub(crate) fn failed(action: Action, name: &'a str, why: &'a str) -> Self {
        Self { outcome: Outcome::Failed, ..Self::done(action, name) }.message(why)
    }

    /// Sets how long it took, as SQL for milliseconds.
    pub(crate) fn took(self, duration: &'a str) -> Self {
        Self { duration, ..self }
    }

    /// Sets the message: anything else to be known.
    pub(crate) fn message(self, message: &'a str) -> Self {
        Self { message: Some(message), ..self }
    }

    /// That of what was recorded in the history: what is changed there later is found out.
    pub(crate) fn checksum(self, checksum: &'a str) -> Self {
        Self { checksum: Some(checksum), ..self }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// Counts.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: Action,
    /// The migration; of what concerns the whole database, what that is called.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Who did it: `ada`.
    pub who: String,
    /// On which machine.
    pub host: Option<String>,
    /// As which role of the database.
    pub role: String,
    /// The commit that was checked out.
    pub git_commit: Option<String>,
    /// The version of the tool.
    pub tool_version: String,
    /// Of what was recorded in the history.
    pub checksum: Option<String>,
    /// Why it failed, or what else is to be known.
    pub message: Option<String>,
}

impl LogEntry {
    /// An entry for something that was done, without an actor, at the beginning of
    /// [Unix time](DateTime::UNIX_EPOCH).
    pub fn done(action: Action, name: impl Into<String>) -> Self {
        Self {
            id: 1,
            at: DateTime::UNIX_EPOCH,
            action,
            name: name.into(),
            outcome: Outcome::Done,
            duration_ms: None,
            who: String::new(),
            host: None,
            role: String::new(),
            git_commit: None,
            tool_version: String::new(),
            checksum: None,
            message: None,
        }
    }

    fn read(row: &Row) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let actor: String = row.try_get("actor")?;
        let (who, host) = match actor.rsplit_once('@') {
            Some((who, host)) => (who.to_owned(), Some(host.to_owned())),
            None => (actor, None),
        };
        Ok(Self {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            action: Action::of(row.try_get("action")?),
            name: row.try_get("name")?,
            outcome: row.try_get::<_, &str>("outcome")?.parse()?,
            duration_ms: row.try_get("duration_ms")?,
            who,
            host,
            role: row.try_get("role")?,
            git_commit: row.try_get("git_commit")?,
            tool_version: row.try_get("tool_version")?,
            checksum: row.try_get("checksum")?,
            message: row.try_get("message")?,
        })
    }

    /// Whether it was done, and not merely tried.
    #[must_use]
    pub(crate) fn is_done(&self) -> bool {
        self.outcome == Outcome::Done
    }
}

/// What to read of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// At most so many lines, the newest ones.
    pub count: Option<usize>,
    /// Only those of this migration.
    pub name: Option<String>,
}

impl History {
    /// Adds a line to the log.
    pub(crate) fn log(&self, actor: &Actor, line: Line<'_>) -> String {
        self.log_of_version(usize::MAX, actor, line)
    }

    /// Adds a line to a log that an older version of this tool may have made: without what that has no
    /// columns for.
    pub(crate) fn log_of_version(&self, version: usize, actor: &Actor, line: Line<'_>) -> String {
        let optional = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), literal);
        let mut values = vec![
            ("action", literal(line.action.as_str())),
            ("name", literal(line.name)),
            ("outcome", literal(line.outcome.as_str())),
            ("duration_ms", line.duration.to_owned()),
            ("message", optional(line.message)),
            ("actor", literal(&actor.name)),
            ("git_commit", optional(actor.git_commit.as_deref())),
            ("tool_version", literal(&actor.tool_version)),
            ("checksum", optional(line.checksum)),
        ];
        let has = |name| COLUMNS.iter().any(|it| it.name == name && it.since <= version);
        values.retain(|(name, _)| has(*name));
        insert(&self.log_table(), &values)
    }

    /// Lines of the log, the newest first.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn log_entries(
        &self,
        client: &mut Client,
        query: &LogQuery,
    ) -> Result<Vec<LogEntry>, HistoryError> {
        // Migrations that failed together share a line.
        let sql = select(&self.log_table(), COLUMNS, |_| true)
            + " WHERE $1::text IS NULL OR $1 = ANY (pg_catalog.string_to_array(name, ', ')) \
               ORDER BY at DESC, id DESC LIMIT $2";
        let count = query.count.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        self.read_log(&client.query(&sql, &[&query.name, &count])?)
    }

    /// Returns what was done to those of these migrations that have no row, and the restores in
    /// between, latest line first. This is a single statement, so that the commit of a concurrent runner
    /// is seen in both the log and the history or in neither.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn log_without_rows(
        &self,
        client: &mut Client,
        names: &[&str],
    ) -> Result<Vec<LogEntry>, HistoryError> {
        let sql = format!(
            "{} WHERE outcome = 'done' AND (action = 'restore' OR name = ANY ($1) AND NOT EXISTS \
             (SELECT FROM {} AS h WHERE h.name = t.name)) ORDER BY id DESC",
            select(&self.log_table(), COLUMNS, |_| true),
            self.table().quoted(),
        );
        self.read_log(&client.query_typed(&sql, &[(&names, Type::TEXT_ARRAY)])?)
    }

    fn read_log(&self, rows: &[Row]) -> Result<Vec<LogEntry>, HistoryError> {
        let entries = rows.iter().map(|row| {
            let id: i64 = row.try_get("id")?;
            LogEntry::read(row).map_err(|source| HistoryError::Damaged {
                row: format!("line {id} of `{}`", self.log_table()),
                source,
            })
        });
        entries.collect()
    }

    /// The names that the log knows.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub fn logged_names(&self, client: &mut Client) -> Result<Vec<String>, HistoryError> {
        let sql = format!(
            "SELECT DISTINCT pg_catalog.unnest(pg_catalog.string_to_array(name, ', ')) FROM {}",
            self.log_table().quoted()
        );
        client.query(&sql, &[])?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
