//! One attempt at a statement outside a transaction: the timeouts with which it is sent, what its
//! failure means, and what is cleaned up after it.

use std::time::{Duration, Instant};

use super::capture::CaptureRecorder;
use super::cleanup::Leftovers;
use super::completion_probe::{Answer, CompletionProbe};
use super::error::{Failure, Origin, ServerError};
use super::failure_state::is_refused;
use super::journaled_statement::{JournaledStatement, StatementFailure, in_transaction};
use super::keywords::commits_as_it_goes;
use super::send::send_outside;
use super::transaction::function_ended;
use super::{FailureState, rust_function};
use crate::connect::Session;
use crate::connect::interrupt::{Interruption, Kind, Verdict};
use crate::event::Observer;
use crate::history::InFlight;
use crate::lock::Gate;
use crate::lock::watchdog::is_watching;

/// How long a statement that locks out all other sessions waits for its lock: as long as others may
/// wait behind it.
pub(super) const BUDGET: Duration = Duration::from_millis(50);
/// How long to try to remove the remains of a failed statement; the next run has more time.
const TIDY: Duration = Duration::from_secs(2);
/// The most that the server takes for a timeout, in milliseconds.
const LONGEST: u128 = i32::MAX as u128;

/// What a statement that locks out all other sessions has learned of the locks that it requires.
#[derive(Default)]
pub(super) struct LearnedLocks {
    pub(super) gate: Gate,
    /// Whether a lock has been what it failed for.
    pub(super) locked: bool,
}

/// A statement that is about to be sent once.
pub(super) struct Attempt<'a> {
    pub(super) of: &'a JournaledStatement<'a>,
    pub(super) question: &'a CompletionProbe,
    /// What the catalog had before it.
    pub(super) noted: &'a InFlight,
}

/// The timeouts that the session has while the statement runs.
#[derive(Clone, Copy)]
struct Timeouts {
    statement: Option<Duration>,
    lock: Option<Duration>,
}

impl Timeouts {
    fn set(self, session: &mut Session) -> Result<(), Failure> {
        let statement = self
            .statement
            .map(|limit| format!("SET statement_timeout = {}", limit.as_millis().max(1)));
        for sql in statement.into_iter().chain(self.lock.map(lock_timeout)) {
            session.client().batch_execute(&sql).map_err(Failure::connection)?;
        }
        Ok(())
    }

    fn reset(self, session: &mut Session) {
        let statement = self.statement.map(|_| "SET statement_timeout = 0");
        let lock = self.lock.map(|_| "SET lock_timeout = 0");
        for sql in statement.into_iter().chain(lock) {
            if !session.client().is_closed() {
                _ = session.client().batch_execute(sql);
            }
        }
    }
}

