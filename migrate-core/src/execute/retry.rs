//! Statements of a transaction one at a time, and again where a lock is not to be had at once.

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::capture::Watch;
use super::completion_probe::invalid_namesake;
use super::error::{Failure, Origin, is_lock};
use super::pace::Pace;
use super::send::send;
use super::transaction::{Transaction, function_ended};
use super::unlogged::Logging;
use super::{LONG_IDLE_TIMEOUT, SHORT_IDLE_TIMEOUT, defaults, rust_function, savepoint};
use crate::connect::Session;
use crate::connect::interrupt::{Ended, Kind, Verdict, Wait};
use crate::connect::search_path::{ENTER_TRUSTED, LEAVE_TRUSTED, trusted};
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

impl Transaction<'_> {
    /// What the transaction sets for itself at its start. The locks that are known to be wanted are
    /// taken there, before any work is done that would be lost with them, unless there is work before
    /// them that others would have to wait for, or something to be read.
    pub(super) fn bounds(&self, pace: &Pace) -> Vec<String> {
        let quick = if pace.captures { 0 } else { pace.behind_work.unwrap_or(usize::MAX) };
        let mut bounds = pace.gate.locks(pace.budget(), ..quick);
        bounds.extend(
            self.limits
                .statement
                .map(|limit| format!("SET LOCAL statement_timeout = {}", limit.as_millis().max(1))),
        );
        bounds
    }

    /// One statement at a time; where a lock is not to be had at once, all over again, when it is.
    /// A transaction that stands before a statement goes on from there.
    pub(super) fn until_it_gets_its_locks(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        mut pace: Pace,
        mut stands_before: Option<usize>,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + self.limits.lock_wait;
        pace.blocking = self.limits.blocking;
        pace.captures = self.statements.iter().any(|origin| watch.asked(origin).is_some());
        loop {
            if stands_before.is_none() {
                let gone = pace.gate.wait(session.client(), deadline, self.interrupt, observer);
                match gone.map_err(Failure::connection)? {
                    GateOutcome::Free | GateOutcome::Blocking => {}
                    GateOutcome::Held(obstacle) => {
                        return Err(Failure::obstructed(None, obstacle, None));
                    }
                    GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
                }
            }
            let from = stands_before.take();
            let result = self.one_by_one(session, watch, &mut pace, from, deadline, observer);
            // A COMMIT that failed has ended the transaction.
            let has_ended = matches!(result, Ok(()) | Err(Failure::Commit(_)));
            if !has_ended && !pace.rolled_back {
                _ = session.roll_back();
            }
            session.note_author();
            let Err(failure) = result else { return Ok(()) };
            if session.client().is_closed() {
                return Err(failure);
            }
            self.go_on()?;
            if !failure.is_about_a_lock() {
                return Err(failure);
            }
            drop(session.take_notices());
            if Instant::now() >= deadline {
                let obstacle = pace.in_the_way(session.client());
                return Err(failure.locked(obstacle));
            }
            pace.tell_holders(deadline.saturating_duration_since(Instant::now()), observer);
            if let Some(stop) = self.interrupt.sleep(pace.pause()) {
                return Err(Failure::Stopped(stop));
            }
        }
    }

    fn one_by_one(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        pace: &mut Pace,
        from: Option<usize>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        match from {
            None => self.begin(session, pace)?,
            // What came before it was worth a savepoint.
            Some(number) => pace.is_behind_work(number),
        }
        session.client().batch_execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        let mut work = Duration::ZERO;
        for (number, origin) in self.statements.iter().enumerate().skip(from.unwrap_or(0)) {
            let may_resume = from.is_some() || work > QUICK;
            let of = Numbered { number, origin: *origin, has_savepoint: may_resume };
            let began = Instant::now();
            if may_resume {
                pace.is_behind_work(number);
            }
            match may_resume {
                true => self.resumable(session, watch, pace, of, deadline, observer)?,
                false if pace.captures => self.with_its_locks(session, watch, pace, of)?,
                false => self.statement(session, watch, pace, of)?,
            }
            work += began.elapsed();
            self.go_on()?;
            watch.after(session, *origin)?;
        }
        let closing = (self.closing)(&watch.captured);
        let recorded = trusted(session.client(), |client| {
            closing.iter().try_for_each(|sql| client.batch_execute(sql))
        });
        recorded.map_err(|error| self.not_recorded(session, pace, &closing, error))?;
        // It may take long: what was deferred is checked, and a standby is waited for.
        let kind = self.kind(pace);
        let (committed, _) =
            session.guarded(self.interrupt, kind, |client| client.batch_execute("COMMIT"));
        committed.map_err(|error| match error.as_db_error() {
            Some(_) => Failure::Commit(self.said(error)),
            None => Failure::connection(error),
        })
    }

    /// Where others have locked the history, its lock is one that the transaction is known to want, and asked
    /// for at its beginning from then on.
    fn not_recorded(
        &self,
        session: &mut Session,
        pace: &mut Pace,
        closing: &[String],
        error: postgres::Error,
    ) -> Failure {
        if !error.code().is_some_and(is_lock) || session.client().is_closed() {
            return Failure::record(error);
        }
        pace.failed();
        if session.roll_back().is_err() {
            return Failure::record(error);
        }
        pace.rolled_back = true;
        session.note_author();
        let waits = waits_to_record(session.client(), self.history, closing);
        let learned = waits.and_then(|waits| pace.gate.learn(session.client(), &waits, 0));
        match learned {
            Ok(_) => Failure::queued(None, Some(error.into())),
            Err(error) => Failure::connection(error),
        }
    }

    fn begin(&self, session: &mut Session, pace: &mut Pace) -> Result<(), Failure> {
        session.client().batch_execute("BEGIN").map_err(Failure::connection)?;
        pace.rolled_back = false;
        if self.statements.iter().any(|origin| !origin.statement.secrets.is_empty()) {
            Logging::off(session.client(), true).map_err(Failure::connection)?;
        }
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        session.client().batch_execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        let kind = self.kind(pace);
        for sql in self.bounds(pace) {
            let sent = session.guarded(self.interrupt, kind, |client| client.batch_execute(&sql));
            if let Err(failure) = self.judged(sent, None, &mut Vec::new()) {
                pace.failed();
                return Err(failure);
            }
        }
        session.client().batch_execute(LEAVE_TRUSTED).map_err(Failure::connection)
    }

    /// From the second time on it is of interest what a statement waits for.
    fn kind(&self, pace: &Pace) -> Kind {
        match pace.locked && is_watching(self.interrupt) {
            true => Kind::Observed,
            false => Kind::Blocking,
        }
    }

    /// Runs a statement behind work that shall not be repeated: where it does not get its lock, the
    /// transaction waits before it until it can, unless others wait behind what was done before.
    fn resumable(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        pace: &mut Pace,
        of: Numbered<'_>,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        loop {
            let set = savepoint::set(of.number);
            session.client().batch_execute(&set).map_err(Failure::connection)?;
            let result = self.with_its_locks(session, watch, pace, of);
            let Err(failure) = result else {
                return session
                    .client()
                    .batch_execute(savepoint::RELEASE)
                    .map_err(Failure::connection);
            };
            let is_deadlock = failure.said().and_then(|said| said.code())
                == Some(&SqlState::T_R_DEADLOCK_DETECTED);
            if session.client().is_closed()
                || !failure.is_about_a_lock()
                || is_deadlock
                || self.interrupt.is_stopped()
                || Instant::now() >= deadline
            {
                return Err(failure);
            }
            // `statement` has gone back to the savepoint, to learn what it waited for.
            let blocks = trusted(session.client(), savepoint::blocks_others);
            if pace.in_circle || blocks.map_err(Failure::connection)? {
                pace.tell_repeats(of.origin, observer);
                return Err(failure);
            }
            drop(session.take_notices());
            pace.tell_holders(deadline.saturating_duration_since(Instant::now()), observer);
            if let Some(stop) = self.interrupt.sleep(pace.pause()) {
                return Err(Failure::Stopped(stop));
            }
            let (blocking, interrupt) = (Some(self.limits.blocking), self.interrupt);
            let gone = trusted(session.client(), |client| {
                pace.gate.wait_holding(client, deadline, blocking, interrupt, observer)
            });
            match gone.map_err(Failure::connection)? {
                GateOutcome::Free => {}
                GateOutcome::Blocking => {
                    pace.tell_repeats(of.origin, observer);
                    return Err(failure);
                }
                GateOutcome::Held(obstacle) => {
                    return Err(Failure::obstructed(None, obstacle, None));
                }
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            session.client().batch_execute(savepoint::RELEASE).map_err(Failure::connection)?;
        }
    }

    /// Takes the locks that this statement is known to want, and runs it. What is captured is read
    /// before: that can take long in a large schema, and a weaker lock keeps it as it is.
    fn with_its_locks(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        pace: &mut Pace,
        of: Numbered<'_>,
    ) -> Result<(), Failure> {
        for sql in pace.gate.weak(pace.budget(), of.number..=of.number) {
            self.lock(session, pace, of, &sql)?;
        }
        let read = watch.before(session, of.origin);
        read.map_err(|failure| self.learn(session, pace, of, &[], failure))?;
        for sql in pace.gate.strong(of.number..=of.number) {
            self.lock(session, pace, of, &sql)?;
        }
        let mut waits = Vec::new();
        let sent = self.send(session, pace, of.origin, &mut waits);
        sent.map_err(|failure| self.learn(session, pace, of, &waits, failure))
    }

    /// Runs what takes a lock for a statement.
    fn lock(
        &self,
        session: &mut Session,
        pace: &mut Pace,
        of: Numbered<'_>,
        sql: &str,
    ) -> Result<(), Failure> {
        let kind = self.kind(pace);
        let sent = session.guarded(self.interrupt, kind, |client| client.batch_execute(sql));
        let mut waits = Vec::new();
        let judged = self.judged(sent, Some(of.origin), &mut waits);
        judged.map_err(|failure| self.learn(session, pace, of, &waits, failure))
    }

    /// Runs a statement. Where it fails for a lock, the transaction is back at the savepoint, if
    /// there is one.
    fn statement(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        pace: &mut Pace,
        of: Numbered<'_>,
    ) -> Result<(), Failure> {
        let mut waits = Vec::new();
        let read = watch.before(session, of.origin);
        let sent = read.and_then(|()| self.send(session, pace, of.origin, &mut waits));
        sent.map_err(|failure| self.learn(session, pace, of, &waits, failure))
    }

    /// Learns from a failure what the statement waited for. In a transaction that has no savepoint the
    /// server cannot be asked before all of it is rolled back.
    fn learn(
        &self,
        session: &mut Session,
        pace: &mut Pace,
        of: Numbered<'_>,
        waits: &[Wait],
        failure: Failure,
    ) -> Failure {
        if !failure.is_about_a_lock() || session.client().is_closed() {
            return failure;
        }
        pace.failed();
        let rolled_back = match of.has_savepoint {
            true => session.roll_back_to(savepoint::ROLL_BACK).map(drop),
            false => session.roll_back(),
        };
        if rolled_back.is_err() {
            return failure;
        }
        pace.rolled_back = !of.has_savepoint;
        let mut ask = |client: &mut postgres::Client| pace.gate.learn(client, waits, of.number);
        let learned = match of.has_savepoint {
            true => trusted(session.client(), ask),
            false => ask(session.client()),
        };
        match learned {
            Ok(is_relation) => pace.learn(waits.to_vec(), is_relation),
            Err(error) => return Failure::connection(error),
        }
        failure
    }

    fn send(
        &self,
        session: &mut Session,
        pace: &Pace,
        origin: Origin<'_>,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        let invalid = invalid_namesake(session.client(), &origin.statement.sql, true);
        if let Some(index) = invalid.map_err(Failure::connection)? {
            return Err(Failure::invalid_index(origin, index));
        }
        let kind = self.kind(pace);
        let captured = origin.statement.captured;
        if captured {
            let enter = format!("{ENTER_TRUSTED};\n{}", defaults::enter(true));
            session.client().batch_execute(&enter).map_err(Failure::connection)?;
        }
        if let Some(called) = &origin.statement.rust {
            let (functions, interrupt) = (self.functions, self.interrupt);
            session.client().batch_execute(LONG_IDLE_TIMEOUT).map_err(Failure::connection)?;
            let (result, ended) = session.guarded(interrupt, kind, |client| {
                rust_function::run(client, called, functions, interrupt, true)
            });
            let result = function_ended(origin, result, &ended);
            waits.extend(ended.waits);
            result?;
            session.client().batch_execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
        } else {
            let sent = session.guarded(self.interrupt, kind, |client| {
                send(client, origin.statement, self.variables)
            });
            self.judged(sent, Some(origin), waits)?;
        }
        if captured {
            let leave = format!("{};\n{LEAVE_TRUSTED}", defaults::leave(true));
            session.client().batch_execute(&leave).map_err(Failure::connection)?;
        }
        Ok(())
    }

    fn judged(
        &self,
        (result, ended): (Result<(), postgres::Error>, Ended),
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
