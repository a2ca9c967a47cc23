//! Recording without running.

use std::sync::Arc;

use super::Migrator;
use crate::connect::Session;
use crate::error::Error;
use crate::event::Observer;
use crate::history::inverse::{Captured, StoredInverse};
use crate::history::{Action, Line};
use crate::plan::Checksum as _;

impl Migrator {
    /// Records migrations as applied without running them, and returns the names of those that
    /// were not recorded before. One that is partially applied counts as finished.
    ///
    /// # Errors
    ///
    /// When a file is missing, or the history cannot be written.
    pub fn mark_applied(
        &self,
        session: &mut Session,
        names: &[String],
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let mut marked = Vec::new();
            let mut sql = Vec::new();
            for name in names {
                let applied = history.applied.iter().any(|row| row.name == *name);
                let unfinished = history.unfinished.iter().any(|row| row.name == *name);
                if applied && !unfinished {
                    continue;
                }
                let mut line = Line::done(Action::MarkApplied, name);
                let checksum;
                if !applied {
                    let missing = || Error::FileMissing { name: name.clone() };
                    let migration = self.plan.migration(name).ok_or_else(missing)?;
                    let nothing = Captured::new();
                    let inverse = StoredInverse::of(migration, &nothing);
                    let generator = &self.plan.generator;
                    sql.push(self.history.insert(migration, generator, "0", inverse, &nothing));
                    checksum = migration.checksum();
                    line = line.checksum(&checksum);
                }
                sql.push(self.history.journal_end(name));
                sql.push(self.history.log(&self.actor, line));
                marked.push(name.clone());
            }
            self.write(run.session, sql)?;
            Ok(marked)
        })
    }

    /// Removes the record of migrations without reverting them, and gives the names of those
    /// that were recorded, in the history or, where their row was removed, in the log. What stopped
    /// partially is forgotten.
    ///
    /// # Errors
    ///
    /// When the database is protected, or the history cannot be written.
    pub fn mark_pending(
        &self,
        session: &mut Session,
        names: &[String],
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let recorded = |name: &String| {
                history.applied.iter().any(|row| row.name == *name)
                    || history.unfinished.iter().any(|row| row.name == *name)
                    || history.removed.iter().any(|entry| entry.name == *name)
            };
            let marked: Vec<_> = names.iter().filter(|name| recorded(name)).cloned().collect();
            if !marked.is_empty() {
                self.may_destroy(history.protected.as_deref())?;
            }
            let mut sql = Vec::new();
            for name in &marked {
                sql.push(self.history.delete(name));
                sql.push(self.history.journal_end(name));
                let line = Line::done(Action::MarkPending, name);
                sql.push(self.history.log(&self.actor, line));
            }
            self.write(run.session, sql)?;
            Ok(marked)
        })
    }
}
