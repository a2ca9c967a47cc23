//! Runs statements of a transaction one at a time, and again if a lock is not available at once.

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::capture::CaptureRecorder;
use super::error::{Failure, Origin, is_lock};
use super::invalid_index::invalid_namesake_within;
use super::retry_state::RetryState;
use super::send::send;
use super::transaction::{Transaction, function_ended};
use super::unlogged::Logging;
use super::{LONG_IDLE_TIMEOUT, SHORT_IDLE_TIMEOUT, defaults, rust_function, savepoint};
use crate::connect::interrupt::{Interruption, Kind, Verdict, Wait};
use crate::connect::search_path::{ENTER_TRUSTED, LEAVE_TRUSTED};
use crate::connect::{OpenTransaction, Session};
use crate::event::Observer;
use crate::lock::watchdog::is_watching;
use crate::lock::{GateOutcome, waits_to_record};

/// What takes longer is not done under a lock that could be taken after it.
const QUICK: Duration = Duration::from_millis(5);

/// A statement, and its number in the transaction.
#[derive(Clone, Copy)]
struct Numbered<'a> {
    number: usize,
    origin: Origin<'a>,
    /// Whether there is a savepoint before it.
    has_savepoint: bool,
}

/// Why a transaction is not committed. The server is queried for what it waited for after the rollback.
pub(super) enum NotCommitted {
    /// There is nothing to be queried.
    Failed(Failure),
    /// The statement of this number was seen waiting for locks.
    Waited { failure: Failure, waits: Vec<Wait>, number: usize },
    /// Others have locked the tables in which it is recorded by this SQL.
    Unrecorded { error: postgres::Error, closing: Vec<String> },
}

impl From<Failure> for NotCommitted {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl NotCommitted {
    /// Converts it where the server can no longer be queried.
    fn unasked(self) -> Self {
        match self {
            Self::Failed(failure) | Self::Waited { failure, .. } => Self::Failed(failure),
            Self::Unrecorded { error, .. } => Self::Failed(Failure::record(error)),
        }
    }
}

impl Transaction<'_> {
    /// Returns what the transaction sets at its start. The locks that are known to be required are
    /// taken there, before any work is done that would be lost with them, unless there is work before
    /// them that other sessions would have to wait for, or something to be read.
    pub(super) fn bounds(&self, retry: &RetryState) -> Vec<String> {
        let quick = if retry.captures { 0 } else { retry.behind_work.unwrap_or(usize::MAX) };
        let mut bounds = retry.gate.locks(retry.budget(), ..quick);
        bounds.extend(
            self.limits
                .statement
                .map(|limit| format!("SET LOCAL statement_timeout = {}", limit.as_millis().max(1))),
        );
        bounds
    }

