//! Brings the database in line with the files: after a checkout of another branch, for example.
//!
//! What is applied has to be a prefix of the files, in their order. So the database keeps the longest
//! prefix that it shares with the files; all migrations applied after that are reverted, the last
//! first, and missing ones are applied then. The prefix ends at a migration without a file, one
//! whose file has changed since, one that was being reverted, or a file that is older than what is
//! applied. Migrations applied after it may depend on it, which cannot be determined: they are
//! reverted with it, and applied again.

use std::sync::Arc;

use super::down::{RevertPlan, RevertTargets};
use super::history_snapshot::HistorySnapshot;
use super::{Migrator, UpTo};
use crate::connect::Session;
use crate::data_loss::{Loss, MigrationRun, Rehearsal, losses};
use crate::error::Error;
use crate::event::{Direction, Event, Observer, Parting};
use crate::history::{Action, Applied, Unfinished};
use crate::order::{State, common};
use crate::plan::{Migration, Statement, Step};

/// What [`sync`](Migrator::sync) would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldSync<'a> {
    /// What it would revert, and how; the last applied first.
    pub reverts: Vec<(String, Vec<Step>)>,
    /// What it would apply after that.
    pub applies: Vec<&'a Migration>,
    /// The rows that would be lost; not known of a database that is protected.
    pub losses: Vec<Loss>,
}

impl Migrator {
    /// Brings the database in line with the files, and returns the names of what was reverted and
    /// of what was applied. If it was interrupted, the next one continues.
    ///
    /// # Errors
    ///
    /// Before anything is touched: when the database is protected, something has no inverse or
    /// cannot be applied, or rows would be lost and that was not allowed with `discard_rows`. As
    /// [`down`](Self::down) and [`up`](Self::up) after that.
    pub fn sync(
        &self,
        session: &mut Session,
        discard_rows: bool,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        let result = self.sync_unlogged(session, discard_rows, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn sync_unlogged(
        &self,
        session: &mut Session,
        discard_rows: bool,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        if self.is_synced(session)? {
            return Ok((Vec::new(), Vec::new()));
        }
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let targets = self.to_part_with(&history);
            self.tell_parting(&history, &targets, run.observer);
            let missing = self.can_follow(&history, &targets, run.session.major())?;
            let left = targets.left_of(&history);
            self.may_apply(&left, &missing)?;
            self.prepare_functions_of(missing.iter().flat_map(|migration| &migration.up))?;
            let mut plan = RevertPlan::default();
            if !targets.names().is_empty() {
                plan = self.revert_plan(run.session, &history, &targets)?;
                self.may_destroy(history.protected.as_deref())?;
            }
            if !discard_rows {
                let (session, observer) = (&mut *run.session, &mut *run.observer);
                let histories = (&*history, &left);
                let losses = self.losses(session, &plan.steps(), &missing, histories, observer)?;
                if !losses.is_empty() {
                    return Err(Error::RowsLost(losses));
                }
            }
            if !(plan.is_empty() && missing.is_empty()) {
                self.back_up_before(run.session, run.observer)?;
            }
            let reverted = run.revert(&plan)?;
            run.reread()?;
            Ok((reverted, run.apply(&missing, true)?))
        })
        .map_err(Error::in_sync)
    }

