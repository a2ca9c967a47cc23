//! Taking back.

use std::borrow::Cow;

use super::revert_partial::stuck;
use super::up::{is_inferred, without_secrets};
use super::{Known, Migrator};
use crate::capture::{code_of, untrusted};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::{ApplyError, Work, is_transactional};
use crate::history::inverse::{Captured, NoWayBack, WayBack};
use crate::history::{Action, Applied, Line, TRANSACTION_MS, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::versions::for_server;
use crate::plan::{Checksum as _, Step};
use crate::reason::UnfinishedReason;

/// How far to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownTo {
    /// The last so many, in the order of applying.
    Count(usize),
    /// Everything newer than this one, which stays.
    Name(String),
    /// Everything.
    All,
}

/// What is meant to be taken back.
pub(super) struct Meant<'a> {
    /// The migration that stopped half way up: it is the newest, and only its steps that were done
    /// come back.
    pub(super) partial: Option<&'a Unfinished>,
    /// Applied ones, the last applied first.
    pub(super) applied: Vec<&'a Applied>,
}

/// What is to be taken back, and how: all of it known to have a way back.
#[derive(Default)]
pub(super) struct Backwards {
    partial: Option<(Unfinished, Vec<Step>)>,
    reverts: Vec<Revert>,
}

/// A migration to take back, and how.
struct Revert {
    name: String,
    steps: Vec<Step>,
}

impl<'a> Meant<'a> {
    /// The migrations that are meant, of those that the database has.
    pub(super) fn of(known: &'a Known, to: &DownTo) -> Self {
        let partial = Migrator::partial_up(known);
        let newest_first = known.applied.iter().rev();
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

    /// Their names, in the order in which they are taken back.
    pub(super) fn names(&self) -> Vec<String> {
        let partial = self.partial.map(|row| row.name.clone()).into_iter();
        partial.chain(self.applied.iter().map(|row| row.name.clone())).collect()
    }

    /// What the database knows without them.
    pub(super) fn left_of(&self, known: &Known) -> Known {
        let names = self.names();
        let mut left = known.clone();
        left.applied.retain(|row| !names.contains(&row.name));
        left.unfinished.retain(|row| !names.contains(&row.name));
        left
    }
}

impl Backwards {
    /// Whether there is nothing to take back.
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
    /// Takes back migrations, the last one first, and gives their names.
    ///
    /// # Errors
    ///
    /// When the database is protected or one of them has no way back, before anything is touched; or
    /// when one fails, and then those before it stay taken back.
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
        // With nothing applied there is nothing to take back, and no history to create.
        let nothing = |known: Known| known.applied.is_empty() && known.unfinished.is_empty();
        if self.known(session)?.is_none_or(nothing) {
            return Ok(Vec::new());
        }
        self.alone(session, observer, |session, lock, known, observer| {
            let back = self.backwards(session, &known, &Meant::of(&known, to))?;
            self.go_back(session, lock, &known, &back, observer)
        })
    }

    /// The statements that [`down`](Self::down) would run, by migration. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down), but for what only the server can refuse.
    pub fn would_take_back(
        &self,
        session: &mut Session,
        to: &DownTo,
    ) -> Result<Vec<(String, Vec<Step>)>, Error> {
        let known = self.known(session)?.unwrap_or_default();
        Ok(self.backwards(session, &known, &Meant::of(&known, to))?.steps())
    }

    /// Takes back what is to be taken back, and gives the names.
    pub(super) fn go_back(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        back: &Backwards,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let steps = back.reverts.iter().flat_map(|revert| &revert.steps);
        self.prepare_functions_of(steps)?;
        if !back.is_empty() {
            self.may_destroy(known.protected.as_deref())?;
        }
        self.tell_before_down(session, back, observer)?;
        let mut done = Vec::new();
        if let Some((partial, _)) = &back.partial {
            self.take_back_partial(session, lock, partial, observer)?;
            done.push(partial.name.clone());
        }
        let mut reconnects = session.reconnects();
        let mut known = Cow::Borrowed(known);
        for revert in &back.reverts {
            if session.reconnects() != reconnects {
                // The lock was nobody's for a moment: another runner may have gone on from there.
                reconnects = session.reconnects();
                let found = self.known_by_now(session)?;
                known.has_become(&found, Direction::Down)?;
                can_go_on_with(&found, Some(revert), None)?;
                self.may_destroy(found.protected.as_deref())?;
                known = Cow::Owned(found);
            }
            if known.has(&revert.name) {
                self.take_back(session, lock, &known, revert, observer)?;
                done.push(revert.name.clone());
            }
        }
        Ok(done)
    }

