//! The journal: how far a migration has come that cannot share one transaction with its history row.

use std::error::Error;

use chrono::{DateTime, Utc};
use migrate_dsl::{Direction, quote_literal as literal};
use postgres::types::Oid;
use postgres::{Client, Row};
use serde::{Deserialize, Serialize};

use super::columns::{Column, column, insert, select};
use super::inverse::{Captured, CapturedInverse};
use super::{History, HistoryError};
use crate::plan::{Step, checksum_of_first};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    column("name", "pg_catalog.text PRIMARY KEY"),
    column("direction", "pg_catalog.text NOT NULL"),
    column("checksum", "pg_catalog.text NOT NULL"),
    column("statements_done", "integer NOT NULL"),
    column("running", "boolean NOT NULL"),
    column("captured", "pg_catalog.jsonb NOT NULL"),
    column("started_at", "timestamp with time zone NOT NULL DEFAULT pg_catalog.clock_timestamp()"),
    column("noted", "pg_catalog.jsonb").since(3),
];

/// What was there before a statement, for the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InFlight {
    /// The process that runs the statement.
    pub(crate) pid: i32,
    /// Indexes that are not of its making.
    pub(crate) indexes: Vec<Oid>,
    /// The statement: its file may contain another one in its place by the time it is needed. Older
    /// versions did not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) statement: Option<Box<SentStatement>>,
}

/// A statement that was about to run, and what its author said of it then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentStatement {
    pub(crate) sql: String,
    pub(crate) idempotent: bool,
    pub(crate) done_when: Option<String>,
    /// Whether it reverted what an earlier one had done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) back: bool,
}

/// A partially applied migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Timestamp and words.
    pub name: String,
    /// In which direction.
    pub direction: Direction,
    /// Of the statements that are done.
    pub checksum: String,
    /// How many of its statements are done for good.
    pub statements_done: usize,
    /// Whether the statement after them was started, and its end is not known.
    pub running: bool,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// What was there before the statement that was started.
    pub(crate) noted: Option<InFlight>,
    /// What is known of the inverse of the steps that are done.
    pub(crate) captured: Captured,
}

impl Unfinished {
    /// Whether these are the steps that it was running: what is done of it is what they begin
    /// with.
    pub(crate) fn fits(&self, steps: &[Step]) -> bool {
        checksum_of_first(steps, self.statements_done) == self.checksum
    }
}

impl Unfinished {
    fn read(row: &Row, name: String) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let done: i32 = row.try_get("statements_done")?;
        let noted: Option<&str> = row.try_get("noted")?;
        let mut captured: Captured = serde_json::from_str(row.try_get("captured")?)?;
        captured.values_mut().for_each(CapturedInverse::drop_internal_options);
        Ok(Self {
            name,
            captured,
            noted: noted.map(serde_json::from_str).transpose()?,
            direction: row.try_get::<_, &str>("direction")?.parse()?,
            checksum: row.try_get("checksum")?,
            statements_done: usize::try_from(done).unwrap_or_default(),
            running: row.try_get("running")?,
            started_at: row.try_get("started_at")?,
        })
    }
}

impl History {
    /// The partially applied migrations.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn unfinished(&self, client: &mut Client) -> Result<Vec<Unfinished>, HistoryError> {
        let sql = select(&self.journal_table(), COLUMNS, |_| true) + " ORDER BY name";
        let rows = client.query_typed(&sql, &[])?;
        let unfinished = rows.iter().map(|row| {
            let name: String = row.try_get("name")?;
            Unfinished::read(row, name.clone())
                .map_err(|error| HistoryError::damaged(&self.journal_table(), &name, error))
        });
        unfinished.collect()
    }

    /// Notes how far a migration has come: `done` statements for good, and what was there before the
    /// next one, if that is about to run.
    pub(crate) fn journal(
        &self,
        name: &str,
        direction: Direction,
        checksum: &str,
        done: usize,
        noted: Option<&InFlight>,
        captured: &Captured,
    ) -> String {
        let change = [
            ("checksum", literal(checksum)),
            ("statements_done", done.to_string()),
            ("running", noted.is_some().to_string()),
            ("captured", literal(&serde_json::to_string(captured).unwrap_or_default())),
        ];
        let kept = [("name", literal(name)), ("direction", literal(direction.as_str()))];
        let noted = noted.map(|noted| serde_json::to_string(noted).unwrap_or_default());
        let noted = noted.map_or_else(|| "NULL".to_owned(), |noted| literal(&noted));
        let changed = change.iter().map(|(name, _)| *name).chain(["noted"]);
        let changed: Vec<_> = changed.map(|name| format!("{name} = excluded.{name}")).collect();
        let values: Vec<_> = kept.into_iter().chain(change).chain([("noted", noted)]).collect();
        format!(
            "{} ON CONFLICT (name) DO UPDATE SET {}",
            insert(&self.journal_table(), &values),
            changed.join(", "),
        )
    }

    /// The milliseconds since a migration's first journal entry, as SQL.
    pub(crate) fn since_journaled(&self, name: &str) -> String {
        format!(
            "coalesce((SELECT (extract(epoch FROM pg_catalog.clock_timestamp() - started_at) * 1000)::bigint \
             FROM {} WHERE name = {}), 0)",
            self.journal_table().quoted(),
            literal(name),
        )
    }

    /// Forgets how far a migration had come: it is done, or nothing of it is.
    pub(crate) fn journal_end(&self, name: &str) -> String {
        format!("DELETE FROM {} WHERE name = {}", self.journal_table().quoted(), literal(name))
    }
}
