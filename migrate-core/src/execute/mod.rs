//! One migration, one direction.
//!
//! What can share a transaction with the history row does, and travels in one message. What
//! cannot is sent one statement at a time, and the journal says how far it came.
//!
//! No lock is waited for while others queue behind us, see [`Gate`](crate::lock::Gate); and a
//! person, the clock and the [watchdog](crate::lock::watchdog) can end a statement at any time.

pub(crate) mod apply_error;
mod attempt;
mod capture;
mod cleanup;
pub(crate) mod completion_probe;
mod defaults;
pub(crate) mod error;
pub(crate) mod failure_state;
mod invalid_index;
mod journaled_statement;
pub(crate) mod keywords;
mod non_transactional;
mod parts;
mod retry;
mod retry_state;
mod revert_step;
pub(crate) mod rust_function;
mod savepoint;
pub(crate) mod send;
mod server_error;
mod snapshot_wait;
mod transaction;
pub(crate) mod unlogged;

use std::time::{Duration, Instant};

use postgres::Client;

pub use apply_error::ApplyError;
pub(crate) use cleanup::{InterruptedStatement, settle, standing};
pub(crate) use error::Origin;
pub use error::{Failure, ServerError, Traffic};
pub use failure_state::FailureState;

use crate::connect::Session;
use crate::connect::interrupt::Interrupt;
use crate::event::{Direction, Event, Observer};
use crate::functions::Runner;
use crate::history::inverse::Captured;
use crate::history::{History, HistoryError, InFlight, Unfinished};
use crate::limits::Limits;
use crate::lock::{HistoryLockTimeout, RunnerLock};
use crate::plan::{Step, checksum_of_first};
pub(crate) use revert_step::revert;

use capture::CaptureRecorder;
use journaled_statement::{JournaledStatement, StatementFailure};
use parts::{Part, parts};
pub(crate) use send::Variables;
use transaction::Transaction;

/// A migration about to run.
pub(crate) struct Work<'a> {
    pub(crate) name: &'a str,
    pub(crate) direction: Direction,
    pub(crate) steps: &'a [Step],
    /// Whether the inverse of its steps is to be read from the catalog.
    pub(crate) captures: bool,
    /// What statements may ask of the environment.
    pub(crate) variables: &'a Variables,
    /// The runner of its Rust functions.
    pub(crate) functions: &'a Runner,
    /// The SQL that records the outcome, in the transaction of the last part.
    pub(crate) record: &'a dyn Fn(&Captured) -> Vec<String>,
    /// How long it may take, and make others wait.
    pub(crate) limits: Limits,
    /// What may end it.
    pub(crate) interrupt: &'a Interrupt,
}

/// For a transaction in which this program takes turns with the server. One that is suspended, or
/// cut off without a word, is not to keep its locks.
pub(crate) const SHORT_IDLE_TIMEOUT: &str = "SET LOCAL idle_in_transaction_session_timeout = '30s'";
/// The same while a Rust function is at work, which may compute, or wait for another service.
pub(crate) const LONG_IDLE_TIMEOUT: &str =
    "SET LOCAL idle_in_transaction_session_timeout = '10min'";

impl Work<'_> {
    /// Returns how long the history is waited for.
    fn patience<'a>(&'a self, history: &'a History) -> HistoryLockTimeout<'a> {
        HistoryLockTimeout { history, lock_wait: self.limits.lock_wait, interrupt: self.interrupt }
    }

    /// Reads or writes the history before the work continues.
    fn ask<T>(
        &self,
        session: &mut Session,
        history: &History,
        done: usize,
        observer: &mut dyn Observer,
        ask: impl FnMut(&mut Client) -> Result<T, HistoryError>,
    ) -> Result<T, ApplyError> {
        self.patience(history).until_free(session, observer, ask).map_err(|error| {
            let failure = Failure::of_history(error);
            let left = match failure.is_cut() || session.client().is_closed() {
                true => FailureState::Unknown,
                false => left(done, self),
            };
            ApplyError::new(self.name, self.direction, failure, left)
        })
    }

    pub(crate) fn statements(&self) -> usize {
        self.steps.iter().map(|step| step.statements.len()).sum()
    }
}

