//! A statement outside the transaction of its migration, journaled before and after.
//!
//! Most statements can share a transaction with the journal's word on them, and then there is never
//! a doubt whether they were done. For those that the server refuses in one, the journal says that
//! they are about to run, and on a resume the catalog is [asked](Question).

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::capture::Watch;
use super::error::{Failure, Origin, Said};
use super::question::{Answer, Noted, Question, invalid_namesake, is_direct, shuts_out};
use super::send::send;
use super::snapshots::{self, Why};
use super::transaction::{Transaction, function_ended, is_lock};
use super::{HURRY, Work, function, journal};
use crate::history::Unfinished;
use crate::interrupt::{Kind, Verdict};
use crate::lock::{Gate, Gone};
use crate::watchdog::is_watching;
use crate::way_back::Captured;
use crate::{History, Observer, Session};

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

/// What a statement that shuts everybody out has learned of the locks that it wants.
#[derive(Default)]
struct Pace {
    gate: Gate,
    /// Whether a lock has been what it failed for.
    locked: bool,
}

impl Alone<'_> {
    pub(super) fn run(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let is_function = self.origin.statement.rust.is_some();
        if !is_function && !is_direct(&self.origin.statement.sql) {
            match self.in_transaction(session, watch, observer) {
                Err(Failure::Statement { source, .. }) if refuses_transactions(&source) => {}
                ended => return ended,
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
    ) -> Result<(), Failure> {
        let sql = &self.origin.statement.sql;
        let deadline = Instant::now() + self.work.limits.lock_wait;
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        let invalid = invalid_namesake(session.client(), sql).map_err(Failure::connection)?;
        if let Some(index) = invalid {
            return Err(Failure::invalid_index(self.origin, index));
        }
        let question = Question::of(self.origin.step, sql);
        let pid = session.backend_pid();
        let noted = question.note(session.client(), pid).map_err(Failure::connection)?;
        let mut pace = shuts_out(sql).then(Pace::default);
        loop {
            if let Some(stop) = self.work.interrupt.stopped() {
                return Err(Failure::Stopped(stop));
            }
            if let Some(pace) = &mut pace {
                self.wait_at_the_gate(session, pace, deadline, observer)?;
            }
            if matches!(question, Question::CreateIndex { .. } | Question::Reindex) {
                self.wait_for_snapshots(session, deadline, observer)?;
            }
            let tried = self.attempt(session, watch, &question, &noted, &mut pace)?;
            let Some(failure) = tried else {
                return Ok(());
            };
            if !failure.is_about_a_lock() {
                return Err(failure);
            }
            if Instant::now() >= deadline {
                let holders = pace.map(|pace| pace.gate.in_the_way(session.client()));
                return Err(failure.locked(holders.unwrap_or_default()));
            }
            drop(session.take_notices());
            if let Some(stop) = self.work.interrupt.sleep(PAUSE) {
                return Err(Failure::Stopped(stop));
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
        let why = snapshots::wait(session.client(), deadline, interrupt, observer);
        match why.map_err(Failure::connection)? {
            None => Ok(()),
            Some(Why::Stopped(stop)) => Err(Failure::Stopped(stop)),
            Some(Why::Held(holders)) => {
                let step = Some(Box::new(self.origin.step.clone()));
                Err(Failure::Locked { step, holders, source: None })
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
                Gone::Free => {}
                Gone::Held(holders) => {
                    return Err(Failure::Locked { step: step(), holders, source: None });
                }
                Gone::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            // The statement has to ask for them itself: this shows that it will get them.
            let sql = format!("BEGIN; {HURRY}; {}", pace.gate.locks(BUDGET).join("; "));
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
                let holders = pace.gate.in_the_way(session.client());
                return Err(Failure::Locked { step: step(), holders, source: Some(error.into()) });
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
    ) -> Result<Option<Failure>, Failure> {
        let Self { work, origin, .. } = *self;
        let gone = matches!(question, Question::DropIndex { .. });
        in_transaction(session, |session| {
            watch.before(session, origin)?;
            // Should this runner not live to see the end, the next one finds nothing to compare.
            let captured =
                if gone { watch.if_all_is_gone(&origin) } else { watch.captured.clone() };
            let running = self.journal(self.done, Some(noted), &captured);
            session.client().batch_execute(&running).map_err(Failure::record)
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
            // Whether or not anybody sees who waits behind it. What can be tried again, that is:
            // a procedure may have committed some of its work.
            (None, Question::Repeat | Question::CreateIndex { concurrently: false, .. })
                if origin.statement.rust.is_none() =>
            {
                Some(work.limits.blocking)
            }
            (None, _) => None,
        };
        if let Some(budget) = budget {
            let bound = format!("SET lock_timeout = {}", budget.as_millis().clamp(1, LONGEST));
            session.client().batch_execute(&bound).map_err(Failure::connection)?;
        }
        let (sent, ended) = match &origin.statement.rust {
            Some(called) => {
                let (result, ended) = session.guarded(work.interrupt, kind, |client| {
                    function::run(client, called, work.functions, work.interrupt, false)
                });
                if let Err(failure) = function_ended(origin, result, &ended) {
                    return self.function_failed(session, watch, failure);
                }
                (Ok(()), ended)
            }
            None => session.guarded(work.interrupt, kind, |client| {
                send(client, origin.statement, work.variables)
            }),
        };
        if budget.is_some() && !session.client().is_closed() {
            _ = session.client().batch_execute("SET lock_timeout = 0");
        }
        if let Some(pace) = pace
            && !session.client().is_closed()
        {
            pace.locked |= sent.is_err();
            let learned = pace.gate.learn(session.client(), &ended.waits);
            learned.map_err(Failure::connection)?;
        }
        if limit.is_some() && !session.client().is_closed() {
            _ = session.client().batch_execute("SET statement_timeout = 0");
        }
        let Err(error) = sent else {
            let read = in_transaction(session, |session| {
                // It is done, even if what it was said to be about is not there.
                let read = match watch.after(session, origin) {
                    Err(Failure::NotThere { step, object, .. }) => {
                        Err(Failure::NotThere { step, object, done: true })
                    }
                    read => Ok(read?),
                };
                let finished = self.journal(self.done + 1, None, &watch.captured);
                session.client().batch_execute(&finished).map_err(Failure::record)?;
                Ok(read)
            })?;
            return read.map(|()| None);
        };
        if Failure::is_cut_by(&error) || session.client().is_closed() {
            // Its end is open, and the journal leaves it so.
            return Err(Failure::connection(error));
        }
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
            (None, None) => Failure::statement(origin, error),
        };
        // It failed, so what is left of it can go. The statement's own failure is the one to tell.
        let clean = match question {
            Question::CreateIndex { .. } | Question::Reindex => {
                question.ask(session.client(), noted).is_ok()
            }
            // A partition that is half way out stays so until it is seen to.
            Question::Detach { .. } => false,
            _ => true,
        };
        if clean {
            self.journal_as_not_done(session, watch);
        }
        Ok(Some(failure))
    }

    /// What a function outside a transaction did before it failed is done. So the journal goes on to
    /// say that it is running, and the next run finds out what the step's author says to that.
    fn function_failed(
        &self,
        session: &mut Session,
        watch: &Watch,
        failure: Failure,
    ) -> Result<Option<Failure>, Failure> {
        if session.client().is_closed() || failure.is_cut() {
            return Err(failure);
        }
        _ = session.client().batch_execute("SET statement_timeout = 0");
        if !failure.may_have_begun() {
            self.journal_as_not_done(session, watch);
        }
        Err(self.work.interrupt.stopped().map_or(failure, Failure::Stopped))
    }

    fn journal_as_not_done(&self, session: &mut Session, watch: &Watch) {
        let known = match self.done {
            0 => self.history.journal_end(self.work.name),
            _ => self.journal(self.done, None, &watch.captured),
        };
        _ = session.client().batch_execute(&known);
    }

    fn journal(&self, done: usize, noted: Option<&Noted>, captured: &Captured) -> String {
        journal(self.history, self.work, done, noted, captured)
    }
}

/// Whether a statement that was running when its runner ended was done; what is left of one that
/// was not is removed.
pub(super) fn settle(
    session: &mut Session,
    unfinished: &Unfinished,
    origin: Origin<'_>,
) -> Result<bool, Failure> {
    let question = Question::of(origin.step, &origin.statement.sql);
    let noted = unfinished.noted.clone().unwrap_or_default();
    let answer = question.ask(session.client(), &noted);
    match answer.map_err(|error| Failure::statement(origin, error))? {
        Answer::Done => Ok(true),
        Answer::NotDone => Ok(false),
        Answer::Unknown => Err(Failure::unknown(origin)),
    }
}

/// Reading and recording around a statement that itself is in no transaction.
fn in_transaction<T>(
    session: &mut Session,
    work: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    session.client().batch_execute(&format!("BEGIN; {HURRY}")).map_err(Failure::connection)?;
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

/// Whether the server said that the statement runs in no transaction, or ends it itself.
fn refuses_transactions(error: &Said) -> bool {
    let codes = [SqlState::ACTIVE_SQL_TRANSACTION, SqlState::INVALID_TRANSACTION_TERMINATION];
    error.code().is_some_and(|code| codes.contains(code))
}
