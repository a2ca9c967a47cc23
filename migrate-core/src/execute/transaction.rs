//! Statements that stand or fall together with what is recorded of them.

use std::borrow::Cow;
use std::time::Instant;

use postgres::error::SqlState;

use super::capture::CaptureRecorder;
use super::error::{Failure, Origin, ServerError, is_lock};
use super::invalid_index::may_accept_an_invalid_index;
use super::retry_state::RetryState;
use super::send::{Variables, is_alone, text};
use super::{defaults, rust_function, savepoint};
use crate::connect::interrupt::{Interrupt, Interruption, Kind, Verdict};
use crate::connect::search_path::{ENTER_TRUSTED, LEAVE_TRUSTED, TRUSTED_IN_TRANSACTION};
use crate::connect::{OpenTransaction, Session};
use crate::event::Observer;
use crate::functions::Runner;
use crate::history::History;
use crate::history::inverse::Captured;
use crate::limits::Limits;

/// The statements of one transaction.
pub(super) struct Transaction<'a> {
    /// Where its outcome is recorded.
    pub(super) history: &'a History,
    /// What comes first and must not fail.
    pub(super) opening: &'a [String],
    pub(super) statements: &'a [Origin<'a>],
    pub(super) variables: &'a Variables,
    pub(super) functions: &'a Runner,
    /// What is recorded at the end, given what is known of the inverse then.
    pub(super) closing: &'a dyn Fn(&Captured) -> Vec<String>,
    pub(super) limits: &'a Limits,
    pub(super) interrupt: &'a Interrupt,
}

