//! Going to just the state after one migration.

use std::sync::Arc;

use super::down::RevertTargets;
use super::history_snapshot::HistorySnapshot;
use super::up::tell_drift;
use super::{DownTo, Migrator, UpTo};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Observer};
use crate::history::Action;
use crate::plan::{Migration, Step};

/// What [`goto`](Migrator::goto) would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldGoto<'a> {
    /// What it would revert, and how; the last applied first.
    pub reverts: Vec<(String, Vec<Step>)>,
    /// What it would apply after that.
    pub applies: Vec<&'a Migration>,
}

impl Migrator {
    /// Reverts and applies until the database has just the migrations up to `name`, and gives the
    /// names of both. What is partially applied is finished, or reverted, whichever leads there.
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
            let to = up_to(name);
            let (targets, again) = self.way_to(&history, &to, run.session.major())?;
            self.may_apply(&targets.left_of(&history), &again)?;
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

    /// Returns what [`goto`](Self::goto) would revert, with the statements, and what it would apply after
    /// that, each in its order. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`goto`](Self::goto), but for a protected database and what only the server can refuse.
    pub fn would_goto(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<WouldGoto<'_>, Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        tell_drift(&self.entries(&history), observer);
        let (targets, applies) = self.way_to(&history, &up_to(name), session.major())?;
        let mut reverts = Vec::new();
        if !targets.names().is_empty() {
            reverts = self.revert_plan(session, &history, &targets)?.steps();
        }
        self.tell_before_both(session, &reverts, &applies, observer)?;
        Ok(WouldGoto { reverts, applies })
    }

    /// Returns what is to be reverted, and what is to be applied after that. Migrations that could not be
    /// applied then are refused before anything is reverted.
    fn way_to<'a>(
        &self,
        history: &'a HistorySnapshot,
        to: &UpTo,
        major: u32,
    ) -> Result<(RevertTargets<'a>, Vec<&Migration>), Error> {
        let name = to.name.clone().unwrap_or_default();
        let mut targets = RevertTargets::of(history, &DownTo::Name(name));
        // A partially reverted one has to be reverted, and is applied again where it is to stay.
        let rows = history.unfinished.iter().filter(|row| row.direction == Direction::Down);
        let mut rows = rows.filter(|row| !targets.names().contains(&row.name));
        if let Some(row) = rows.next().and_then(|row| history.row(&row.name)) {
            targets.applied.insert(0, row);
        }
        let left = targets.left_of(history);
        self.can_go_on(&left, major)?;
        let again = self.to_apply(&left, &self.entries(&left), to, major)?;
        Ok((targets, again))
    }
}

fn up_to(name: &str) -> UpTo {
    UpTo { name: Some(name.to_owned()), ..UpTo::default() }
}
