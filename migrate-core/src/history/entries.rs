//! The history, read.

use std::error::Error;

use chrono::{DateTime, Utc};
use postgres::{Client, Row};

use super::journal::Noted;
use super::{History, HistoryError};
use crate::history::inverse::{Captured, CapturedInverse, Stored, StoredError, WayBack};
use crate::plan::{Step, checksum_of_first};
use migrate_dsl::Direction;

/// A migration that the database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Counts in the order of applying.
    pub id: i32,
    /// Timestamp and words.
    pub name: String,
    /// When it was applied.
    pub applied_at: DateTime<Utc>,
    /// How long that took, in milliseconds: from its first start to its end, so that of one that was
    /// resumed the time between is in it.
    pub execution_time_ms: i64,
    /// Of what was applied, see [`Migration::checksum`](crate::plan::Migration::checksum).
    pub checksum: String,
    /// Of the source at that time.
    pub source_digest: String,
    /// The version of `migrate-dsl` that rendered it.
    pub generator: String,
}

/// A migration that stopped half way.
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
    pub(crate) noted: Option<Noted>,
    /// What is known of the way back of the steps that are done.
    pub(crate) captured: Captured,
}

impl Unfinished {
    /// Whether these are the steps that it was running: what is done of it is what they begin
    /// with.
    pub(crate) fn fits(&self, steps: &[Step]) -> bool {
        checksum_of_first(steps, self.statements_done) == self.checksum
    }
}

/// What the history keeps of a migration besides, as text that may not be what it should be.
pub(crate) struct StoredRow {
    pub(crate) name: String,
    up: String,
    down: String,
}

impl StoredRow {
    /// The steps that were applied.
    pub(crate) fn up(&self) -> Result<Vec<Step>, serde_json::Error> {
        serde_json::from_str(&self.up)
    }

    /// The way back.
    pub(crate) fn down(&self) -> Result<WayBack, StoredError> {
        Ok(Stored::read(&self.down)?.inverse())
    }
}

impl History {
    /// All that the history keeps of the migrations, in the order of applying.
    pub(crate) fn stored(&self, client: &mut Client) -> Result<Vec<StoredRow>, HistoryError> {
        let table = self.table.quoted();
        let sql = format!("SELECT name, up::text, down::text FROM {table} ORDER BY id");
        let rows = client.query(&sql, &[])?;
        let stored = rows.iter().map(|row| {
            Ok(StoredRow { name: row.try_get(0)?, up: row.try_get(1)?, down: row.try_get(2)? })
        });
        stored.collect()
    }

    /// Whether a row has a higher number than the counter has given, where this role may know.
    pub(crate) fn counter_is_behind(&self, client: &mut Client) -> Result<bool, HistoryError> {
        let table = self.table.quoted();
        let sql = format!(
            "SELECT coalesce(max(id) > pg_catalog.pg_sequence_last_value( \
             pg_catalog.pg_get_serial_sequence($1, 'id')::pg_catalog.regclass), false) FROM {table}"
        );
        Ok(client.query_one(&sql, &[&table])?.try_get(0)?)
    }

    /// The migrations that the database has, in the order of applying.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub fn applied(&self, client: &mut Client) -> Result<Vec<Applied>, HistoryError> {
        let sql = format!(
            "SELECT id, name, applied_at, execution_time_ms, checksum, source_digest, generator \
             FROM {} ORDER BY id",
            self.table.quoted()
        );
        let rows = client.query(&sql, &[])?;
        let read = |row: &Row, name: String| {
            Ok(Applied {
                id: row.try_get(0)?,
                name,
                applied_at: row.try_get(2)?,
                execution_time_ms: row.try_get(3)?,
                checksum: row.try_get(4)?,
                source_digest: row.try_get(5)?,
                generator: row.try_get(6)?,
            })
        };
        let applied = rows.iter().map(|row| {
            let name: String = row.try_get(1)?;
            read(row, name.clone())
                .map_err(|error: postgres::Error| HistoryError::damaged(&self.table, &name, error))
        });
        applied.collect()
    }

    /// Whether the database has this migration.
    pub(crate) fn has(&self, client: &mut Client, name: &str) -> Result<bool, postgres::Error> {
        let sql = format!("SELECT FROM {} WHERE name = $1", self.table.quoted());
        Ok(client.query_opt(&sql, &[&name])?.is_some())
    }

    /// How an applied migration comes back, as it was stored when it was applied.
    ///
    /// # Errors
    ///
    /// When the row cannot be read.
    pub fn way_back(&self, client: &mut Client, name: &str) -> Result<WayBack, HistoryError> {
        Ok(self.stored_inverse(client, name)?.inverse())
    }

    /// The same as it is kept, with what was read from the catalog.
    pub(crate) fn stored_inverse(
        &self,
        client: &mut Client,
        name: &str,
    ) -> Result<Stored, HistoryError> {
        let sql = format!("SELECT down::text FROM {} WHERE name = $1", self.table.quoted());
        let text: String = client.query_one(&sql, &[&name])?.try_get(0)?;
        Stored::read(&text).map_err(|error| match error {
            StoredError::Format { found } => {
                HistoryError::NewerInverse { name: name.to_owned(), found }
            }
            StoredError::Json(source) => HistoryError::damaged(&self.table, name, source),
        })
    }

    /// The migrations that stopped half way.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub fn unfinished(&self, client: &mut Client) -> Result<Vec<Unfinished>, HistoryError> {
        let sql = format!(
            "SELECT name, direction, checksum, statements_done, running, started_at, captured::text, \
             to_jsonb(journal) ->> 'noted' FROM {} AS journal ORDER BY name",
            self.journal_table().quoted()
        );
        let rows = client.query(&sql, &[])?;
        let read = |row: &Row, name: String| -> Result<Unfinished, Box<dyn Error + Send + Sync>> {
            let done: i32 = row.try_get(3)?;
            let captured: &str = row.try_get(6)?;
            let noted: Option<&str> = row.try_get(7)?;
            let noted = noted.map(serde_json::from_str).transpose()?;
            let mut captured: Captured = serde_json::from_str(captured)?;
            captured.values_mut().for_each(CapturedInverse::drop_internal_options);
            Ok(Unfinished {
                name,
                captured,
                noted,
                direction: row.try_get::<_, &str>(1)?.parse()?,
                checksum: row.try_get(2)?,
                statements_done: usize::try_from(done).unwrap_or_default(),
                running: row.try_get(4)?,
                started_at: row.try_get(5)?,
            })
        };
        let unfinished = rows.iter().map(|row| {
            let name: String = row.try_get(0)?;
            read(row, name.clone())
                .map_err(|error| HistoryError::damaged(&self.journal_table(), &name, error))
        });
        unfinished.collect()
    }
}