/// Whether all of these can share one transaction.
pub(crate) fn is_transactional(steps: &[Step]) -> bool {
    steps.iter().all(|step| step.transactional)
}

/// Runs a migration, from where it had stopped if it had, and records it.
pub(crate) fn apply(
    session: &mut Session,
    history: &History,
    lock: &RunnerLock,
    work: &Work<'_>,
    unfinished: Option<&Unfinished>,
    observer: &mut dyn Observer,
) -> Result<Duration, ApplyError> {
    let started = Instant::now();
    let fail = |failure, left| ApplyError::new(work.name, work.direction, failure, left);
    let mut done = begin(session, history, work, unfinished, observer)?;
    let known = unfinished.map_or_else(Captured::new, |unfinished| unfinished.captured.clone());
    // What one migration sets, by a function for example, is not for the next one.
    let first = [vec![lock.assertion()], session.as_it_was()].concat();
    let others = [lock.assertion()];
    let mut recorder = CaptureRecorder::new(work.captures, known);
    let looked = recorder.look_for_children(session, work.steps);
    looked.map_err(|error| fail(Failure::connection(error), FailureState::Unknown))?;
    let parts = parts(work.steps, done);
    let journaled = unfinished.is_some() || parts.len() > 1 || !is_transactional(work.steps);
    for (index, part) in parts.iter().enumerate() {
        let is_last = index == parts.len() - 1;
        let ending = is_last.then_some(Ending { journaled });
        let opening = if index == 0 { &first[..] } else { &others[..] };
        let execution = Execution { history, work, opening, done };
        let result = execution.run(part, ending, session, &mut recorder, observer);
        tell_notices(session, part, observer);
        if let Err(StatementFailure { failure, left }) = result {
            let left = state_after(&failure, left, part, (done, work), session);
            return Err(fail(failure, left));
        }
        done += part.len();
    }
    session.note_what_ran(work.steps);
    Ok(started.elapsed())
}

/// Returns how many statements are done before the first one to run; refuses if it must not run.
fn begin(
    session: &mut Session,
    history: &History,
    work: &Work<'_>,
    unfinished: Option<&Unfinished>,
    observer: &mut dyn Observer,
) -> Result<usize, ApplyError> {
    let mut done = unfinished.map_or(0, |unfinished| unfinished.statements_done);
    let fail = |failure, left| ApplyError::new(work.name, work.direction, failure, left);
    let left = left(done, work);
    if let Some(stop) = work.interrupt.stopped() {
        return Err(fail(Failure::Stopped(stop), left));
    }
    // What commits as it runs would be done by the time that its history row is refused.
    if work.direction == Direction::Up && !is_transactional(work.steps) {
        let has = |client: &mut Client| history.has(client, work.name);
        if work.ask(session, history, done, observer, has)? {
            return Err(fail(Failure::AlreadyApplied, left));
        }
    }
    if let Some(unfinished) = unfinished.filter(|unfinished| unfinished.running) {
        let (limits, interrupt) = (&work.limits, work.interrupt);
        let settled = settle(session, unfinished, work.steps, limits, interrupt, observer)?;
        done += usize::from(settled);
        let settled = journal(history, work, done, None, &unfinished.captured);
        let settled = |client: &mut Client| Ok(client.batch_execute(&settled)?);
        work.ask(session, history, done, observer, settled)?;
    }
    if done > 0 {
        observer.event(Event::Resumed { name: work.name.to_owned(), done });
    }
    Ok(done)
}

/// That a part is the last, and records the migration.
#[derive(Clone, Copy)]
struct Ending {
    /// Whether the journal has to forget it then.
    journaled: bool,
}

