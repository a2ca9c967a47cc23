//! A statement outside the transaction of its migration, journaled before and after.
//!
//! Most statements can share a transaction with the journal's word on them, and then there is never
//! a doubt whether they were done. For those that the server refuses in one, the journal says that
//! they are about to run, and on a resume the catalog is [asked](Question).

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::capture::Watch;
use super::cleanup::Leftovers;
use super::completion_probe::{Answer, Question, invalid_namesake, is_direct, shuts_out};
use super::error::{Failure, Origin, Said, is_lock};
use super::failure_state::is_refused;
use super::keywords::commits_as_it_goes;
use super::send::send_outside;
use super::snapshot_wait::{self, Why};
use super::transaction::{Transaction, function_ended};
use super::{HURRY, Left, Work, journal, rust_function};
use crate::connect::interrupt::{Kind, Verdict};
use crate::connect::search_path::{LEAVE_TRUSTED, trusted};
use crate::connect::{HISTORY_LOOK, Session};
use crate::event::Observer;
use crate::history::inverse::Captured;
use crate::history::{History, Noted};
use crate::limits::Limits;
use crate::lock::watchdog::is_watching;
use crate::lock::{Gate, Gone, Obstacle};

/// A statement that stands alone, and what is needed to run it.
pub(super) struct Alone<'a> {
    pub(super) history: &'a History,
    pub(super) work: &'a Work<'a>,
    pub(super) opening: &'a [String],
    pub(super) origin: Origin<'a>,
    /// How many statements of the migration are done.
    pub(super) done: usize,
}

/// How long a statement that shuts everybody out waits for its lock: as long as others may wait
/// behind it.
const BUDGET: Duration = Duration::from_millis(50);
/// The most that the server takes for a timeout, in milliseconds.
const LONGEST: u128 = i32::MAX as u128;
/// How soon a statement is tried again that did not get its locks.
const PAUSE: Duration = Duration::from_millis(200);
/// How long what is left of a statement that failed is tried to remove; the next run has more time.
const TIDY: Duration = Duration::from_secs(2);

/// What a statement that shuts everybody out has learned of the locks that it wants.
#[derive(Default)]
struct Pace {
    gate: Gate,
    /// Whether a lock has been what it failed for.
    locked: bool,
}

/// How a statement outside a transaction has failed.
pub(super) struct Broken {
    pub(super) failure: Failure,
    /// What it has left, where the journal goes on to say that it is running: the next runner finds
    /// out about it.
    pub(super) left: Option<Left>,
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { failure, left: None }
    }
}

impl Broken {
    /// The same as about a lock, if all the time that there was for it went by.
    pub(super) fn if_it_waited(self, started: Instant, limits: &Limits) -> Self {
        Self { failure: self.failure.if_it_waited(started, limits), ..self }
    }
}

