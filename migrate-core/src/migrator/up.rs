//! Applying.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use super::revert_partial::stuck;
use super::{HistoryState, Known, Migrator};
use crate::capture::{Code, code_of, unrestored_of};
use crate::connect::Session;
use crate::connect::permission;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::{ApplyError, Failure, Variables, Work, is_transactional};
use crate::history::inverse::{BACK, Captured, WayBack};
use crate::history::{Action, Line, TRANSACTION_MS};
use crate::lock::RunnerLock;
use crate::order::{Entry, State, pending};
use crate::plan::{
    Checksum as _,
    versions::{for_server, too_new_for},
};
use crate::plan::{Inverse, Migration, Problem, Step};
use crate::reason::UnfinishedReason;

/// How far to apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpTo {
    /// At most so many migrations.
    pub count: Option<usize>,
    /// The last one to apply, by its full name.
    pub name: Option<String>,
    /// Whether a migration older than an applied one may be applied.
    pub allow_out_of_order: bool,
    /// All in one transaction: all or none.
    pub single_transaction: bool,
}

impl Migrator {
    /// Applies what is pending, and gives the names of what was applied.
    ///
    /// # Errors
    ///
    /// When a migration cannot be applied as written, is older than an applied one, destroys
    /// something in a protected database, or fails; those before a failed one stay applied.
    pub fn up(
        &self,
        session: &mut Session,
        to: &UpTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let state = self.history_state(session);
        let result = state.and_then(|state| self.up_unlogged(state, session, to, observer));
        self.note_refusal(session, Action::Up, result)
    }