/// The execution of one part.
struct Execution<'a> {
    history: &'a History,
    work: &'a Work<'a>,
    /// What comes first and must not fail.
    opening: &'a [String],
    /// How many statements of the migration are done before it.
    done: usize,
}

impl Execution<'_> {
    fn run(
        &self,
        part: &Part<'_>,
        ending: Option<Ending>,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), StatementFailure> {
        let Self { history, work, opening, done } = *self;
        let statements = match part {
            Part::Together(statements) => statements,
            Part::Alone(origin) => {
                observer.event(Event::Statement { summary: origin.step.summary.clone() });
                let origin = *origin;
                let statement = JournaledStatement { history, work, opening, origin, done };
                return statement.run(session, recorder, observer);
            }
        };
        let closing = |captured: &Captured| {
            // The history is ours to write, whatever role the migration took.
            let mut closing = vec!["RESET ROLE".to_owned()];
            match ending {
                Some(Ending { journaled }) => {
                    // The duration is read from the journal, so that is forgotten last.
                    closing.extend((work.record)(captured));
                    closing.extend(journaled.then(|| history.journal_end(work.name)));
                }
                None => {
                    closing.push(journal(history, work, done + statements.len(), None, captured));
                }
            }
            closing
        };
        let transaction = Transaction {
            history,
            opening,
            statements,
            variables: work.variables,
            functions: work.functions,
            closing: &closing,
            limits: &work.limits,
            interrupt: work.interrupt,
        };
        transaction.run(session, recorder, observer).map_err(StatementFailure::from)
    }
}

/// Tells what the server said while a part ran; nothing where that may have a secret in it.
fn tell_notices(session: &mut Session, part: &Part<'_>, observer: &mut dyn Observer) {
    let notices = session.take_notices();
    if part.has_secrets() {
        return;
    }
    let more = notices.more();
    for notice in notices.kept {
        let detail = notice.detail().map(|detail| format!(": {}", detail.replace('\n', ", ")));
        observer.event(Event::Notice {
            severity: notice.severity().to_lowercase(),
            message: format!("{}{}", notice.message(), detail.unwrap_or_default()),
        });
    }
    if more > 0 {
        let message = format!("and {more} more like these, which were not kept");
        observer.event(Event::Notice { severity: "notice".to_owned(), message });
    }
}

/// Returns the state in which a failed part leaves the migration.
fn state_after(
    failure: &Failure,
    left: Option<FailureState>,
    part: &Part<'_>,
    (done, work): (usize, &Work<'_>),
    session: &mut Session,
) -> FailureState {
    match part {
        _ if failure.is_cut() || session.client().is_closed() => FailureState::Unknown,
        Part::Alone(_) if matches!(failure, Failure::NotThere { done: true, .. }) => {
            FailureState::Partial { done: done + 1, of: work.statements() }
        }
        Part::Together(_) => partial(done, work).unwrap_or(FailureState::RolledBack),
        Part::Alone(_) => {
            left.unwrap_or_else(|| partial(done, work).unwrap_or(FailureState::Nothing))
        }
    }
}

/// Returns the state of the migration before the work continues.
fn left(done: usize, work: &Work<'_>) -> FailureState {
    partial(done, work).unwrap_or(FailureState::Nothing)
}

fn partial(done: usize, work: &Work<'_>) -> Option<FailureState> {
    (done > 0).then(|| FailureState::Partial { done, of: work.statements() })
}

/// The journal's word on how far a migration has come. It is of the statements that are done: what
/// comes after them may be fixed. The one after them is about to run where something is noted of
/// it.
fn journal(
    history: &History,
    work: &Work<'_>,
    done: usize,
    noted: Option<&InFlight>,
    captured: &Captured,
) -> String {
    let checksum = checksum_of_first(work.steps, done);
    history.journal(work.name, work.direction, &checksum, done, noted, captured)
}
