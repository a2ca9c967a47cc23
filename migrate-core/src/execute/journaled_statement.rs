//! A statement outside the transaction of its migration, and what the journal says of it.

use std::time::Instant;

use super::capture::CaptureRecorder;
use super::error::{Failure, Origin};
use super::{FailureState, SHORT_IDLE_TIMEOUT, Work, journal};
use crate::connect::search_path::LEAVE_TRUSTED;
use crate::connect::{HISTORY_LOOK, OpenTransaction, Session};
use crate::event::Observer;
use crate::history::inverse::Captured;
use crate::history::{History, InFlight};
use crate::limits::Limits;

/// A statement in no transaction with others, and what is needed to run it.
pub(super) struct JournaledStatement<'a> {
    pub(super) history: &'a History,
    pub(super) work: &'a Work<'a>,
    pub(super) opening: &'a [String],
    pub(super) origin: Origin<'a>,
    /// How many statements of the migration are done.
    pub(super) done: usize,
}

/// How a statement outside a transaction has failed.
pub(super) struct StatementFailure {
    pub(super) failure: Failure,
    /// What it left behind, if the journal continues to say that it is running: the next runner
    /// determines what came of it.
    pub(super) left: Option<FailureState>,
}

impl From<Failure> for StatementFailure {
    fn from(failure: Failure) -> Self {
        Self { failure, left: None }
    }
}

impl StatementFailure {
    /// The same as about a lock, if all the time that there was for it went by.
    pub(super) fn if_it_waited(self, started: Instant, limits: &Limits) -> Self {
        Self { failure: self.failure.if_it_waited(started, limits), ..self }
    }
}

impl JournaledStatement<'_> {
    /// Records that it is done, with what is read of it then.
    pub(super) fn finish(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), StatementFailure> {
        let recorded = in_transaction(session, |transaction| {
            // It is done, even if what it was said to be about is not there.
            let read = match recorder.after(transaction, self.origin) {
                Err(Failure::NotThere { step, object, .. }) => {
                    Err(Failure::NotThere { step, object, done: true })
                }
                read => Ok(read?),
            };
            let finished = self.journal(self.done + 1, None, &recorder.captured);
            self.record(transaction, &finished, observer)?;
            Ok(read)
        });
        // What is wrong with the reading of it is recorded already.
        let recorded = recorded.map_err(|failure| StatementFailure {
            failure,
            left: Some(FailureState::Unrecorded),
        })?;
        Ok(recorded?)
    }

    pub(super) fn journal_as_not_done(&self, session: &mut Session, recorder: &CaptureRecorder) {
        let known = match self.done {
            0 => self.history.journal_end(self.work.name),
            _ => self.journal(self.done, None, &recorder.captured),
        };
        // Others may have locked it: then the next run finds out.
        _ = session.history_client(HISTORY_LOOK).batch_execute(&known);
    }

    /// Writes into the journal, at the end of a transaction.
    pub(super) fn record(
        &self,
        transaction: &mut OpenTransaction<'_>,
        sql: &str,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let patience = self.work.patience(self.history);
        patience.record(transaction, observer, sql).map_err(Failure::of_history)
    }

    pub(super) fn journal(
        &self,
        done: usize,
        noted: Option<&InFlight>,
        captured: &Captured,
    ) -> String {
        journal(self.history, self.work, done, noted, captured)
    }
}

/// Reading and recording around a statement that itself is in no transaction; with the author's
/// `search_path`.
pub(super) fn in_transaction<T>(
    session: &mut Session,
    work: impl FnOnce(&mut OpenTransaction<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let begun = OpenTransaction::begin(session, &[SHORT_IDLE_TIMEOUT, LEAVE_TRUSTED]);
    let mut transaction = begun.map_err(Failure::connection)?;
    let done = work(&mut transaction)?;
    transaction.commit().map_err(Failure::record)?;
    Ok(done)
}