    /// The same, with what the history told [a moment ago](Self::history_state). It is read again, under the
    /// lock, before anything is applied.
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up).
    pub fn up_from(
        &self,
        state: HistoryState,
        session: &mut Session,
        to: &UpTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let result = self.up_unlogged(state, session, to, observer);
        self.note_refusal(session, Action::Up, result)
    }

    fn up_unlogged(
        &self,
        state: HistoryState,
        session: &mut Session,
        to: &UpTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        // With nothing to do nobody has to be waited for, and what cannot be done is refused before
        // anything is written.
        let Some(known) = state.known else { return Ok(Vec::new()) };
        let entries = self.entries(&known);
        tell_drift(&entries, observer);
        let migrations = self.to_apply(&known, &entries, to, session.major())?;
        if migrations.is_empty() && known.unfinished.is_empty() {
            return Ok(Vec::new());
        }
        self.may_apply(&known, &migrations)?;
        // A compiler may have to be waited for, and that before the lock is held.
        self.prepare_functions_of(migrations.iter().flat_map(|migration| &migration.up))?;
        self.alone(session, observer, |session, lock, known, observer| {
            self.up_alone(session, lock, &known, to, observer)
        })
    }

    /// What [`up`](Self::up) would apply to a server of this major version, by a history as it was read.
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up), but for what only the server can refuse.
    pub fn pending(
        &self,
        state: &HistoryState,
        to: &UpTo,
        major: u32,
    ) -> Result<Vec<&Migration>, Error> {
        let Some(known) = &state.known else { return Ok(Vec::new()) };
        self.to_apply(known, &self.entries(known), to, major)
    }

    /// What [`up`](Self::up) would say of applied migrations that files and database do not tell the same
    /// of, by a history as it was read.
    #[must_use]
    pub fn drift(&self, state: &HistoryState) -> Option<Event> {
        state.known.as_ref().and_then(|known| drift(&self.entries(known)))
    }

    /// What [`up`](Self::up) would apply. Writes nothing, not even the history.
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up), but for what only the server can refuse.
    pub fn would_apply(&self, session: &mut Session, to: &UpTo) -> Result<Vec<&Migration>, Error> {
        let state = self.history_state(session)?;
        self.pending(&state, to, session.major())
    }

    pub(super) fn up_alone(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        to: &UpTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.can_go_on(known, session.major())?;
        let migrations = self.to_apply(known, &self.entries(known), to, session.major())?;
        self.may_apply(known, &migrations)?;
        self.prepare_functions_of(migrations.iter().flat_map(|migration| &migration.up))?;
        if !migrations.is_empty() {
            self.back_up_before(session, observer)?;
        }
        if to.single_transaction {
            return self.up_together(session, lock, known, &migrations, observer);
        }
        self.apply_these(session, lock, known, &migrations, to.allow_out_of_order, observer)
    }

    /// Applies just these, in this order.
    pub(super) fn apply_these(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        migrations: &[&Migration],
        allow_out_of_order: bool,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        self.tell_before_up(session, migrations, observer)?;
        let mut done = Vec::new();
        let mut reconnects = session.reconnects();
        let mut known = Cow::Borrowed(known);
        for migration in migrations {
            if session.reconnects() != reconnects {
                // The lock was nobody's for a moment: another runner may have gone on from there.
                reconnects = session.reconnects();
                let found = self.known_by_now(session)?;
                known.has_become(&found, Direction::Up)?;
                self.can_go_on(&found, session.major())?;
                pending(&self.entries(&found), allow_out_of_order).map_err(Error::OutOfOrder)?;
                self.may_apply(&found, migrations)?;
                known = Cow::Owned(found);
            }
            if !known.has(&migration.name) {
                self.apply_one(session, lock, &known, migration, observer)?;
                known.to_mut().since.push(migration.name.clone());
                done.push(migration.name.clone());
            }
        }
        Ok(done)
    }

    /// The migrations to apply, each of them fit to be on a server of this major version.
    pub(super) fn to_apply(
        &self,
        known: &Known,
        entries: &[Entry<'_>],
        to: &UpTo,
        major: u32,
    ) -> Result<Vec<&Migration>, Error> {
        let pending = pending(entries, to.allow_out_of_order).or_else(|order| {
            // What was applied in its place is not late.
            self.refuse_removed(known, self.plan.migration(&order.late).as_slice())?;
            Err(Error::OutOfOrder(order))
        })?;
        let pending: HashSet<_> = pending.into_iter().map(|migration| &migration.name).collect();
        let mut migrations: Vec<_> =
            self.plan.migrations.iter().filter(|m| pending.contains(&m.name)).collect();
        if let Some(last) = &to.name {
            migrations.retain(|migration| migration.name <= *last);
        }
        migrations.truncate(to.count.unwrap_or(usize::MAX));
        self.refuse_removed(known, &migrations)?;
        self.fit(&migrations, major)?;
        Ok(migrations)
    }

    /// Refuses what cannot be applied as written, not by a server of this major version, or not
    /// with what the environment has.
    pub(super) fn fit(&self, migrations: &[&Migration], major: u32) -> Result<(), Error> {
        let problems: Vec<_> = migrations
            .iter()
            .flat_map(|migration| {
                let written = migration.problems.iter().cloned();
                let problems = written
                    .chain(too_new_for(migration, major))
                    .chain(without_secrets(&migration.up, &self.variables));
                problems.map(|problem| (migration.name.clone(), problem))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::Problems(problems)) }
    }

    /// Whether what stopped half way can be finished.
    pub(super) fn can_go_on(&self, known: &Known, major: u32) -> Result<(), Error> {
        for unfinished in &known.unfinished {
            let stuck = |why| Err(stuck(unfinished, why));
            if unfinished.direction != Direction::Up {
                return stuck(UnfinishedReason::Reverting);
            }
            if known.has(&unfinished.name) {
                return stuck(UnfinishedReason::AlsoApplied);
            }
            match self.plan.migration(&unfinished.name) {
                Some(migration) if unfinished.fits(&for_server(&migration.up, major)) => {}
                Some(_) => return stuck(UnfinishedReason::FileChanged),
                None => return stuck(UnfinishedReason::FileMissing),
            }
        }
        Ok(())
    }

    fn apply_one(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        migration: &Migration,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let unfinished = known.unfinished.iter().find(|row| row.name == migration.name);
        let duration = match unfinished {
            None if is_transactional(&migration.up) => TRANSACTION_MS.to_owned(),
            _ => self.history.since_journaled(&migration.name),
        };
        let steps = for_server(&migration.up, session.major());
        let outcome = RefCell::new((None, Vec::new()));
        let record = |captured: &Captured| {
            outcome.replace(outcome_of(migration, captured));
            self.record(migration, &duration, captured)
        };
        let work = Work {
            name: &migration.name,
            direction: Direction::Up,
            steps: &steps,
            captures: is_inferred(migration) || !is_transactional(&steps),
            variables: &self.variables,
            functions: &self.functions,
            record: &record,
            limits: self.limits,
            interrupt: &self.interrupt,
        };
        observer.event(Event::Started {
            name: migration.name.clone(),
            direction: Direction::Up,
            statements: work.statements(),
        });
        let names = [migration.name.clone()];
        let result = self.apply_through_cuts(session, lock, &work, &names, known, observer);
        let duration = result.map_err(|error| self.failed(session, Direction::Up, error))?;
        let (irreversible, lost) = outcome.into_inner();
        observer.event(Event::Finished {
            name: migration.name.clone(),
            direction: Direction::Up,
            duration,
            irreversible,
            lost,
        });
        self.is_confirmed(&migration.name)
    }

    /// All migrations in one transaction.
    fn up_together(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        migrations: &[&Migration],
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        if let Some(alone) = migrations.iter().find(|m| m.up.iter().any(|step| !step.transactional))
        {
            return Err(Error::NotTransactional { name: alone.name.clone() });
        }
        self.tell_before_up(session, migrations, observer)?;
        let major = session.major();
        let steps: Vec<Step> =
            migrations.iter().flat_map(|migration| for_server(&migration.up, major)).collect();
        let outcomes = RefCell::new(Vec::new());
        let record = |captured: &Captured| {
            let mut first = 0;
            let mut sql = Vec::new();
            let mut found = Vec::new();
            for migration in migrations {
                let end = first + migration.up.len();
                let own = captured.range(first..end);
                let own: Captured = own.map(|(step, back)| (step - first, back.clone())).collect();
                sql.extend(self.record(migration, TRANSACTION_MS, &own));
                found.push(outcome_of(migration, &own));
                first = end;
            }
            outcomes.replace(found);
            sql
        };
        let names: Vec<_> = migrations.iter().map(|migration| migration.name.clone()).collect();
        let together = names.join(", ");
        let work = Work {
            name: &together,
            direction: Direction::Up,
            steps: &steps,
            captures: migrations.iter().any(|migration| is_inferred(migration)),
            variables: &self.variables,
            functions: &self.functions,
            record: &record,
            limits: self.limits,
            interrupt: &self.interrupt,
        };
        observer.event(Event::Started {
            name: together.clone(),
            direction: Direction::Up,
            statements: work.statements(),
        });
        let duration = self
            .apply_through_cuts(session, lock, &work, &names, known, observer)
            .map_err(|error| self.failed(session, Direction::Up, error))?;
        for (migration, (irreversible, lost)) in migrations.iter().zip(outcomes.into_inner()) {
            observer.event(Event::Finished {
                name: migration.name.clone(),
                direction: Direction::Up,
                duration,
                irreversible,
                lost,
            });
        }
        self.is_confirmed(&together)?;
        Ok(names)
    }

    fn record(&self, migration: &Migration, duration: &str, captured: &Captured) -> Vec<String> {
        let name = &migration.name;
        let way_back = WayBack::of(migration, captured);
        let checksum = migration.checksum();
        let line = Line::done(Action::Up, name).took(duration).checksum(&checksum);
        vec![
            self.history.insert(migration, &self.plan.generator, duration, way_back, captured),
            self.history.log(&self.actor, line),
        ]
    }

    /// Notes a failure in the log, and what the catalog says about it; where even that fails, the
    /// failure itself is what counts.
    pub(super) fn failed(
        &self,
        session: &mut Session,
        direction: Direction,
        mut error: ApplyError,
    ) -> ApplyError {
        let message = error.failure.message();
        self.note(session, Line::failed(direction.into(), &error.name, &message));
        if let Failure::Statement { statement, source, advice, .. } = &mut error.failure
            && let Some(said) = source.server()
        {
            *advice = permission::advice(session.client(), said, &statement.sql).map(Into::into);
        }
        error
    }
}