    /// Runs one statement at a time; if a lock is not available at once, starts over when it is.
    pub(super) fn until_it_gets_its_locks(
        &self,
        session: &mut Session,
        recorder: &mut CaptureRecorder,
        mut retry: RetryState,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        loop {
            let gone = retry.gate.wait(session.client(), deadline, self.interrupt, observer);
            match gone.map_err(Failure::connection)? {
                GateOutcome::Free | GateOutcome::Blocking => {}
                GateOutcome::Held(obstacle) => {
                    return Err(Failure::obstructed(None, obstacle, None));
                }
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            let begun = self.begin(session, &mut retry).map_err(NotCommitted::from);
            let tried = begun.and_then(|transaction| {
                self.one_by_one(transaction, recorder, &mut retry, None, deadline, observer)
            });
            if self.is_over(session, tried, &mut retry, deadline, observer)? {
                return Ok(());
            }
        }
    }

    /// Returns whether it is done, or else can be tried again after a pause.
    pub(super) fn is_over(
        &self,
        session: &mut Session,
        tried: Result<(), NotCommitted>,
        retry: &mut RetryState,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<bool, Failure> {
        let failed =
            tried.map_err(|uncommitted| self.learn_afterwards(session, retry, uncommitted));
        session.note_author();
        let Err(failure) = failed else { return Ok(true) };
        if session.client().is_closed() {
            return Err(failure);
        }
        self.go_on()?;
        if !failure.is_about_a_lock() {
            return Err(failure);
        }
        drop(session.take_notices());
        if Instant::now() >= deadline {
            let obstacle = retry.in_the_way(session.client());
            return Err(failure.locked(obstacle));
        }
        retry.tell_holders(deadline.saturating_duration_since(Instant::now()), observer);
        self.interrupt.sleep(retry.pause()).map_or(Ok(false), |stop| Err(Failure::Stopped(stop)))
    }

    /// Runs the statements and commits; from the statement at which the transaction is, if it has
    /// progressed that far.
    pub(super) fn one_by_one(
        &self,
        mut transaction: OpenTransaction<'_>,
        recorder: &mut CaptureRecorder,
        retry: &mut RetryState,
        from: Option<usize>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), NotCommitted> {
        if let Some(number) = from {
            // What came before it was worth a savepoint.
            retry.is_behind_work(number);
        }
        let done = self.go_through(&mut transaction, recorder, retry, from, deadline, observer);
        if let Err(uncommitted) = done {
            return Err(match transaction.roll_back() {
                Ok(()) => uncommitted,
                Err(_) => uncommitted.unasked(),
            });
        }
        let committed = transaction.commit_guarded(self.interrupt, self.kind(retry));
        committed.map_err(|error| match error.as_db_error() {
            Some(_) => NotCommitted::Failed(Failure::Commit(self.said(error))),
            None => NotCommitted::Failed(Failure::connection(error)),
        })
    }

    fn go_through(
        &self,
        transaction: &mut OpenTransaction<'_>,
        recorder: &mut CaptureRecorder,
        retry: &mut RetryState,
        from: Option<usize>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), NotCommitted> {
        transaction.execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        let mut work = Duration::ZERO;
        for (number, origin) in self.statements.iter().enumerate().skip(from.unwrap_or(0)) {
            let may_resume = from.is_some() || work > QUICK;
            let of = Numbered { number, origin: *origin, has_savepoint: may_resume };
            let began = Instant::now();
            if may_resume {
                retry.is_behind_work(number);
            }
            match may_resume {
                true => self.resumable(transaction, recorder, retry, of, deadline, observer)?,
                false if retry.captures => self.with_its_locks(transaction, recorder, retry, of)?,
                false => self.statement(transaction, recorder, retry, of)?,
            }
            work += began.elapsed();
            self.go_on()?;
            recorder.after(transaction, *origin)?;
        }
        let closing = (self.closing)(&recorder.captured);
        let recorded = transaction
            .trusted(|client| closing.iter().try_for_each(|sql| client.batch_execute(sql)));
        recorded.map_err(|error| {
            if !error.code().is_some_and(is_lock) || transaction.is_closed() {
                return NotCommitted::Failed(Failure::record(error));
            }
            retry.failed();
            NotCommitted::Unrecorded { error, closing }
        })
    }

    /// Learns from a failure after which the transaction was rolled back.
    fn learn_afterwards(
        &self,
        session: &mut Session,
        retry: &mut RetryState,
        uncommitted: NotCommitted,
    ) -> Failure {
        match uncommitted {
            NotCommitted::Failed(failure) => failure,
            NotCommitted::Waited { failure, waits, number } => {
                match retry.gate.learn(session.client(), &waits, number) {
                    Ok(is_relation) => retry.learn(waits, is_relation),
                    Err(error) => return Failure::connection(error),
                }
                failure
            }
            // The lock is one that the transaction is known to require, and requests at its beginning
            // from then on.
            NotCommitted::Unrecorded { error, closing } => {
                session.note_author();
                let waits = waits_to_record(session.client(), self.history, &closing);
                let learned = waits.and_then(|waits| retry.gate.learn(session.client(), &waits, 0));
                match learned {
                    Ok(_) => Failure::queued(None, Some(error.into())),
                    Err(error) => Failure::connection(error),
                }
            }
        }
    }

    fn begin<'s>(
        &self,
        session: &'s mut Session,
        retry: &mut RetryState,
    ) -> Result<OpenTransaction<'s>, Failure> {
        let begun = OpenTransaction::begin(session, &[]);
        let mut transaction = begun.map_err(Failure::connection)?;
        if self.statements.iter().any(|origin| !origin.statement.secrets.is_empty()) {
            Logging::off_within(&mut transaction).map_err(Failure::connection)?;
        }
        for sql in self.opening {
            transaction.execute(sql).map_err(Failure::lock_lost)?;
        }
        transaction.execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        let kind = self.kind(retry);
        for sql in self.bounds(retry) {
            let sent = transaction.guarded(self.interrupt, kind, |it| it.execute(&sql));
            if let Err(failure) = self.judged(sent, None, &mut Vec::new()) {
                retry.failed();
                return Err(failure);
            }
        }
        transaction.execute(LEAVE_TRUSTED).map_err(Failure::connection)?;
        Ok(transaction)
    }

