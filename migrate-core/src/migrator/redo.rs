//! Reverting and applying the same again.

use std::sync::Arc;

use super::down::RevertTargets;
use super::{DownTo, Migrator};
use crate::connect::Session;
use crate::error::Error;
use crate::event::Observer;
use crate::history::Action;

impl Migrator {
    /// Reverts the last `count` migrations and applies them again. One that is partially applied
    /// counts, and is started over.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down) and [`up`](Self::up); when a file is missing, before anything is
    /// changed.
    pub fn redo(
        &self,
        session: &mut Session,
        count: usize,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let result = self.redo_unlogged(session, count, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn redo_unlogged(
        &self,
        session: &mut Session,
        count: usize,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        if self.read_history(session)?.is_none_or(|history| history.is_empty()) {
            return Ok(Vec::new());
        }
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let targets = RevertTargets::of(&history, &DownTo::Count(count));
            let mut migrations = Vec::new();
            for name in targets.names() {
                let missing = || Error::FileMissing { name: name.clone() };
                let migration = self.plan.migration(&name).ok_or_else(missing)?;
                self.fit(&[migration], run.session.major())?;
                self.prepare_functions_of(&migration.up)?;
                migrations.push(migration);
            }
            self.may_apply(&targets.left_of(&history), &migrations)?;
            let plan = self.revert_plan(run.session, &history, &targets)?;
            run.revert(&plan)?;
            run.reread()?;
            migrations.sort_by_key(|migration| &migration.name);
            run.apply(&migrations, true)
        })
    }
}
