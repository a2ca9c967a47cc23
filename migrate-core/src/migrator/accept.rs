//! Accepting a file that has changed since it was applied.

use std::sync::Arc;

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use crate::connect::Session;
use crate::error::Error;
use crate::event::Observer;
use crate::history::inverse::{Captured, StoredInverse};
use crate::history::{Action, Line};
use crate::order::State;
use crate::plan::{Checksum as _, Migration};

impl Migrator {
    /// Records that what the file of an applied migration says now is as good as what was applied.
    /// Nothing is run. The stored inverse stays, unless the file gives another one that is known
    /// without running it.
    ///
    /// # Errors
    ///
    /// When the migration is not applied, has no file, or has not changed; when its file cannot be
    /// applied as written; when the history cannot be written.
    pub fn accept(
        &self,
        session: &mut Session,
        name: &str,
        reason: &str,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        self.can_accept(&history, name)?;
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let migration = self.can_accept(&history, name)?;
            let inverse = match StoredInverse::of(migration, &Captured::new()) {
                StoredInverse::Irreversible(_) if migration.irreversible.is_none() => None,
                inverse => Some(inverse),
            };
            let checksum = migration.checksum();
            let line = Line::done(Action::Accept, name).message(reason).checksum(&checksum);
            let log = self.history.log(&self.actor, line);
            let row = self.history.replace(migration, &self.plan.generator, inverse);
            self.write(run.session, vec![row, log])
        })
    }

    fn can_accept(&self, history: &HistorySnapshot, name: &str) -> Result<&Migration, Error> {
        let entries = self.entries(history);
        let state = entries.iter().find(|entry| entry.name == name).map(|entry| entry.state);
        let nothing = |why| Err(Error::NothingToAccept { name: name.to_owned(), why });
        match state {
            Some(State::Changed) => {}
            Some(State::Applied) => return nothing("its file says what was applied"),
            Some(State::Pending) | None => return nothing("it is not applied"),
            Some(State::Partial) => return nothing("it is partially applied"),
            Some(State::Missing) => return Err(Error::FileMissing { name: name.to_owned() }),
        }
        let missing = || Error::FileMissing { name: name.to_owned() };
        let migration = self.plan.migration(name).ok_or_else(missing)?;
        if migration.problems.is_empty() {
            return Ok(migration);
        }
        let problems = migration.problems.iter().map(|problem| (name.to_owned(), problem.clone()));
        Err(Error::Problems(problems.collect()))
    }
}