/// Whether the way back of a migration is that of its steps.
pub(super) fn is_inferred(migration: &Migration) -> bool {
    migration.down.is_none() && migration.irreversible.is_none()
}

/// The secrets that the environment does not have.
pub(super) fn without_secrets(steps: &[Step], variables: &Variables) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in steps {
        for secret in step.statements.iter().flat_map(|statement| &statement.secrets) {
            let variable = secret.variable();
            let is_empty = match variables.get(variable) {
                None => "not set",
                Some(value) if value.is_empty() => "empty",
                Some(_) => continue,
            };
            let problem = Problem {
                verb: Some(step.verb.clone()),
                message: format!("the environment variable `{variable}` is {is_empty}"),
                place: step.place.clone(),
                help: Some(format!(
                    "give it a value: `export {variable}=…` before `migrate`, or a line \
                     `{variable}=…` in `.env`, which belongs into `.gitignore`"
                )),
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// Why a migration cannot be reverted, given what was captured; else what is lost when it is.
fn outcome_of(migration: &Migration, captured: &Captured) -> (Option<String>, Vec<String>) {
    match WayBack::of(migration, captured) {
        WayBack::None(why) => (Some(why.reason), Vec::new()),
        WayBack::Written(_) => (None, Vec::new()),
        WayBack::Inferred(steps) => (None, steps.iter().rev().flat_map(lost).collect()),
    }
}

/// What does not come back with a step that can be taken back.
fn lost(back: &Step) -> Vec<String> {
    let Inverse::Capture(capture) = &back.inverse else { return Vec::new() };
    let summary = back.summary.strip_prefix(BACK).unwrap_or(&back.summary);
    let kept = back.statements.iter().flat_map(unrestored_of);
    let kept: Vec<_> = kept.map(|lost| format!("{lost} does not come back")).collect();
    let code = back.statements.iter().flat_map(code_of).filter(Code::runs);
    let code = code.map(|Code { object, owner, .. }| {
        format!("`down` refuses to run code of `{owner}`, which restoring {object} would do")
    });
    // What is known by now of what raw SQL dropped says it better.
    let is_known =
        |lost: &&str| capture.must_exist && !kept.is_empty() && lost.contains("what is dropped");
    let lost = capture.lost.iter().flat_map(|lost| lost.split("; "));
    let lost = lost.filter(|lost| !is_known(lost)).map(str::to_owned);
    let lost = lost.chain(kept.iter().cloned()).chain(code);
    lost.map(|lost| format!("{summary}: {lost}")).collect()
}

/// Tells which files are gone, or say something else than what was applied.
pub(super) fn tell_drift(entries: &[Entry<'_>], observer: &mut dyn Observer) {
    if let Some(event) = drift(entries) {
        observer.event(event);
    }
}

fn drift(entries: &[Entry<'_>]) -> Option<Event> {
    let named = |state| {
        let found = entries.iter().filter(|entry| entry.state == state);
        found.map(|entry| entry.name.to_owned()).collect::<Vec<_>>()
    };
    let (changed, missing) = (named(State::Changed), named(State::Missing));
    let is_any = !(changed.is_empty() && missing.is_empty());
    is_any.then_some(Event::Drifted { changed, missing })
}
