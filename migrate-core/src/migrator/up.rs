//! Applying.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::history_snapshot::HistorySnapshot;
use super::locked_run::LockedRun;
use super::revert_partial::stuck;
use super::{HistoryState, Migrator};
use crate::capture::{Code, code_of, unrestored_of};
use crate::connect::Session;
use crate::connect::permission;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::{ApplyError, Failure, Variables, Work, is_transactional};
use crate::history::inverse::{BACK, Captured, StoredInverse};
use crate::history::{Action, Line, TRANSACTION_MS};
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

    /// As [`up`](Self::up), with the history [read just before](Self::history_state). It is read again,
    /// under the lock, before anything is applied.
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
        // With nothing to do there is no need to wait for other sessions, and what cannot be done is
        // refused before anything is written.
        let Some(history) = state.rows else { return Ok(Vec::new()) };
        let entries = self.entries(&history);
        tell_drift(&entries, observer);
        let migrations = self.to_apply(&history, &entries, to, session.major())?;
        if migrations.is_empty() && history.unfinished.is_empty() {
            return Ok(Vec::new());
        }
        self.may_apply(&history, &migrations)?;
        // A compiler may have to be waited for, and that before the lock is held.
        self.prepare_functions_of(migrations.iter().flat_map(|migration| &migration.up))?;
        self.run_locked(session, observer, |run| run.apply_pending(to))
    }

    /// Returns what [`up`](Self::up) would apply to a server of this major version, by a given history.
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
        let Some(history) = &state.rows else { return Ok(Vec::new()) };
        self.to_apply(history, &self.entries(history), to, major)
    }

    /// Returns the warning of [`up`](Self::up) about applied migrations on which the files and the
    /// database disagree, by a given history.
    #[must_use]
    pub fn drift(&self, state: &HistoryState) -> Option<Event> {
        state.rows.as_ref().and_then(|history| drift(&self.entries(history)))
    }

    /// Returns what [`up`](Self::up) would apply. Writes nothing, not even the history.
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up), but for what only the server can refuse.
    pub fn would_apply(&self, session: &mut Session, to: &UpTo) -> Result<Vec<&Migration>, Error> {
        let state = self.history_state(session)?;
        self.pending(&state, to, session.major())
    }

    /// The migrations to apply, each of them fit to be on a server of this major version.
    pub(super) fn to_apply(
        &self,
        history: &HistorySnapshot,
        entries: &[Entry<'_>],
        to: &UpTo,
        major: u32,
    ) -> Result<Vec<&Migration>, Error> {
        let pending = pending(entries, to.allow_out_of_order).or_else(|order| {
            // What was applied in its place is not late.
            self.refuse_removed(history, self.plan.migration(&order.late).as_slice())?;
            Err(Error::OutOfOrder(order))
        })?;
        let pending: HashSet<_> = pending.into_iter().map(|migration| &migration.name).collect();
        let mut migrations: Vec<_> =
            self.plan.migrations.iter().filter(|m| pending.contains(&m.name)).collect();
        if let Some(last) = &to.name {
            migrations.retain(|migration| migration.name <= *last);
        }
        migrations.truncate(to.count.unwrap_or(usize::MAX));
        self.refuse_removed(history, &migrations)?;
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

    /// Checks that what is partially applied can be finished.
    pub(super) fn can_go_on(&self, history: &HistorySnapshot, major: u32) -> Result<(), Error> {
        for unfinished in &history.unfinished {
            let stuck = |why| Err(stuck(unfinished, why));
            if unfinished.direction != Direction::Up {
                return stuck(UnfinishedReason::Reverting);
            }
            if history.has(&unfinished.name) {
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

    fn record(&self, migration: &Migration, duration: &str, captured: &Captured) -> Vec<String> {
        let name = &migration.name;
        let inverse = StoredInverse::of(migration, captured);
        let checksum = migration.checksum();
        let line = Line::done(Action::Up, name).took(duration).checksum(&checksum);
        vec![
            self.history.insert(migration, &self.plan.generator, duration, inverse, captured),
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
        let line = Line::failed(direction.into(), &error.name, &message);
        Self::note(session, &self.history.log(&self.actor, line));
        if let Failure::Statement { statement, source, advice, .. } = &mut error.failure
            && let Some(said) = source.server()
        {
            *advice = permission::advice(session.client(), said, &statement.sql).map(Into::into);
        }
        error
    }
}

impl LockedRun<'_> {
    /// Applies what is pending, and gives the names.
    pub(super) fn apply_pending(&mut self, to: &UpTo) -> Result<Vec<String>, Error> {
        let (migrator, history) = (self.migrator, Arc::clone(&self.history));
        let major = self.session.major();
        migrator.can_go_on(&history, major)?;
        let migrations = migrator.to_apply(&history, &migrator.entries(&history), to, major)?;
        migrator.may_apply(&history, &migrations)?;
        migrator.prepare_functions_of(migrations.iter().flat_map(|migration| &migration.up))?;
        if !migrations.is_empty() {
            migrator.back_up_before(self.session, self.observer)?;
        }
        if to.single_transaction {
            return self.apply_together(&migrations);
        }
        self.apply(&migrations, to.allow_out_of_order)
    }

    /// Applies just these, in this order, and gives the names of those that were not applied yet.
    pub(super) fn apply(
        &mut self,
        migrations: &[&Migration],
        allow_out_of_order: bool,
    ) -> Result<Vec<String>, Error> {
        let migrator = self.migrator;
        migrator.tell_before_up(self.session, migrations, self.observer)?;
        let mut done = Vec::new();
        for migration in migrations {
            if self.reread_after_reconnect(Direction::Up)? {
                let history = &self.history;
                migrator.can_go_on(history, self.session.major())?;
                pending(&migrator.entries(history), allow_out_of_order)
                    .map_err(Error::OutOfOrder)?;
                migrator.may_apply(history, migrations)?;
            }
            if !self.history.has(&migration.name) {
                self.apply_one(migration)?;
                self.applied.push(migration.name.clone());
                done.push(migration.name.clone());
            }
        }
        Ok(done)
    }

    fn apply_one(&mut self, migration: &Migration) -> Result<(), Error> {
        let (migrator, name) = (self.migrator, &migration.name);
        let duration = match self.history.unfinished(name) {
            None if is_transactional(&migration.up) => TRANSACTION_MS.to_owned(),
            _ => migrator.history.since_journaled(name),
        };
        let steps = for_server(&migration.up, self.session.major());
        let outcome = RefCell::new(Outcome::default());
        let record = |captured: &Captured| {
            outcome.replace(Outcome::of(migration, captured));
            migrator.record(migration, &duration, captured)
        };
        let work = Work {
            captures: is_inferred(migration) || !is_transactional(&steps),
            ..Self::work(migrator, name, Direction::Up, &steps, &record)
        };
        let duration = self
            .execute(&work, std::slice::from_ref(name))
            .map_err(|error| migrator.failed(self.session, Direction::Up, error))?;
        self.observer.event(outcome.into_inner().finished(name, duration));
        migrator.is_confirmed(name)
    }

    /// All migrations in one transaction.
    fn apply_together(&mut self, migrations: &[&Migration]) -> Result<Vec<String>, Error> {
        let migrator = self.migrator;
        let non_transactional = migrations.iter().find(|it| !is_transactional(&it.up));
        if let Some(migration) = non_transactional {
            return Err(Error::NotTransactional { name: migration.name.clone() });
        }
        migrator.tell_before_up(self.session, migrations, self.observer)?;
        let major = self.session.major();
        let steps: Vec<Step> = migrations.iter().flat_map(|it| for_server(&it.up, major)).collect();
        let outcomes = RefCell::new(Vec::new());
        let record = |captured: &Captured| {
            let each: Vec<_> = captured_by_migration(migrations, captured).collect();
            outcomes.replace(each.iter().map(|(it, own)| Outcome::of(it, own)).collect());
            each.iter().flat_map(|(it, own)| migrator.record(it, TRANSACTION_MS, own)).collect()
        };
        let names: Vec<_> = migrations.iter().map(|migration| migration.name.clone()).collect();
        let together = names.join(", ");
        let work = Work {
            captures: migrations.iter().any(|migration| is_inferred(migration)),
            ..Self::work(migrator, &together, Direction::Up, &steps, &record)
        };
        let duration = self
            .execute(&work, &names)
            .map_err(|error| migrator.failed(self.session, Direction::Up, error))?;
        for (name, outcome) in names.iter().zip(outcomes.into_inner()) {
            self.observer.event(outcome.finished(name, duration));
        }
        migrator.is_confirmed(&together)?;
        Ok(names)
    }
}

/// Returns the captures by migration, where the steps of all of them ran as those of one.
fn captured_by_migration<'a>(
    migrations: &'a [&'a Migration],
    captured: &'a Captured,
) -> impl Iterator<Item = (&'a Migration, Captured)> {
    let mut first = 0;
    migrations.iter().map(move |migration| {
        let start = first;
        first += migration.up.len();
        let own = captured.range(start..first);
        (*migration, own.map(|(step, inverse)| (step - start, inverse.clone())).collect())
    })
}

/// What is known of the inverse of a migration once it has been applied.
#[derive(Default)]
struct Outcome {
    /// Why it cannot be reverted.
    irreversible: Option<String>,
    /// What is lost when it is.
    lost: Vec<String>,
}

impl Outcome {
    fn of(migration: &Migration, captured: &Captured) -> Self {
        match StoredInverse::of(migration, captured) {
            StoredInverse::Irreversible(why) => {
                Self { irreversible: Some(why.reason), lost: Vec::new() }
            }
            StoredInverse::Explicit(_) => Self::default(),
            StoredInverse::Inferred(steps) => {
                Self { irreversible: None, lost: steps.iter().rev().flat_map(lost).collect() }
            }
        }
    }

    fn finished(self, name: &str, duration: Duration) -> Event {
        let Self { irreversible, lost } = self;
        let (name, direction) = (name.to_owned(), Direction::Up);
        Event::Finished { name, direction, duration, irreversible, lost }
    }
}

/// Whether the inverse of a migration is that of its steps.
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

/// Returns what is not restored by a step that can be reverted.
fn lost(back: &Step) -> Vec<String> {
    let Inverse::Captured(capture) = &back.inverse else { return Vec::new() };
    let summary = back.summary.strip_prefix(BACK).unwrap_or(&back.summary);
    let kept = back.statements.iter().flat_map(unrestored_of);
    let kept: Vec<_> = kept.map(|lost| format!("{lost} is not restored")).collect();
    let code = back.statements.iter().flat_map(code_of).filter(Code::runs);
    let code = code.map(|Code { object, owner, .. }| {
        format!("`down` refuses to run code of `{owner}`, which restoring {object} would do")
    });
    // What is known by now of what was dropped says it better.
    let is_known = |lost: &&str| {
        ["options that may hold secrets", "its password"].iter().any(|it| lost.starts_with(it))
            || capture.must_exist && !kept.is_empty() && lost.contains("what is dropped")
    };
    let lost = capture.lost.iter().flat_map(|lost| lost.split("; "));
    let lost = lost.filter(|lost| !is_known(lost)).map(str::to_owned);
    let lost = lost.chain(kept.iter().cloned()).chain(code);
    lost.map(|lost| format!("{summary}: {lost}")).collect()
}

/// Reports files that are missing, or differ from what was applied.
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