    /// The migrations to take back and their steps: all of them known to have a way back.
    pub(super) fn backwards(
        &self,
        session: &mut Session,
        known: &Known,
        meant: &Meant<'_>,
    ) -> Result<Backwards, Error> {
        let mut back = Backwards::default();
        if let Some(partial) = meant.partial {
            if known.has(&partial.name) {
                return Err(stuck(partial, UnfinishedReason::AlsoApplied));
            }
            let steps = self.would_take_back_partial(session, partial)?;
            back.partial = Some((partial.clone(), steps));
        }
        for row in &meant.applied {
            let way_back = self.way_back(session, row)?;
            let steps = way_back.steps().map_err(|why| Error::NoWayBack {
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
            back.reverts.push(Revert { name, steps });
        }
        for (name, steps) in back.steps() {
            refuse_untrusted_code(session, name, &steps)?;
        }
        let own = meant.partial.map(|partial| partial.name.as_str());
        can_go_on_with(known, back.reverts.first(), own)?;
        Ok(back)
    }

    /// The inverse of an applied migration. What its file says counts as long as its `up` is what was
    /// applied; only what was read from the catalog then is the stored one's, step by step.
    pub(super) fn way_back(&self, session: &mut Session, row: &Applied) -> Result<WayBack, Error> {
        let file = self.plan.migration(&row.name).filter(|migration| {
            migration.problems.is_empty() && migration.checksum() == row.checksum
        });
        let Some(migration) = file else {
            return self.patiently(session, |client| self.history.way_back(client, &row.name));
        };
        let is_known = migration.up.iter().all(|step| step.merged_by_children_of.is_none());
        let way_back = WayBack::of(migration, &Captured::new());
        if !is_inferred(migration) || is_known && !matches!(way_back, WayBack::None(_)) {
            return Ok(way_back);
        }
        let stored =
            self.patiently(session, |client| self.history.stored_inverse(client, &row.name))?;
        match stored.clone().captured_of(migration) {
            Some(captured) => Ok(WayBack::of_applied(migration, captured)),
            // The file was accepted since then, and what is stored is that of the one before.
            None => Ok(stored.inverse()),
        }
    }

    /// Whether the file is not here as it was applied.
    fn is_outdated(&self, row: &Applied) -> bool {
        let planned = self.plan.migration(&row.name);
        planned.is_none_or(|planned| planned.source_digest != row.source_digest)
    }

    fn take_back(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        revert: &Revert,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let name = &revert.name;
        let unfinished = known.unfinished.iter().find(|row| row.name == *name);
        let duration = if is_transactional(&revert.steps) && unfinished.is_none() {
            TRANSACTION_MS.to_owned()
        } else {
            self.history.since_journaled(name)
        };
        let record = |_: &Captured| {
            vec![
                self.history.delete(name),
                self.history.log(&self.actor, Line::done(Action::Down, name).took(&duration)),
            ]
        };
        let work = Work {
            name,
            direction: Direction::Down,
            steps: &revert.steps,
            captures: false,
            variables: &self.variables,
            functions: &self.functions,
            record: &record,
            limits: self.limits,
            interrupt: &self.interrupt,
        };
        observer.event(Event::Started {
            name: name.clone(),
            direction: Direction::Down,
            statements: work.statements(),
        });
        let names = [name.clone()];
        let result = self.apply_through_cuts(session, lock, &work, &names, known, observer);
        let row = known.applied.iter().find(|row| row.name == *name);
        let duration = result.map_err(|error| {
            let outdated = row.is_some_and(|row| self.is_outdated(row));
            ApplyError { outdated, ..self.failed(session, Direction::Down, error) }
        })?;
        observer.event(Event::Finished {
            name: name.clone(),
            direction: Direction::Down,
            duration,
            irreversible: None,
            lost: Vec::new(),
        });
        self.is_confirmed(name)
    }
}

/// Whether what stopped half way, but for `own`, is what is taken back first, and can go on.
fn can_go_on_with(known: &Known, first: Option<&Revert>, own: Option<&str>) -> Result<(), Error> {
    for unfinished in known.unfinished.iter().filter(|row| Some(row.name.as_str()) != own) {
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
            let why = Box::new(NoWayBack { reason, place, verb });
            let (owner, user) = (code.owner.clone(), session.user().to_owned());
            return Err(Error::UntrustedCode { name, owner, user, why });
        }
    }
    Ok(())
}
