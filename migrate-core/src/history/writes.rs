//! The SQL that changes the history. Values go through the one place that quotes literals.

use migrate_dsl::quote_literal as literal;

use super::History;
use crate::apply::Noted;
use crate::plan::Migration;
use crate::way_back::{Captured, Stored, WayBack};

/// Who is at work, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person and the machine: `ada@laptop`.
    pub name: String,
    /// The commit that is checked out, where there is one.
    pub git_commit: Option<String>,
    /// The version of the tool.
    pub tool_version: String,
}

/// What the log says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A migration was applied.
    Up,
    /// A migration was taken back.
    Down,
    /// A migration was recorded without being run.
    MarkApplied,
    /// A record was removed without anything being taken back.
    MarkPending,
}

impl Action {
    /// The word in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::MarkApplied => "mark applied",
            Self::MarkPending => "mark pending",
        }
    }
}

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
            json(serde_json::to_string(&Stored { format: migrate_dsl::FORMAT, way_back })),
        )
    }

    /// Removes the record of a migration.
    pub(crate) fn delete(&self, name: &str) -> String {
        format!("DELETE FROM {} WHERE name = {}", self.table.quoted(), literal(name))
    }

    /// Adds a line to the log; `duration` is SQL for milliseconds.
    pub(crate) fn log(
        &self,
        actor: &Actor,
        action: Action,
        name: &str,
        duration: &str,
        failure: Option<&str>,
    ) -> String {
        let optional = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), literal);
        format!(
            "INSERT INTO {} (action, name, outcome, duration_ms, message, actor, git_commit, tool_version) \
             VALUES ({}, {}, {}, {duration}, {}, {}, {}, {})",
            self.log_table().quoted(),
            literal(action.as_str()),
            literal(name),
            literal(if failure.is_some() { "failed" } else { "done" }),
            optional(failure),
            literal(&actor.name),
            optional(actor.git_commit.as_deref()),
            literal(&actor.tool_version),
        )
    }

    /// Notes how far a migration has come: `done` statements for good, and what was there before the
    /// next one, if that is about to run.
    pub(crate) fn journal(
        &self,
        name: &str,
        action: Action,
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
            literal(action.as_str()),
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
