//! Reverting.

use std::sync::Arc;

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use super::locked_run::LockedRun;
use super::revert_partial::stuck;
use super::up::{is_inferred, without_secrets};
use crate::capture::{code_of, untrusted};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Observer};
use crate::execute::{ApplyError, is_transactional};
use crate::history::inverse::{Captured, IrreversibleReason, StoredInverse};
use crate::history::{Action, Applied, Line, TRANSACTION_MS, Unfinished};
use crate::plan::versions::for_server;
use crate::plan::{Checksum as _, Step};
use crate::reason::UnfinishedReason;

/// How far to revert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownTo {
    /// The last so many, in the order of applying.
    Count(usize),
    /// Everything newer than this one, which stays.
    Name(String),
    /// Everything.
    All,
}

/// The migrations that are to be reverted.
pub(super) struct RevertTargets<'a> {
    /// The partially applied migration: it is the newest, and only its steps that were done
    /// are restored.
    pub(super) partial: Option<&'a Unfinished>,
    /// Applied ones, the last applied first.
    pub(super) applied: Vec<&'a Applied>,
}

/// What is to be reverted, and how: all of it known to have an inverse.
#[derive(Default)]
pub(super) struct RevertPlan {
    partial: Option<(Unfinished, Vec<Step>)>,
    reverts: Vec<Revert>,
}

/// A migration to revert, and how.
struct Revert {
    name: String,
    steps: Vec<Step>,
}

impl<'a> RevertTargets<'a> {
    /// The migrations that are meant, of those that the database has.
    pub(super) fn of(history: &'a HistorySnapshot, to: &DownTo) -> Self {
        let partial = history.partially_applied();
        let newest_first = history.applied.iter().rev();
        match to {
            DownTo::Count(count) => {
                let partial = partial.filter(|_| *count > 0);
                let left = count - usize::from(partial.is_some());
                Self { partial, applied: newest_first.take(left).collect() }
            }
            DownTo::Name(name) => Self {
                partial: partial.filter(|row| row.name > *name),
                applied: newest_first.filter(|row| row.name > *name).collect(),
            },
            DownTo::All => Self { partial, applied: newest_first.collect() },
        }
    }

    /// Their names, in the order in which they are reverted.
    pub(super) fn names(&self) -> Vec<String> {
        let partial = self.partial.map(|row| row.name.clone()).into_iter();
        partial.chain(self.applied.iter().map(|row| row.name.clone())).collect()
    }

    /// The history without them.
    pub(super) fn left_of(&self, history: &HistorySnapshot) -> HistorySnapshot {
        let names = self.names();
        let mut left = history.clone();
        left.applied.retain(|row| !names.contains(&row.name));
        left.unfinished.retain(|row| !names.contains(&row.name));
        left
    }
}

impl RevertPlan {
    /// Whether there is nothing to revert.
    pub(super) fn is_empty(&self) -> bool {
        self.partial.is_none() && self.reverts.is_empty()
    }

    /// The steps, by migration, the last applied first.
    pub(super) fn steps(&self) -> Vec<(String, Vec<Step>)> {
        let partial = self.partial.iter().map(|(row, steps)| (row.name.clone(), steps.clone()));
        let reverts = self.reverts.iter();
        partial.chain(reverts.map(|revert| (revert.name.clone(), revert.steps.clone()))).collect()
    }
}