impl Alone<'_> {
    pub(super) fn run(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        observer: &mut dyn Observer,
    ) -> Result<(), Broken> {
        let is_function = self.origin.statement.rust.is_some();
        if !is_function && !is_direct(&self.origin.statement.sql) {
            match self.in_transaction(session, watch, observer) {
                Err(Failure::Statement { source, .. }) if refuses_transactions(&source) => {}
                ended => return Ok(ended?),
            }
        }
        self.directly(session, watch, observer)
    }

    /// In a transaction of its own, with the journal's word on it.
    fn in_transaction(
        &self,
        session: &mut Session,
        watch: &mut Watch,
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
        transaction.run(session, watch, observer)
    }

    fn directly(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        observer: &mut dyn Observer,
    ) -> Result<(), Broken> {
        let sql = &self.origin.statement.sql;
        let deadline = Instant::now() + self.work.limits.lock_wait;
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        let invalid =
            invalid_namesake(session.client(), sql, false).map_err(Failure::connection)?;
        if let Some(index) = invalid {
            return Err(Failure::invalid_index(self.origin, index).into());
        }
        let question = Question::of(self.origin.step, sql);
        let pid = session.backend_pid();
        let noted = question.note(session.client(), pid, (self.origin.step, sql));
        let noted = noted.map_err(Failure::connection)?;
        let mut pace = shuts_out(sql).then(Pace::default);
        // What an attempt before has left, as long as the journal says that it is running.
        let mut left = None;
        loop {
            let broken = |failure: Failure| Broken { failure, left };
            if let Some(stop) = self.work.interrupt.stopped() {
                return Err(broken(Failure::Stopped(stop)));
            }
            if let Some(pace) = &mut pace {
                self.wait_at_the_gate(session, pace, deadline, observer).map_err(broken)?;
            }
            if matches!(question, Question::CreateIndex { .. } | Question::Reindex) {
                self.wait_for_snapshots(session, deadline, observer).map_err(broken)?;
            }
            let tried = self.attempt(session, watch, &question, &noted, &mut pace, observer)?;
            let Some(failed) = tried else {
                return Ok(());
            };
            left = failed.left;
            if !failed.failure.is_about_a_lock() {
                return Err(failed);
            }
            // It may have done something for good before it came upon the lock.
            if left.is_some() {
                match question.ask(session.client(), &noted) {
                    Ok(Answer::Done) => return self.finish(session, watch, observer),
                    Ok(Answer::NotDone) => {}
                    Err(error) if Failure::is_cut_by(&error) => {
                        return Err(Failure::connection(error).into());
                    }
                    _ => return Err(failed),
                }
            }
            if Instant::now() >= deadline {
                let obstacle = pace.map(|pace| pace.gate.in_the_way(session.client()));
                let failure = failed.failure.locked(obstacle.unwrap_or_default());
                return Err(Broken { failure, left });
            }
            drop(session.take_notices());
            if let Some(stop) = self.work.interrupt.sleep(PAUSE) {
                return Err(Broken { failure: Failure::Stopped(stop), left });
            }
        }
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
        pace: &mut Pace,
        deadline: Instant,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let interrupt = self.work.interrupt;
        let step = || Some(Box::new(self.origin.step.clone()));
        loop {
            let gone = pace.gate.wait(session.client(), deadline, interrupt, observer);
            match gone.map_err(Failure::connection)? {
                Gone::Free if !pace.gate.is_known() => return Ok(()),
                Gone::Free | Gone::Blocking => {}
                Gone::Held(obstacle) => return Err(Failure::obstructed(step(), obstacle, None)),
                Gone::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            // The statement has to ask for them itself: this shows that it will get them.
            let sql = format!("BEGIN; {HURRY}; {}", pace.gate.locks(BUDGET, ..).join("; "));
            let (tried, _) =
                session.guarded(interrupt, Kind::Blocking, |client| client.batch_execute(&sql));
            if !session.client().is_closed() {
                session.client().batch_execute("ROLLBACK").map_err(Failure::connection)?;
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
                let obstacle = pace.gate.in_the_way(session.client());
                return Err(Failure::obstructed(step(), obstacle, Some(error.into())));
            }
            if let Some(stop) = interrupt.sleep(PAUSE) {
                return Err(Failure::Stopped(stop));
            }
        }
    }

    /// Runs it once; a failure whose end is known, and is recorded, may be tried again.
    fn attempt(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        question: &Question,
        noted: &Noted,
        pace: &mut Option<Pace>,
        observer: &mut dyn Observer,
    ) -> Result<Option<Broken>, Broken> {
        let Self { work, origin, .. } = *self;
        let gone = matches!(question, Question::DropIndex { .. });
        in_transaction(session, |session| {
            watch.before(session, origin)?;
            // Should this runner not live to see the end, the next one finds nothing to compare.
            let captured =
                if gone { watch.if_all_is_gone(&origin) } else { watch.captured.clone() };
            let running = self.journal(self.done, Some(noted), &captured);
            self.record(session, &running, observer)
        })?;
        let limit = work.limits.statement.filter(|_| !question.is_concurrent());
        if let Some(limit) = limit {
            let bound = format!("SET statement_timeout = {}", limit.as_millis().max(1));
            session.client().batch_execute(&bound).map_err(Failure::connection)?;
        }
        let kind = match pace {
            _ if question.is_concurrent() => Kind::Concurrent,
            Some(pace) if pace.locked && is_watching(work.interrupt) => Kind::Observed,
            _ => Kind::Blocking,
        };
        let budget = match (&pace, question) {
            (Some(_), _) => Some(BUDGET),
            // A partition is taken from everybody at the end, and what is not done then is done
            // when nobody is in the way.
            (None, Question::Detach { .. }) => Some(BUDGET),
            // Whether or not anybody sees who waits behind it. What can be tried again, that is:
            // a procedure may have committed some of its work.
            (None, Question::Repeat | Question::CreateIndex { concurrently: false, .. })
                if origin.statement.rust.is_none() =>
            {
                Some(work.limits.blocking)
            }
            // What commits as it goes is not tried again, and so has all the time at once.
            (None, _) => has_all_the_time(origin).then_some(work.limits.lock_wait),
        };
        if let Some(budget) = budget {
            session.client().batch_execute(&lock_timeout(budget)).map_err(Failure::connection)?;
        }
        let started = Instant::now();
        let (sent, ended) = match &origin.statement.rust {
            Some(called) => {
                let (result, ended) = session.guarded(work.interrupt, kind, |client| {
                    rust_function::run_outside(client, called, work.functions, work.interrupt)
                });
                if let Err(failure) = function_ended(origin, result, &ended) {
                    let ended = self.function_failed(session, watch, failure);
                    return ended.map_err(|broken| broken.if_it_waited(started, &work.limits));
                }
                (Ok(()), ended)
            }
            None => session.guarded(work.interrupt, kind, |client| {
                send_outside(client, origin.statement, work.variables)
            }),
        };
        if budget.is_some() && !session.client().is_closed() {
            _ = session.client().batch_execute("SET lock_timeout = 0");
        }
        if let Some(pace) = pace
            && !session.client().is_closed()
        {
            pace.locked |= sent.is_err();
            let learned = pace.gate.learn(session.client(), &ended.waits, 0);
            learned.map_err(Failure::connection)?;
        }
        if limit.is_some() && !session.client().is_closed() {
            _ = session.client().batch_execute("SET statement_timeout = 0");
        }
        let Err(error) = sent else {
            self.finish(session, watch, observer)?;
            return Ok(None);
        };
        if Failure::is_cut_by(&error) || session.client().is_closed() {
            // Its end is open, and the journal leaves it so.
            return Err(Failure::connection(error).into());
        }
        let begun = commits_as_it_goes(&origin.statement.sql) && !is_refused(&error);
        let failure = match (work.interrupt.stopped(), ended.verdict) {
            (Some(stop), _) => Failure::Stopped(stop),
            (_, Some(Verdict::Queued)) => {
                Failure::queued(Some(origin), Some(Said::of(error, [origin.statement])))
            }
            (_, Some(Verdict::InTheWay { others, waited })) => Failure::in_the_way(
                Some(origin),
                others,
                waited,
                Some(Said::of(error, [origin.statement])),
            ),
            (None, None) if has_all_the_time(origin) => {
                Failure::statement(origin, error).if_it_waited(started, &work.limits)
            }
            (None, None) => Failure::statement(origin, error),
        };
        // It failed, so what is left of it can go. The statement's own failure is the one to tell.
        let (limits, interrupt) = (&work.limits, work.interrupt);
        let step = Some(origin.step);
        let leftovers = Leftovers { limits, interrupt, step, patience: TIDY };
        let left = match question {
            Question::CreateIndex { .. } | Question::Reindex => {
                let gone = leftovers.see_to(session, question, noted, observer);
                gone.err().map(|_| Left::HalfDone)
            }
            // There is no way back for a partition, or an index, that is half way out.
            Question::Detach { .. } | Question::DropIndex { .. } => {
                match leftovers.see_to(session, question, noted, observer) {
                    Ok(Answer::Done) => {
                        self.finish(session, watch, observer)?;
                        return Ok(None);
                    }
                    Ok(_) => None,
                    // What the statement itself failed for says why the index is still there.
                    Err(_) if matches!(question, Question::DropIndex { .. }) => {
                        Some(Left::HalfDone)
                    }
                    Err(failure) => return Err(Broken { failure, left: Some(Left::HalfDone) }),
                }
            }
            _ => begun.then_some(Left::Begun),
        };
        if left.is_none() {
            self.journal_as_not_done(session, watch);
        }
        Ok(Some(Broken { failure, left }))
    }

    /// Records that it is done, with what is read of it then.
    fn finish(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        observer: &mut dyn Observer,
    ) -> Result<(), Broken> {
        let recorded = in_transaction(session, |session| {
            // It is done, even if what it was said to be about is not there.
            let read = match watch.after(session, self.origin) {
                Err(Failure::NotThere { step, object, .. }) => {
                    Err(Failure::NotThere { step, object, done: true })
                }
                read => Ok(read?),
            };
            let finished = self.journal(self.done + 1, None, &watch.captured);
            self.record(session, &finished, observer)?;
            Ok(read)
        });
        // What is wrong with the reading of it is recorded already.
        let recorded =
            recorded.map_err(|failure| Broken { failure, left: Some(Left::Unrecorded) })?;
        Ok(recorded?)
    }

    /// What a function outside a transaction did before it failed is done. So the journal goes on to
    /// say that it is running, and the next run finds out what the step's author says to that.
    fn function_failed(
        &self,
        session: &mut Session,
        watch: &Watch,
        failure: Failure,
    ) -> Result<Option<Broken>, Broken> {
        if session.client().is_closed() || failure.is_cut() {
            return Err(failure.into());
        }
        _ = session.client().batch_execute("SET statement_timeout = 0; SET lock_timeout = 0");
        let left = failure.may_have_begun().then_some(Left::Begun);
        if left.is_none() {
            self.journal_as_not_done(session, watch);
        }
        Err(Broken {
            failure: self.work.interrupt.stopped().map_or(failure, Failure::Stopped),
            left,
        })
    }

    fn journal_as_not_done(&self, session: &mut Session, watch: &Watch) {
        let known = match self.done {
            0 => self.history.journal_end(self.work.name),
            _ => self.journal(self.done, None, &watch.captured),
        };
        // Others may have locked it: then the next run finds out.
        _ = session.history_client(HISTORY_LOOK).batch_execute(&known);
    }

    /// Writes into the journal, at the end of a transaction.
    fn record(
        &self,
        session: &mut Session,
        sql: &str,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let patience = self.work.patience(self.history);
        let recorded = trusted(session.client(), |client| patience.record(client, observer, sql));
        recorded.map_err(Failure::of_history)
    }

    fn journal(&self, done: usize, noted: Option<&Noted>, captured: &Captured) -> String {
        journal(self.history, self.work, done, noted, captured)
    }
}

/// Reading and recording around a statement that itself is in no transaction; with the author's
/// `search_path`.
fn in_transaction<T>(
    session: &mut Session,
    work: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let begin = format!("BEGIN; {HURRY}; {LEAVE_TRUSTED}");
    session.client().batch_execute(&begin).map_err(Failure::connection)?;
    match work(session) {
        Ok(done) => {
            session.client().batch_execute("COMMIT").map_err(Failure::record)?;
            Ok(done)
        }
        Err(failure) => {
            _ = session.client().batch_execute("ROLLBACK");
            Err(failure)
        }
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

/// Whether the server said that the statement runs in no transaction, or ends it itself.
fn refuses_transactions(error: &Said) -> bool {
    let codes = [SqlState::ACTIVE_SQL_TRANSACTION, SqlState::INVALID_TRANSACTION_TERMINATION];
    error.code().is_some_and(|code| codes.contains(code))
}
