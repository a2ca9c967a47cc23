//! Going to just the state after one migration.

use std::sync::Arc;

use super::down::RevertTargets;
use super::up::tell_drift;
use super::{DownTo, Migrator, UpTo};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Observer};
use crate::history::Action;

impl Migrator {
    /// Takes back and applies until the database has just the migrations up to `name`, and gives the
    /// names of both. What stopped half way is finished, or taken back, whichever leads there.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down) and [`up`](Self::up).
    pub fn goto(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        let result = self.goto_unlogged(session, name, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn goto_unlogged(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        tell_drift(&self.entries(&history), observer);
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let mut targets = RevertTargets::of(&history, &DownTo::Name(name.to_owned()));
            // A partially reverted one has to be reverted, and is applied again where it is to stay.
            let rows = history.unfinished.iter().filter(|row| row.direction == Direction::Down);
            let mut rows = rows.filter(|row| !targets.names().contains(&row.name));
            if let Some(row) = rows.next().and_then(|row| history.row(&row.name)) {
                targets.applied.insert(0, row);
            }
            // What could not be applied afterwards is refused before anything is reverted.
            let to = UpTo { name: Some(name.to_owned()), ..UpTo::default() };
            let left = targets.left_of(&history);
            let major = run.session.major();
            self.can_go_on(&left, major)?;
            let again = self.to_apply(&left, &self.entries(&left), &to, major)?;
            self.may_apply(&left, &again)?;
            self.prepare_functions_of(again.iter().flat_map(|migration| &migration.up))?;

            let mut reverted = Vec::new();
            if !targets.names().is_empty() {
                let plan = self.revert_plan(run.session, &history, &targets)?;
                reverted = run.revert(&plan)?;
            }
            run.reread()?;
            Ok((reverted, run.apply_pending(&to)?))
        })
    }
}