impl Migrator {
    /// Reverts migrations, the last one first, and gives their names.
    ///
    /// # Errors
    ///
    /// When the database is protected or one of them has no inverse, before anything is touched; or
    /// when one fails, and then those before it stay reverted.
    pub fn down(
        &self,
        session: &mut Session,
        to: &DownTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let result = self.down_unlogged(session, to, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn down_unlogged(
        &self,
        session: &mut Session,
        to: &DownTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        // With nothing applied there is nothing to revert, and no history to create.
        if self.read_history(session)?.is_none_or(|history| history.is_empty()) {
            return Ok(Vec::new());
        }
        self.run_locked(session, observer, |run| {
            let history = Arc::clone(&run.history);
            let targets = RevertTargets::of(&history, to);
            let plan = self.revert_plan(run.session, &history, &targets)?;
            run.revert(&plan)
        })
    }

    /// The statements that [`down`](Self::down) would run, by migration. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down), but for what only the server can refuse.
    pub fn would_revert(
        &self,
        session: &mut Session,
        to: &DownTo,
    ) -> Result<Vec<(String, Vec<Step>)>, Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        Ok(self.revert_plan(session, &history, &RevertTargets::of(&history, to))?.steps())
    }

    /// The migrations to revert and their steps: all of them known to have an inverse.
    pub(super) fn revert_plan(
        &self,
        session: &mut Session,
        history: &HistorySnapshot,
        targets: &RevertTargets<'_>,
    ) -> Result<RevertPlan, Error> {
        let mut plan = RevertPlan::default();
        if let Some(partial) = targets.partial {
            if history.has(&partial.name) {
                return Err(stuck(partial, UnfinishedReason::AlsoApplied));
            }
            let steps = self.would_revert_partial(session, partial)?;
            plan.partial = Some((partial.clone(), steps));
        }
        for row in &targets.applied {
            let inverse = self.inverse_of(session, row)?;
            let steps = inverse.steps().map_err(|why| Error::Irreversible {
                name: row.name.clone(),
                why: Box::new(why.clone()),
                outdated: self.is_outdated(row),
            })?;
            let (name, steps) = (row.name.clone(), for_server(steps, session.major()));
            self.has_functions_of(&steps)?;
            let problems = without_secrets(&steps, &self.variables);
            if !problems.is_empty() {
                let problems = problems.into_iter().map(|problem| (name.clone(), problem));
                return Err(Error::Problems(problems.collect()));
            }
            plan.reverts.push(Revert { name, steps });
        }
        for (name, steps) in plan.steps() {
            refuse_untrusted_code(session, name, &steps)?;
        }
        let own = targets.partial.map(|partial| partial.name.as_str());
        can_go_on_with(history, plan.reverts.first(), own)?;
        Ok(plan)
    }

    /// The inverse of an applied migration. What its file says counts as long as its `up` is what was
    /// applied; only what was read from the catalog then is the stored one's, step by step.
    pub(super) fn inverse_of(
        &self,
        session: &mut Session,
        row: &Applied,
    ) -> Result<StoredInverse, Error> {
        let file = self.plan.migration(&row.name).filter(|migration| {
            migration.problems.is_empty() && migration.checksum() == row.checksum
        });
        let Some(migration) = file else {
            return self.on_history(session, |client| self.history.inverse(client, &row.name));
        };
        let is_known = migration.up.iter().all(|step| step.merged_by_children_of.is_none());
        let inverse = StoredInverse::of(migration, &Captured::new());
        if !is_inferred(migration) || is_known && !matches!(inverse, StoredInverse::Irreversible(_))
        {
            return Ok(inverse);
        }
        let stored =
            self.on_history(session, |client| self.history.stored_inverse(client, &row.name))?;
        match stored.clone().captured_of(migration) {
            Some(captured) => Ok(StoredInverse::of_applied(migration, captured)),
            // The file was accepted since then, and what is stored is that of the one before.
            None => Ok(stored.inverse()),
        }
    }

    /// Whether the file is missing, or differs from the one that was applied.
    fn is_outdated(&self, row: &Applied) -> bool {
        let planned = self.plan.migration(&row.name);
        planned.is_none_or(|planned| planned.source_digest != row.source_digest)
    }
}

impl LockedRun<'_> {
    /// Reverts what the plan says, and gives the names.
    pub(super) fn revert(&mut self, plan: &RevertPlan) -> Result<Vec<String>, Error> {
        let migrator = self.migrator;
        let steps = plan.reverts.iter().flat_map(|revert| &revert.steps);
        migrator.prepare_functions_of(steps)?;
        if !plan.is_empty() {
            migrator.may_destroy(self.history.protected.as_deref())?;
        }
        migrator.tell_before_down(self.session, plan, self.observer)?;
        let mut done = Vec::new();
        if let Some((partial, _)) = &plan.partial {
            self.revert_partial(partial)?;
            done.push(partial.name.clone());
        }
        for revert in &plan.reverts {
            if self.reread_after_reconnect(Direction::Down)? {
                can_go_on_with(&self.history, Some(revert), None)?;
                migrator.may_destroy(self.history.protected.as_deref())?;
            }
            if self.history.has(&revert.name) {
                self.revert_one(revert)?;
                done.push(revert.name.clone());
            }
        }
        Ok(done)
    }

    fn revert_one(&mut self, revert: &Revert) -> Result<(), Error> {
        let (migrator, name) = (self.migrator, &revert.name);
        let history = &migrator.history;
        let unfinished = self.history.unfinished(name);
        let duration = if is_transactional(&revert.steps) && unfinished.is_none() {
            TRANSACTION_MS.to_owned()
        } else {
            history.since_journaled(name)
        };
        let record = |_: &Captured| {
            let line = Line::done(Action::Down, name).took(&duration);
            vec![history.delete(name), history.log(&migrator.actor, line)]
        };
        let work = Self::work(migrator, name, Direction::Down, &revert.steps, &record);
        let duration = self.execute(&work, std::slice::from_ref(name)).map_err(|error| {
            let row = self.history.row(name);
            let outdated = row.is_some_and(|row| migrator.is_outdated(row));
            ApplyError { outdated, ..migrator.failed(self.session, Direction::Down, error) }
        })?;
        self.reverted(name, duration);
        migrator.is_confirmed(name)
    }
}

/// Checks that what is partially applied, other than `own`, is reverted first, and can go on.
fn can_go_on_with(
    history: &HistorySnapshot,
    first: Option<&Revert>,
    own: Option<&str>,
) -> Result<(), Error> {
    for unfinished in history.unfinished.iter().filter(|row| Some(row.name.as_str()) != own) {
        let why = match first {
            _ if unfinished.direction != Direction::Down => UnfinishedReason::NotFirst,
            Some(first) if first.name != unfinished.name => UnfinishedReason::NotFirst,
            Some(first) if !unfinished.fits(&first.steps) => UnfinishedReason::InverseChanged,
            _ => continue,
        };
        return Err(stuck(unfinished, why));
    }
    Ok(())
}

/// Refuses to run, with the rights of this role, code of roles that it does not trust.
fn refuse_untrusted_code(session: &mut Session, name: String, steps: &[Step]) -> Result<(), Error> {
    for step in steps {
        let codes = step.statements.iter().flat_map(code_of).collect();
        if let Some(code) = untrusted(session.client(), codes)?.first() {
            let reason = format!(
                "to restore {} would run code of its owner `{}` with the rights of `{}`",
                code.object,
                code.owner,
                session.user()
            );
            let (place, verb) = (step.place.clone(), step.verb.clone());
            let why = Box::new(IrreversibleReason { reason, place, verb });
            let (owner, user) = (code.owner.clone(), session.user().to_owned());
            return Err(Error::UntrustedCode { name, owner, user, why });
        }
    }
    Ok(())
}
