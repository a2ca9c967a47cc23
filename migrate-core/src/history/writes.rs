//! The SQL that changes the history. Values go through the one place that quotes literals.

use migrate_dsl::{Direction, quote_literal as literal};

use super::History;
use super::journal::Noted;
use crate::history::inverse::{Captured, Stored, WayBack};
use crate::plan::Migration;

/// How long the running transaction has taken, in milliseconds, counted by the server.
pub(crate) const TRANSACTION_MS: &str =
    "(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000)::bigint";

impl History {
    /// Records a migration as applied; `duration` is SQL for milliseconds.
    pub(crate) fn insert(
        &self,
        migration: &Migration,
        generator: &str,
        duration: &str,
        way_back: WayBack,
        captured: &Captured,
    ) -> String {
        let json = |text: serde_json::Result<String>| literal(&text.unwrap_or_default());
        format!(
            "INSERT INTO {} (name, applied_at, execution_time_ms, checksum, source_digest, generator, up, down) \
             VALUES ({}, pg_catalog.clock_timestamp(), {duration}, {}, {}, {}, {}, {})",
            self.table.quoted(),
            literal(&migration.name),
            literal(&migration.checksum()),
            literal(&migration.source_digest),
            literal(generator),
            json(serde_json::to_string(&migration.up)),
            json(serde_json::to_string(&Stored::new(migration, way_back, captured))),
        )
    }

    /// Makes what the files say now the record of a migration; without a way back, the stored one
    /// stays.
    pub(crate) fn replace(
        &self,
        migration: &Migration,
        generator: &str,
        way_back: Option<WayBack>,
    ) -> String {
        let json = |text: serde_json::Result<String>| literal(&text.unwrap_or_default());
        let down = way_back.map(|way_back| {
            let stored = Stored::new(migration, way_back, &Captured::new());
            format!(", down = {}", json(serde_json::to_string(&stored)))
        });
        format!(
            "UPDATE {} SET checksum = {}, source_digest = {}, generator = {}, up = {}{} \
             WHERE name = {}",
            self.table.quoted(),
            literal(&migration.checksum()),
            literal(&migration.source_digest),
            literal(generator),
            json(serde_json::to_string(&migration.up)),
            down.unwrap_or_default(),
            literal(&migration.name),
        )
    }

    /// Removes the record of a migration.
    pub(crate) fn delete(&self, name: &str) -> String {
        format!("DELETE FROM {} WHERE name = {}", self.table.quoted(), literal(name))
    }

    /// Notes how far a migration has come: `done` statements for good, and what was there before the
    /// next one, if that is about to run.
    pub(crate) fn journal(
        &self,
        name: &str,
        direction: Direction,
        checksum: &str,
        done: usize,
        noted: Option<&Noted>,
        captured: &Captured,
    ) -> String {
        let running = noted.is_some();
        let noted = noted.map(|noted| serde_json::to_string(noted).unwrap_or_default());
        let noted = noted.map_or_else(|| "NULL".to_owned(), |noted| literal(&noted));
        format!(
            "INSERT INTO {} (name, direction, checksum, statements_done, running, captured, noted) \
             VALUES ({}, {}, {}, {done}, {running}, {}, {noted}) \
             ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, \
             statements_done = excluded.statements_done, running = excluded.running, \
             captured = excluded.captured, noted = excluded.noted",
            self.journal_table().quoted(),
            literal(name),
            literal(direction.as_str()),
            literal(checksum),
            literal(&serde_json::to_string(captured).unwrap_or_default()),
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
