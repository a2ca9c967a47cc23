//! Migrations whose row was removed from the history by something else than this tool.
//!
//! Without its row a migration looks pending, and to apply it again would do twice what can be done
//! twice, such as an `INSERT`. The log still knows that it was applied: whatever of this tool removes
//! a row says so there.

use std::collections::HashSet;

use postgres::Client;
use postgres::error::SqlState;

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use super::verify::recorded;
use crate::error::Error;
use crate::history::{Applied, HistoryError, RemovedRow, Unfinished};
use crate::plan::Migration;

impl Migrator {
    /// Returns the rows of migrations of the plan that are applied according to the log, but not in the
    /// history. The log is read only if any is pending. A partially applied one was started over.
    pub(super) fn removed_rows(
        &self,
        client: &mut Client,
        applied: &[Applied],
        unfinished: &[Unfinished],
    ) -> Result<Vec<RemovedRow>, HistoryError> {
        let has = applied.iter().map(|row| &row.name).chain(unfinished.iter().map(|row| &row.name));
        let has: HashSet<_> = has.collect();
        let names = self.plan.migrations.iter().map(|migration| &migration.name);
        let pending: Vec<_> =
            names.filter(|name| !has.contains(name)).map(String::as_str).collect();
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        let log = match self.history.log_without_rows(client, &pending) {
            // The check is skipped if the log may not be read, or one of its lines cannot be read.
            Err(HistoryError::Damaged { .. }) => return Ok(Vec::new()),
            Err(HistoryError::Database(error))
                if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
            {
                return Ok(Vec::new());
            }
            log => log?,
        };
        let removed = recorded(&log).into_iter().map(|entry| RemovedRow {
            name: entry.name.clone(),
            who: entry.who.clone(),
            at: entry.at,
        });
        Ok(removed.collect())
    }

    /// Refuses to apply what the log says was applied, and not reverted since.
    pub(super) fn refuse_removed(
        &self,
        history: &HistorySnapshot,
        migrations: &[&Migration],
    ) -> Result<(), Error> {
        let is_meant = |row: &&RemovedRow| migrations.iter().any(|it| it.name == row.name);
        let rows: Vec<_> = history.removed.iter().filter(is_meant).cloned().collect();
        match rows.is_empty() {
            true => Ok(()),
            false => {
                let table = self.history.table().to_string();
                Err(HistoryError::RowsRemoved { table, rows }.into())
            }
        }
    }
}
