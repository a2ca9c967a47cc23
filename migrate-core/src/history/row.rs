//! A row of the history: a migration that the database has.

use chrono::{DateTime, Utc};
use migrate_dsl::quote_literal as literal;
use postgres::{Client, Row};
use serde::Serialize;

use super::columns::{Column, column, insert, select, short};
use super::inverse::{Captured, Stored, StoredError, StoredInverse};
use super::{History, HistoryError};
use crate::plan::{Checksum as _, Migration, Step};

/// The columns, in the order that is useful to a reader.
pub(super) const COLUMNS: &[Column] = &[
    column("id", "integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    column("name", "pg_catalog.text NOT NULL UNIQUE"),
    column("applied_at", "timestamp with time zone NOT NULL"),
    column("execution_time_ms", "bigint NOT NULL"),
    column("checksum", "pg_catalog.text NOT NULL"),
    column("source_digest", "pg_catalog.text NOT NULL"),
    column("generator", "pg_catalog.text NOT NULL"),
    column("up", "pg_catalog.jsonb NOT NULL"),
    column("down", "pg_catalog.jsonb NOT NULL"),
];

/// How long the running transaction has taken, in milliseconds, counted by the server.
pub(crate) const TRANSACTION_MS: &str =
    "(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000)::bigint";

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

impl Applied {
    fn read(row: &Row, name: String) -> Result<Self, postgres::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name,
            applied_at: row.try_get("applied_at")?,
            execution_time_ms: row.try_get("execution_time_ms")?,
            checksum: row.try_get("checksum")?,
            source_digest: row.try_get("source_digest")?,
            generator: row.try_get("generator")?,
        })
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

    /// The inverse.
    pub(crate) fn down(&self) -> Result<StoredInverse, StoredError> {
        Ok(Stored::read(&self.down)?.inverse())
    }
}

/// Returns what the history stores of the contents of a file, as SQL by column.
fn recorded(migration: &Migration, generator: &str) -> Vec<(&'static str, String)> {
    vec![
        ("checksum", literal(&migration.checksum())),
        ("source_digest", literal(&migration.source_digest)),
        ("generator", literal(generator)),
        ("up", json(&migration.up)),
    ]
}

fn json(value: &impl Serialize) -> String {
    literal(&serde_json::to_string(value).unwrap_or_default())
}

impl History {
    /// The migrations that the database has, in the order of applying.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub fn applied(&self, client: &mut Client) -> Result<Vec<Applied>, HistoryError> {
        let sql = select(&self.table, COLUMNS, short) + " ORDER BY id";
        let rows = client.query_typed(&sql, &[])?;
        let applied = rows.iter().map(|row| {
            let name: String = row.try_get("name")?;
            Applied::read(row, name.clone())
                .map_err(|error| HistoryError::damaged(&self.table, &name, error))
        });
        applied.collect()
    }

    /// All that the history keeps of the migrations, in the order of applying.
    pub(crate) fn stored(&self, client: &mut Client) -> Result<Vec<StoredRow>, HistoryError> {
        let is_asked = |column: &Column| matches!(column.name, "name" | "up" | "down");
        let sql = select(&self.table, COLUMNS, is_asked) + " ORDER BY id";
        let rows = client.query_typed(&sql, &[])?;
        let stored = rows.iter().map(|row| {
            Ok(StoredRow {
                name: row.try_get("name")?,
                up: row.try_get("up")?,
                down: row.try_get("down")?,
            })
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

    /// Whether the database has this migration.
    pub(crate) fn has(&self, client: &mut Client, name: &str) -> Result<bool, HistoryError> {
        let sql = format!("SELECT FROM {} WHERE name = $1", self.table.quoted());
        Ok(client.query_opt(&sql, &[&name])?.is_some())
    }

    /// Returns how an applied migration is reverted, as it was stored when it was applied.
    ///
    /// # Errors
    ///
    /// When the row cannot be read.
    pub fn inverse(&self, client: &mut Client, name: &str) -> Result<StoredInverse, HistoryError> {
        Ok(self.stored_inverse(client, name)?.inverse())
    }

    /// Returns the same in its stored form, with what was read from the catalog.
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

    /// Records a migration as applied; `duration` is SQL for milliseconds.
    pub(crate) fn insert(
        &self,
        migration: &Migration,
        generator: &str,
        duration: &str,
        inverse: StoredInverse,
        captured: &Captured,
    ) -> String {
        let stored = Stored::new(migration, inverse, captured);
        let mut values = recorded(migration, generator);
        values.extend([
            ("name", literal(&migration.name)),
            ("applied_at", "pg_catalog.clock_timestamp()".to_owned()),
            ("execution_time_ms", duration.to_owned()),
            ("down", json(&stored)),
        ]);
        insert(&self.table, &values)
    }

    /// Makes what the files say now the record of a migration; without an inverse, the stored one
    /// stays.
    pub(crate) fn replace(
        &self,
        migration: &Migration,
        generator: &str,
        inverse: Option<StoredInverse>,
    ) -> String {
        let mut values = recorded(migration, generator);
        let stored = inverse.map(|inverse| Stored::new(migration, inverse, &Captured::new()));
        values.extend(stored.map(|stored| ("down", json(&stored))));
        let values: Vec<_> = values.iter().map(|(name, sql)| format!("{name} = {sql}")).collect();
        format!(
            "UPDATE {} SET {} WHERE name = {}",
            self.table.quoted(),
            values.join(", "),
            literal(&migration.name),
        )
    }

    /// Removes the record of a migration.
    pub(crate) fn delete(&self, name: &str) -> String {
        format!("DELETE FROM {} WHERE name = {}", self.table.quoted(), literal(name))
    }
}
