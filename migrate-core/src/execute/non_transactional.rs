//! A statement outside the transaction of its migration, journaled before and after.
//!
//! Most statements can share a transaction with their entry in the journal, and then it is never in
//! doubt whether they were done. For those that the server refuses in one, the journal says that
//! they are about to run, and on a resume the catalog tells whether they ran.

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::SHORT_IDLE_TIMEOUT;
use super::attempt::{Attempt, BUDGET, LearnedLocks};
use super::capture::CaptureRecorder;
use super::completion_probe::{Answer, CompletionProbe, is_direct, shuts_out};
use super::error::{Failure, ServerError, is_lock};
use super::invalid_index::invalid_namesake;
use super::journaled_statement::{JournaledStatement, StatementFailure};
use super::snapshot_wait::{self, Why};
use super::transaction::Transaction;
use crate::connect::interrupt::Kind;
use crate::connect::{OpenTransaction, Session};
use crate::event::Observer;
use crate::history::inverse::Captured;
use crate::lock::{GateOutcome, Obstacle};

/// How soon a statement is tried again that did not get its locks.
const PAUSE: Duration = Duration::from_millis(200);

impl JournaledStatement<'_> {
    pub(super) fn run(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), StatementFailure> {
        let is_function = self.origin.statement.rust.is_some();
        if !is_function && !is_direct(&self.origin.statement.sql) {
            match self.in_transaction(session, recorder, observer) {
                Err(Failure::Statement { source, .. }) if refuses_transactions(&source) => {}
                ended => return Ok(ended?),
            }
        }
        self.directly(session, recorder, observer)
    }

    /// In a transaction of its own, with the journal's word on it.
    fn in_transaction(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let closing = |captured: &Captured| {
            let reset = "RESET ROLE".to_owned();
            vec![reset, self.journal(self.done + 1, None, captured)]
        };
        let transaction = Transaction {
            history: self.history,
            opening: self.opening,
            statements: &[self.origin],
            variables: self.work.variables,
            functions: self.work.functions,
            closing: &closing,
            limits: &self.work.limits,
            interrupt: self.work.interrupt,
        };
        transaction.run(session, recorder, observer)
    }

    fn directly(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        observer: &mut dyn Observer,
    ) -> Result<(), StatementFailure> {
        let sql = &self.origin.statement.sql;
        let deadline = Instant::now() + self.work.limits.lock_wait;
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        let invalid = invalid_namesake(session.client(), sql).map_err(Failure::connection)?;
        if let Some(index) = invalid {
            return Err(Failure::invalid_index(self.origin, index).into());
        }
        let question = CompletionProbe::of(self.origin.step, sql);
        let pid = session.backend_pid();
        let noted = question.note(session.client(), pid, (self.origin.step, sql));
        let noted = noted.map_err(Failure::connection)?;
        let mut learned = shuts_out(sql).then(LearnedLocks::default);
        // What a previous attempt left behind, while the journal says that it is running.
        let mut left = None;
        loop {
            self.wait_before(session, &question, &mut learned, deadline, observer)
                .map_err(|failure| StatementFailure { failure, left })?;
            let attempt = Attempt { of: self, question: &question, noted: &noted };
            let Some(failed) = attempt.run(session, recorder, &mut learned, observer)? else {
                return Ok(());
            };
            left = failed.left;
            if !failed.failure.is_about_a_lock() {
                return Err(failed);
            }
            // It may have done something for good before it came upon the lock.
            if left.is_some() {
                match question.ask(session.client(), &noted) {
                    Ok(Answer::Done) => return self.finish(session, recorder, observer),
                    Ok(Answer::NotDone) => {}
                    Err(error) if Failure::is_cut_by(&error) => {
                        return Err(Failure::connection(error).into());
                    }
                    _ => return Err(failed),
                }
            }
            if Instant::now() >= deadline {
                let obstacle = learned.map(|learned| learned.gate.in_the_way(session.client()));
                let failure = failed.failure.locked(obstacle.unwrap_or_default());
                return Err(StatementFailure { failure, left });
            }
            drop(session.take_notices());
            if let Some(stop) = self.work.interrupt.sleep(PAUSE) {
                return Err(StatementFailure { failure: Failure::Stopped(stop), left });
            }
        }
    }

    /// Waits for what an attempt requires: locks, and for an index build the end of old snapshots.
    fn wait_before(
        &self,
        session: &mut Session,
        question: &CompletionProbe,
        learned: &mut Option<LearnedLocks>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        if let Some(stop) = self.work.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        if let Some(learned) = learned {
            self.wait_at_the_gate(session, learned, deadline, observer)?;
        }
        if matches!(question, CompletionProbe::CreateIndex { .. } | CompletionProbe::Reindex) {
            self.wait_for_snapshots(session, deadline, observer)?;
        }
        Ok(())
    }

    fn wait_for_snapshots(
        &self,
        session: &mut Session,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let interrupt = self.work.interrupt;
        let why = snapshot_wait::wait(session.client(), deadline, interrupt, observer);
        match why.map_err(Failure::connection)? {
            None => Ok(()),
            Some(Why::Stopped(stop)) => Err(Failure::Stopped(stop)),
            Some(Why::Held(holders)) => {
                let step = Some(Box::new(self.origin.step.clone()));
                Err(Failure::obstructed(step, Obstacle { holders, busy: Vec::new() }, None))
            }
        }
    }

    /// Waits until the locks can be had that it was seen waiting for; autovacuum is sent away.
    fn wait_at_the_gate(
        &self,
        session: &mut Session,
        learned: &mut LearnedLocks,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let interrupt = self.work.interrupt;
        let step = || Some(Box::new(self.origin.step.clone()));
        loop {
            let gone = learned.gate.wait(session.client(), deadline, interrupt, observer);
            match gone.map_err(Failure::connection)? {
                GateOutcome::Free if !learned.gate.is_known() => return Ok(()),
                GateOutcome::Free | GateOutcome::Blocking => {}
                GateOutcome::Held(obstacle) => {
                    return Err(Failure::obstructed(step(), obstacle, None));
                }
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            // The statement has to ask for them itself: this shows that it will get them.
            let locks = learned.gate.locks(BUDGET, ..).join("; ");
            let with = [SHORT_IDLE_TIMEOUT, &locks];
            let (mut transaction, (tried, _)) =
                OpenTransaction::begin_guarded(session, interrupt, Kind::Blocking, &with);
            match transaction.is_closed() {
                true => transaction.abandon(),
                false => transaction.roll_back().map_err(Failure::connection)?,
            }
            let Err(error) = tried else { return Ok(()) };
            if !error.code().is_some_and(is_lock) {
                // Whatever it is, the statement itself will tell.
                return if session.client().is_closed() {
                    Err(Failure::connection(error))
                } else {
                    Ok(())
                };
            }
            if Instant::now() >= deadline {
                let obstacle = learned.gate.in_the_way(session.client());
                return Err(Failure::obstructed(step(), obstacle, Some(error.into())));
            }
            if let Some(stop) = interrupt.sleep(PAUSE) {
                return Err(Failure::Stopped(stop));
            }
        }
    }
}

/// Whether the server said that the statement runs in no transaction, or ends it itself.
fn refuses_transactions(error: &ServerError) -> bool {
    let codes = [SqlState::ACTIVE_SQL_TRANSACTION, SqlState::INVALID_TRANSACTION_TERMINATION];
    error.code().is_some_and(|code| codes.contains(code))
}