impl Attempt<'_> {
    /// Runs it; a failure whose end is known, and is recorded, may be tried again.
    pub(super) fn run(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        learned: &mut Option<LearnedLocks>,
        observer: &mut dyn Observer,
    ) -> Result<Option<StatementFailure>, StatementFailure> {
        let work = self.of.work;
        self.journal_as_running(session, recorder, observer)?;
        let timeouts = self.timeouts(learned.is_some());
        timeouts.set(session)?;
        let kind = match &learned {
            _ if self.question.is_concurrent() => Kind::Concurrent,
            Some(learned) if learned.locked && is_watching(work.interrupt) => Kind::Observed,
            _ => Kind::Blocking,
        };
        let started = Instant::now();
        let (sent, ended) = match self.send(session, kind) {
            (Ok(sent), ended) => (sent, ended),
            (Err(failure), _) => {
                let ended = self.function_failed(session, recorder, failure);
                return ended.map_err(|broken| broken.if_it_waited(started, &work.limits));
            }
        };
        timeouts.reset(session);
        if let Some(learned) = learned
            && !session.client().is_closed()
        {
            learned.locked |= sent.is_err();
            let learned = learned.gate.learn(session.client(), &ended.waits, 0);
            learned.map_err(Failure::connection)?;
        }
        let Err(error) = sent else {
            self.of.finish(session, recorder, observer)?;
            return Ok(None);
        };
        if Failure::is_cut_by(&error) || session.client().is_closed() {
            // Its end is open, and the journal leaves it so.
            return Err(Failure::connection(error).into());
        }
        let begun = commits_as_it_goes(&self.of.origin.statement.sql) && !is_refused(&error);
        let failure = self.failure(error, ended, started);
        let (done, left) = self.clean_up(session, begun, observer)?;
        if done {
            self.of.finish(session, recorder, observer)?;
            return Ok(None);
        }
        if left.is_none() {
            self.of.journal_as_not_done(session, recorder);
        }
        Ok(Some(StatementFailure { failure, left }))
    }

    fn journal_as_running(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let JournaledStatement { origin, done, .. } = *self.of;
        let gone = matches!(self.question, CompletionProbe::DropIndex { .. });
        in_transaction(session, |transaction| {
            recorder.before(transaction, origin)?;
            // Should this runner not live to see the end, the next one finds nothing to compare.
            let captured =
                if gone { recorder.if_all_is_gone(&origin) } else { recorder.captured.clone() };
            let running = self.of.journal(done, Some(self.noted), &captured);
            self.of.record(transaction, &running, observer)
        })
    }

    fn timeouts(&self, shuts_out: bool) -> Timeouts {
        let JournaledStatement { work, origin, .. } = *self.of;
        let lock = match self.question {
            _ if shuts_out => Some(BUDGET),
            // At the end, other sessions are locked out of the partition, and what is not done then is
            // done when no other session holds a lock on it.
            CompletionProbe::Detach { .. } => Some(BUDGET),
            // Whether or not the sessions that wait behind it can be observed. This is limited to what
            // can be tried again: a procedure may have committed some of its work.
            CompletionProbe::Repeat | CompletionProbe::CreateIndex { concurrently: false, .. }
                if origin.statement.rust.is_none() =>
            {
                Some(work.limits.blocking)
            }
            // What commits as it runs is not tried again, and so has all the time at once.
            _ => has_all_the_time(origin).then_some(work.limits.lock_wait),
        };
        let statement = work.limits.statement.filter(|_| !self.question.is_concurrent());
        Timeouts { statement, lock }
    }

    /// Returns the server's answer; or how a function failed.
    fn send(
        &self,
        session: &mut Session,
        kind: Kind,
    ) -> (Result<Result<(), postgres::Error>, Failure>, Interruption) {
        let JournaledStatement { work, origin, .. } = *self.of;
        let Some(called) = &origin.statement.rust else {
            let (sent, ended) = session.guarded(work.interrupt, kind, |client| {
                send_outside(client, origin.statement, work.variables)
            });
            return (Ok(sent), ended);
        };
        let (result, ended) = session.guarded(work.interrupt, kind, |client| {
            rust_function::run_outside(client, called, work.functions, work.interrupt)
        });
        (function_ended(origin, result, &ended).map(Ok), ended)
    }

    /// Returns its failure, given why it was ended.
    fn failure(&self, error: postgres::Error, ended: Interruption, started: Instant) -> Failure {
        let JournaledStatement { work, origin, .. } = *self.of;
        match (work.interrupt.stopped(), ended.verdict) {
            (Some(stop), _) => Failure::Stopped(stop),
            (_, Some(Verdict::Queued)) => {
                Failure::queued(Some(origin), Some(ServerError::of(error, [origin.statement])))
            }
            (_, Some(Verdict::InTheWay { others, waited })) => {
                let said = ServerError::of(error, [origin.statement]);
                Failure::in_the_way(Some(origin), others, waited, Some(said))
            }
            (None, None) if has_all_the_time(origin) => {
                Failure::statement(origin, error).if_it_waited(started, &work.limits)
            }
            (None, None) => Failure::statement(origin, error),
        }
    }

    /// Removes what a failed statement left behind. The failure to report is the statement's own. Returns
    /// whether it is done nevertheless, and if not, what remains of it.
    fn clean_up(
        &self,
        session: &mut Session,
        begun: bool,
        observer: &mut dyn Observer,
    ) -> Result<(bool, Option<FailureState>), StatementFailure> {
        let JournaledStatement { work, origin, .. } = *self.of;
        let (limits, interrupt, step) = (&work.limits, work.interrupt, Some(origin.step));
        let leftovers = Leftovers { limits, interrupt, step, patience: TIDY };
        let mut see_to = || leftovers.see_to(session, self.question, self.noted, observer);
        Ok(match self.question {
            CompletionProbe::CreateIndex { .. } | CompletionProbe::Reindex => {
                (false, see_to().err().map(|_| FailureState::Incomplete))
            }
            // A partition that is partly detached, or an index partly dropped, cannot be restored.
            CompletionProbe::Detach { .. } | CompletionProbe::DropIndex { .. } => match see_to() {
                Ok(Answer::Done) => (true, None),
                Ok(_) => (false, None),
                // What the statement itself failed for says why the index is still there.
                Err(_) if matches!(self.question, CompletionProbe::DropIndex { .. }) => {
                    (false, Some(FailureState::Incomplete))
                }
                Err(failure) => {
                    return Err(StatementFailure { failure, left: Some(FailureState::Incomplete) });
                }
            },
            _ => (false, begun.then_some(FailureState::Begun)),
        })
    }

    /// What a function outside a transaction did before it failed is done. So the journal continues to
    /// say that it is running, and the next run decides by the declaration of the step's author.
    fn function_failed(
        &self,
        session: &mut Session,
        recorder: &CaptureRecorder,
        failure: Failure,
    ) -> Result<Option<StatementFailure>, StatementFailure> {
        if session.client().is_closed() || failure.is_cut() {
            return Err(failure.into());
        }
        _ = session.client().batch_execute("SET statement_timeout = 0; SET lock_timeout = 0");
        let left = failure.may_have_begun().then_some(FailureState::Begun);
        if left.is_none() {
            self.of.journal_as_not_done(session, recorder);
        }
        Err(StatementFailure {
            failure: self.of.work.interrupt.stopped().map_or(failure, Failure::Stopped),
            left,
        })
    }
}

/// Whether a statement has to get its locks in the time that there is for all attempts: it is not
/// tried again.
pub(super) fn has_all_the_time(origin: Origin<'_>) -> bool {
    origin.statement.rust.is_some() || commits_as_it_goes(&origin.statement.sql)
}

/// Has the server end a statement that waits for a lock for so long.
pub(super) fn lock_timeout(budget: Duration) -> String {
    format!("SET lock_timeout = {}", budget.as_millis().clamp(1, LONGEST))
}
