//! Recording without running.

use super::Migrator;
use crate::history::Action;
use crate::way_back::Captured;
use crate::{Error, Observer, Session, WayBack};

impl Migrator {
    /// Records migrations as applied without running them, and gives the names of those that
    /// were not recorded before. One that stopped half way counts as finished.
    ///
    /// # Errors
    ///
    /// When a file is gone, or the history cannot be written.
    pub fn mark_applied(
        &self,
        session: &mut Session,
        names: &[String],
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.alone(session, observer, |session, _, known, _| {
            let mut marked = Vec::new();
            let mut sql = vec!["BEGIN".to_owned()];
            for name in names {
                let applied = known.applied.iter().any(|row| row.name == *name);
                let unfinished = known.unfinished.iter().any(|row| row.name == *name);
                if applied && !unfinished {
                    continue;
                }
                if !applied {
                    let missing = || Error::FileMissing { name: name.clone() };
                    let migration = self.plan.migration(name).ok_or_else(missing)?;
                    let way_back = WayBack::of(migration, &Captured::new());
                    let generator = &self.plan.generator;
                    sql.push(self.history.insert(migration, generator, "0", way_back));
                }
                sql.push(self.history.journal_end(name));
                sql.push(self.history.log(&self.actor, Action::MarkApplied, name, "NULL", None));
                marked.push(name.clone());
            }
            self.write(session, sql)?;
            Ok(marked)
        })
    }

    /// Removes the record of migrations without taking them back, and gives the names of those
    /// that were recorded. What stopped half way is forgotten.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn mark_pending(
        &self,
        session: &mut Session,
        names: &[String],
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.alone(session, observer, |session, _, known, _| {
            let recorded = |name: &String| {
                known.applied.iter().any(|row| row.name == *name)
                    || known.unfinished.iter().any(|row| row.name == *name)
            };
            let marked: Vec<_> = names.iter().filter(|name| recorded(name)).cloned().collect();
            let mut sql = vec!["BEGIN".to_owned()];
            for name in &marked {
                sql.push(self.history.delete(name));
                sql.push(self.history.journal_end(name));
                sql.push(self.history.log(&self.actor, Action::MarkPending, name, "NULL", None));
            }
            self.write(session, sql)?;
            Ok(marked)
        })
    }

    fn write(&self, session: &mut Session, mut sql: Vec<String>) -> Result<(), Error> {
        sql.push("COMMIT".to_owned());
        session.client().batch_execute(&sql.join(";\n")).inspect_err(|_| {
            _ = session.client().batch_execute("ROLLBACK");
        })?;
        Ok(())
    }
}