impl Transaction<'_> {
    /// Runs the statements and the closing ones in one transaction, and in one message if nothing
    /// has to be read between them.
    ///
    /// The server does not say which statement of a message failed. Then the whole is rolled back
    /// and run again one statement at a time, to find the cause; a statement that failed temporarily
    /// may succeed on that second run, which is as good. This excludes what was canceled, by a user
    /// or by a timeout: it was not to run at all, or not for so long. Only the server's report is a
    /// failure: where the driver loses track, the transaction may have been committed.
    pub(super) fn run(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        self.go_on()?;
        let captures = self.statements.iter().any(|origin| recorder.asked(origin).is_some());
        let mut retry = RetryState::new(captures, self.limits.blocking);
        let alone = |origin: &Origin<'_>| {
            is_alone(origin.statement) || may_accept_an_invalid_index(&origin.statement.sql)
        };
        if captures || self.statements.iter().any(alone) {
            let deadline = Instant::now() + self.limits.lock_wait;
            return self.until_it_gets_its_locks(session, recorder, retry, deadline, observer);
        }
        let (result, ended) = self.at_once(session, recorder, &retry);
        let Err(error) = result else {
            session.note_author();
            return Ok(());
        };
        retry.locked = error.code().is_some_and(is_lock);
        retry.attempts = usize::from(retry.locked);
        let mut transaction = OpenTransaction::left_by(session);
        let stands_before = self.stands_before(&mut transaction, &error, &ended);
        let deadline = Instant::now() + self.limits.lock_wait;
        if stands_before.is_some() {
            drop(transaction.take_notices());
            let tried = self.one_by_one(
                transaction,
                recorder,
                &mut retry,
                stands_before,
                deadline,
                observer,
            );
            if self.is_over(session, tried, &mut retry, deadline, observer)? {
                return Ok(());
            }
        } else {
            let is_back = if Failure::is_cut_by(&error) {
                transaction.abandon();
                false
            } else {
                transaction.roll_back().is_ok()
            };
            // What was said on the way will be said again, or was never done; and of a message that the
            // server could not read, not even BEGIN was, so that it wonders at ROLLBACK.
            drop(session.take_notices());
            if !is_back {
                return Err(Failure::Connection(self.said(error)));
            }
            self.may_run_again(error, ended)?;
        }
        self.until_it_gets_its_locks(session, recorder, retry, deadline, observer)
    }

    /// Returns the error of all of them.
    pub(super) fn said(&self, error: postgres::Error) -> ServerError {
        ServerError::of(error, self.statements.iter().map(|origin| origin.statement))
    }

    pub(super) fn go_on(&self) -> Result<(), Failure> {
        self.interrupt.stopped().map_or(Ok(()), |stop| Err(Failure::Stopped(stop)))
    }

    /// In one message; what the server said to it, and what was done to it.
    fn at_once(
        &self,
        session: &mut Session,
        recorder: &CaptureRecorder,
        retry: &RetryState,
    ) -> (Result<(), postgres::Error>, Interruption) {
        let closing = (self.closing)(&recorder.captured);
        let bounds = self.bounds(retry);
        let texts = [Cow::Borrowed("BEGIN"), TRUSTED_IN_TRANSACTION.into()]
            .into_iter()
            .chain(self.opening.iter().map(Cow::from))
            .chain(bounds.iter().map(Cow::from))
            .chain([LEAVE_TRUSTED.into()])
            .chain(self.texts())
            .chain([ENTER_TRUSTED.into()])
            .chain(closing.iter().map(Cow::from))
            .chain([LEAVE_TRUSTED.into(), "COMMIT".into()]);
        // The semicolon stands on a line of its own: a statement may end in a `--` comment.
        let message = texts.collect::<Vec<_>>().join("\n;\n");
        let count = self.statements.len();
        session.guarded_all(self.interrupt, Kind::Blocking, count, |client| {
            client.batch_execute(&message)
        })
    }

    /// The statement before which the transaction stands once the message has failed: that of the
    /// savepoint, where all of it need not be rolled back.
    fn stands_before(
        &self,
        transaction: &mut OpenTransaction<'_>,
        error: &postgres::Error,
        ended: &Interruption,
    ) -> Option<usize> {
        let first_work = self.first_work();
        let has_savepoint =
            (0..self.statements.len()).any(|number| self.has_savepoint(number, first_work));
        let goes_on = error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
            && !self.interrupt.is_stopped()
            && ended.verdict.is_none()
            && has_savepoint;
        goes_on.then(|| savepoint::resume(transaction)).flatten()
    }

    /// Checks that the message, which has failed, may be tried again one statement at a time.
    fn may_run_again(&self, error: postgres::Error, ended: Interruption) -> Result<(), Failure> {
        self.go_on()?;
        match (ended.verdict, self.statements) {
            (Some(Verdict::InTheWay { others, waited }), statements) => {
                let step = statements
                    .first()
                    .filter(|first| statements.iter().all(|origin| origin.index == first.index));
                Err(Failure::in_the_way(step.copied(), others, waited, Some(self.said(error))))
            }
            (None, [only]) if is_cancelled(&error) => Err(Failure::statement(*only, error)),
            (None, _) if is_cancelled(&error) => Err(Failure::Cancelled(self.said(error))),
            _ => Ok(()),
        }
    }

    /// The first statement that may take its time, if there is any.
    fn first_work(&self) -> Option<usize> {
        self.statements.iter().position(|origin| savepoint::is_work(origin.statement))
    }

    /// Whether this statement and the one after it were captured of the same step.
    fn are_of_a_capture(&self, number: usize) -> bool {
        let Some([one, next]) = self.statements.get(number..number + 2) else { return false };
        one.statement.captured && next.statement.captured && one.index == next.index
    }

    /// Whether a savepoint is set before this statement, given the first that is work. What was
    /// captured of a step shares one: a savepoint costs the server as much as the transaction has made
    /// by then.
    fn has_savepoint(&self, number: usize, first_work: Option<usize>) -> bool {
        first_work.is_some_and(|first| number > first) && !self.are_of_a_capture(number - 1)
    }

    /// The statements, each with the path that its names are read with; those that come after some
    /// work, with a savepoint before them.
    fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let first = self.first_work();
        let mut is_set = false;
        self.statements.iter().enumerate().flat_map(move |(number, origin)| {
            let savepoint = self.has_savepoint(number, first).then(|| {
                let set = savepoint::set(number);
                match std::mem::replace(&mut is_set, true) {
                    true => Cow::Owned(format!("{};\n{set}", savepoint::RELEASE)),
                    false => Cow::Owned(set),
                }
            });
            let text = text(origin.statement, self.variables);
            let goes_on = number > 0 && self.are_of_a_capture(number - 1);
            let [before, after] = match origin.statement.captured {
                // What one of them calls may have set another path.
                true if goes_on => [Some(TRUSTED_IN_TRANSACTION), Some(LEAVE_TRUSTED)],
                true => [Some(ENTER_TRUSTED), Some(LEAVE_TRUSTED)],
                false => [None, None],
            };
            let after = after.filter(|_| !self.are_of_a_capture(number));
            let enter = before.filter(|_| !goes_on).map(|_| Cow::Owned(defaults::enter(true)));
            let leave = after.map(|_| Cow::Owned(defaults::leave(true)));
            [savepoint, before.map(Cow::from), enter, Some(text), leave, after.map(Cow::from)]
                .into_iter()
                .flatten()
        })
    }
}

/// Returns how a function ended, given the verdict of the watchdog, which may have ended it.
pub(super) fn function_ended(
    origin: Origin<'_>,
    result: Result<(), rust_function::FailedCall>,
    ended: &Interruption,
) -> Result<(), Failure> {
    match (result, ended.verdict) {
        (Err(rust_function::FailedCall::Cut(error)), _) => Err(Failure::connection(error)),
        (_, Some(Verdict::InTheWay { others, waited })) => {
            Err(Failure::in_the_way(Some(origin), others, waited, None))
        }
        (_, Some(Verdict::Queued)) => Err(Failure::queued(Some(origin), None)),
        (Ok(()), None) => Ok(()),
        (Err(rust_function::FailedCall::Failed { error, begun }), None) => {
            Err(Failure::function(origin, error, begun))
        }
    }
}

/// Whether it was canceled by a user, or because it took too long.
fn is_cancelled(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