    /// From the second time on it is of interest what a statement waits for.
    fn kind(&self, retry: &RetryState) -> Kind {
        match retry.locked && is_watching(self.interrupt) {
            true => Kind::Observed,
            false => Kind::Blocking,
        }
    }

    /// Runs a statement behind work that shall not be repeated: where it does not get its lock, the
    /// transaction waits before it until it can, unless others wait behind what was done before.
    fn resumable(
        &self,
        transaction: &mut OpenTransaction<'_>,
        recorder: &mut CaptureRecorder,
        retry: &mut RetryState,
        of: Numbered<'_>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), NotCommitted> {
        loop {
            let set = savepoint::set(of.number);
            transaction.execute(&set).map_err(Failure::connection)?;
            let result = self.with_its_locks(transaction, recorder, retry, of);
            let failure = match result {
                Ok(()) => {
                    let released = transaction.execute(savepoint::RELEASE);
                    return released.map_err(|error| Failure::connection(error).into());
                }
                Err(NotCommitted::Failed(failure)) => failure,
                Err(uncommitted) => return Err(uncommitted),
            };
            let is_deadlock = failure.said().and_then(|said| said.code())
                == Some(&SqlState::T_R_DEADLOCK_DETECTED);
            if transaction.is_closed()
                || !failure.is_about_a_lock()
                || is_deadlock
                || self.interrupt.is_stopped()
                || Instant::now() >= deadline
            {
                return Err(failure.into());
            }
            // `statement` has rolled back to the savepoint, to learn what it waited for.
            let blocks = savepoint::blocks_others(transaction);
            if retry.in_circle || blocks.map_err(Failure::connection)? {
                retry.tell_repeats(of.origin, observer);
                return Err(failure.into());
            }
            drop(transaction.take_notices());
            retry.tell_holders(deadline.saturating_duration_since(Instant::now()), observer);
            if let Some(stop) = self.interrupt.sleep(retry.pause()) {
                return Err(Failure::Stopped(stop).into());
            }
            let (blocking, interrupt) = (self.limits.blocking, self.interrupt);
            let gone =
                retry.gate.wait_holding(transaction, deadline, blocking, interrupt, observer);
            match gone.map_err(Failure::connection)? {
                GateOutcome::Free => {}
                GateOutcome::Blocking => {
                    retry.tell_repeats(of.origin, observer);
                    return Err(failure.into());
                }
                GateOutcome::Held(obstacle) => {
                    return Err(Failure::obstructed(None, obstacle, None).into());
                }
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop).into()),
            }
            transaction.execute(savepoint::RELEASE).map_err(Failure::connection)?;
        }
    }

    /// Takes the locks that this statement is known to require, and runs it. What is captured is read
    /// before: that can take long in a large schema, and a weaker lock prevents changes meanwhile.
    fn with_its_locks(
        &self,
        transaction: &mut OpenTransaction<'_>,
        recorder: &mut CaptureRecorder,
        retry: &mut RetryState,
        of: Numbered<'_>,
    ) -> Result<(), NotCommitted> {
        for sql in retry.gate.weak(retry.budget(), of.number..=of.number) {
            self.lock(transaction, retry, of, &sql)?;
        }
        let read = recorder.before(transaction, of.origin);
        read.map_err(|failure| self.learn(transaction, retry, of, Vec::new(), failure))?;
        for sql in retry.gate.strong(of.number..=of.number) {
            self.lock(transaction, retry, of, &sql)?;
        }
        let mut waits = Vec::new();
        let sent = self.send(transaction, retry, of.origin, &mut waits);
        sent.map_err(|failure| self.learn(transaction, retry, of, waits, failure))
    }

    /// Runs what takes a lock for a statement.
    fn lock(
        &self,
        transaction: &mut OpenTransaction<'_>,
        retry: &mut RetryState,
        of: Numbered<'_>,
        sql: &str,
    ) -> Result<(), NotCommitted> {
        let kind = self.kind(retry);
        let sent = transaction.guarded(self.interrupt, kind, |it| it.execute(sql));
        let mut waits = Vec::new();
        let judged = self.judged(sent, Some(of.origin), &mut waits);
        judged.map_err(|failure| self.learn(transaction, retry, of, waits, failure))
    }

    /// Runs a statement. Where it fails for a lock, the transaction is back at the savepoint, if
    /// there is one.
    fn statement(
        &self,
        transaction: &mut OpenTransaction<'_>,
        recorder: &mut CaptureRecorder,
        retry: &mut RetryState,
        of: Numbered<'_>,
    ) -> Result<(), NotCommitted> {
        let mut waits = Vec::new();
        let read = recorder.before(transaction, of.origin);
        let sent = read.and_then(|()| self.send(transaction, retry, of.origin, &mut waits));
        sent.map_err(|failure| self.learn(transaction, retry, of, waits, failure))
    }

    /// Learns from a failure what the statement waited for. In a transaction that has no savepoint the
    /// server cannot be queried before all of it is rolled back.
    fn learn(
        &self,
        transaction: &mut OpenTransaction<'_>,
        retry: &mut RetryState,
        of: Numbered<'_>,
        waits: Vec<Wait>,
        failure: Failure,
    ) -> NotCommitted {
        if !failure.is_about_a_lock() || transaction.is_closed() {
            return failure.into();
        }
        retry.failed();
        if !of.has_savepoint {
            return NotCommitted::Waited { failure, waits, number: of.number };
        }
        if transaction.execute(savepoint::ROLL_BACK).is_err() {
            return failure.into();
        }
        match transaction.trusted(|client| retry.gate.learn(client, &waits, of.number)) {
            Ok(is_relation) => retry.learn(waits, is_relation),
            Err(error) => return Failure::connection(error).into(),
        }
        failure.into()
    }

    fn send(
        &self,
        transaction: &mut OpenTransaction<'_>,
        retry: &RetryState,
        origin: Origin<'_>,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        let invalid = invalid_namesake_within(transaction, &origin.statement.sql);
        if let Some(index) = invalid.map_err(Failure::connection)? {
            return Err(Failure::invalid_index(origin, index));
        }
        let kind = self.kind(retry);
        let captured = origin.statement.captured;
        if captured {
            let enter = format!("{ENTER_TRUSTED};\n{}", defaults::enter(true));
            transaction.execute(&enter).map_err(Failure::connection)?;
        }
        if let Some(called) = &origin.statement.rust {
            let (functions, interrupt) = (self.functions, self.interrupt);
            transaction.execute(LONG_IDLE_TIMEOUT).map_err(Failure::connection)?;
            let (result, ended) =
                rust_function::run_within(transaction, called, functions, (interrupt, kind));
            let result = function_ended(origin, result, &ended);
            waits.extend(ended.waits);
            result?;
            transaction.execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        } else {
            let sent = transaction.guarded(self.interrupt, kind, |transaction| {
                send(transaction.client(), origin.statement, self.variables)
            });
            self.judged(sent, Some(origin), waits)?;
        }
        if captured {
            let leave = format!("{};\n{LEAVE_TRUSTED}", defaults::leave(true));
            transaction.execute(&leave).map_err(Failure::connection)?;
        }
        Ok(())
    }

    fn judged(
        &self,
        (result, ended): (Result<(), postgres::Error>, Interruption),
        origin: Option<Origin<'_>>,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        waits.extend(ended.waits);
        let Err(error) = result else { return Ok(()) };
        match (ended.verdict, origin) {
            (Some(Verdict::InTheWay { others, waited }), origin) => {
                Err(Failure::in_the_way(origin, others, waited, Some(self.said(error))))
            }
            (Some(Verdict::Queued), origin) => Err(Failure::queued(origin, Some(self.said(error)))),
            (None, Some(origin)) => Err(Failure::statement(origin, error)),
            (None, None) if error.code().is_some_and(is_lock) => {
                Err(Failure::queued(None, Some(error.into())))
            }
            (None, None) => Err(Failure::connection(error)),
        }
    }
}