    /// Whether the database is in line with the files, so that [`sync`](Self::sync) has nothing to
    /// do. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn is_synced(&self, session: &mut Session) -> Result<bool, Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        let is_all = history.applied.len() == self.plan.migrations.len();
        Ok(is_all
            && history.unfinished.is_empty()
            && self.to_part_with(&history).names().is_empty())
    }

    /// Returns what [`sync`](Self::sync) would do. Changes nothing; to see which rows would be lost, all
    /// of it is done in a transaction that is rolled back.
    ///
    /// # Errors
    ///
    /// As [`sync`](Self::sync), but for rows that would be lost, a protected database, and what only
    /// the server can refuse.
    pub fn would_sync(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<WouldSync<'_>, Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        let targets = self.to_part_with(&history);
        self.tell_parting(&history, &targets, observer);
        let applies = self.can_follow(&history, &targets, session.major())?;
        let mut would = WouldSync { reverts: Vec::new(), applies, losses: Vec::new() };
        if !targets.names().is_empty() {
            would.reverts = self.revert_plan(session, &history, &targets)?.steps();
        }
        self.tell_before_both(session, &would.reverts, &would.applies, observer)?;
        let nothing = would.reverts.is_empty() && would.applies.is_empty();
        if !nothing && self.may_destroy(history.protected.as_deref()).is_ok() {
            let left = targets.left_of(&history);
            would.losses = self.with_lock(session, observer, |session, _, observer| {
                self.losses(session, &would.reverts, &would.applies, (&history, &left), observer)
            })?;
        }
        Ok(would)
    }

    /// Returns what the database has beyond the prefix that it shares with the files.
    fn to_part_with<'a>(&self, history: &'a HistorySnapshot) -> RevertTargets<'a> {
        let common = common(&self.plan, &history.applied, &history.unfinished);
        let (kept, gone) = history.applied.split_at(common);
        let next = self.plan.migrations.get(kept.len());
        // What is partially applied is finished where it is what comes next.
        let is_next = |name: &String| gone.is_empty() && next.is_some_and(|n| n.name == *name);
        let partial = history.partially_applied().filter(|partial| !is_next(&partial.name));
        RevertTargets { partial, applied: gone.iter().rev().collect() }
    }

    /// Reports why migrations are reverted, if there is a single reason to name: the first.
    fn tell_parting(
        &self,
        history: &HistorySnapshot,
        targets: &RevertTargets<'_>,
        observer: &mut dyn Observer,
    ) {
        let entries = self.entries(history);
        let late = |name: &String| {
            let mut missing = entries.iter().filter(|entry| entry.state == State::Pending);
            let first = missing.next().filter(|first| first.name < name.as_str());
            first.map(|first| Parting::Late { older: first.name.to_owned() })
        };
        let why = |row: &&Applied| {
            let entry = entries.iter().find(|entry| entry.name == row.name)?;
            let why = match entry.state {
                State::Missing => Parting::Missing,
                State::Changed => Parting::Changed,
                State::Partial => Parting::PartiallyReverted,
                State::Applied | State::Pending => late(&row.name)?,
            };
            Some((row.name.clone(), why))
        };
        let of_partial =
            || targets.partial.and_then(|row| Some((row.name.clone(), late(&row.name)?)));
        if let Some((name, why)) = targets.applied.iter().rev().find_map(why).or_else(of_partial) {
            observer.event(Event::Parted { name, why });
        }
    }

    /// Returns what is to be applied after the reverts; refused where that could not be done.
    fn can_follow(
        &self,
        history: &HistorySnapshot,
        targets: &RevertTargets<'_>,
        major: u32,
    ) -> Result<Vec<&Migration>, Error> {
        let left = targets.left_of(history);
        self.can_go_on(&left, major)?;
        self.to_apply(&left, &self.entries(&left), &UpTo::default(), major)
    }

    /// Returns what would be lost by the reverts, and then on the way forward from what remains.
    fn losses(
        &self,
        session: &mut Session,
        reverts: &[(String, Vec<Step>)],
        applies: &[&Migration],
        (history, left): (&HistorySnapshot, &HistorySnapshot),
        observer: &mut dyn Observer,
    ) -> Result<Vec<Loss>, Error> {
        let back = reverts.iter().flat_map(|(_, steps)| steps);
        self.prepare_functions_of(back.chain(applies.iter().flat_map(|apply| &apply.up)))?;
        let major = session.major();
        let reverts = reverts.iter().map(|(name, steps)| {
            // Of one that stopped half inverse, the rest.
            let is_it = |row: &&Unfinished| row.name == *name && row.direction == Direction::Down;
            let done = history.unfinished.iter().find(is_it).map_or(0, |row| row.statements_done);
            MigrationRun {
                name,
                direction: Direction::Down,
                statements: statements(steps, major).skip(done).collect(),
            }
        });
        let applies = applies.iter().map(|migration| {
            let begun = left.unfinished.iter().find(|row| row.name == migration.name);
            let done = begun.map_or(0, |row| row.statements_done);
            MigrationRun {
                name: &migration.name,
                direction: Direction::Up,
                statements: statements(&migration.up, major).skip(done).collect(),
            }
        });
        let rehearsal = Rehearsal {
            runs: &reverts.chain(applies).collect::<Vec<_>>(),
            history: &self.history,
            variables: &self.variables,
            functions: &self.functions,
            limits: &self.limits,
            interrupt: &self.interrupt,
        };
        Ok(losses(session, &rehearsal, observer)?)
    }
}

/// The statements that a server of this major version gets.
fn statements(steps: &[Step], major: u32) -> impl Iterator<Item = &Statement> {
    let statements = steps.iter().flat_map(|step| &step.statements);
    statements.filter(move |statement| statement.is_for(major))
}
