//! Completes or removes what a statement outside a transaction left incomplete: on a resume, and
//! after a failure.
//!
//! An index that is not valid is dropped, and so is one whose drop was interrupted; a partition whose
//! detaching was interrupted is detached. Each of these has to wait for other sessions, so it is sent
//! only when no session holds the table for long, and never waits without
//! limit.

use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;
use postgres::types::Oid;

use super::completion_probe::{Answer, CompletionProbe};
use super::error::{Failure, Origin, ServerError, is_lock};
use super::keywords::commits_as_it_goes;
use super::parts::origins;
use super::snapshot_wait::{self, Why};
use super::{ApplyError, FailureState};
use crate::connect::interrupt::{Interrupt, Interruption, Kind, Wait};
use crate::connect::search_path::LEAVE_TRUSTED;
use crate::connect::{OpenTransaction, Session};
use crate::event::{Direction, Observer};
use crate::history::{InFlight, Unfinished};
use crate::limits::Limits;
use crate::lock::{Gate, GateOutcome, Obstacle};
use crate::plan::Step;

/// How long one attempt to drop an index may take.
const DROP: Duration = Duration::from_secs(2);
/// The same when all is to end.
const LAST: Duration = Duration::from_secs(1);
/// How long others may wait behind us.
const BUDGET: Duration = Duration::from_millis(50);
/// How soon it is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// Within which bounds.
pub(super) struct Leftovers<'a> {
    pub(super) limits: &'a Limits,
    pub(super) interrupt: &'a Interrupt,
    /// The step whose statement it was, where the file still has it.
    pub(super) step: Option<&'a Step>,
    /// How long indexes are waited for that are in use.
    pub(super) patience: Duration,
}

/// Returns whether the first statement not recorded as done, which was running when its runner ended,
/// was done; what remains of it is cleaned up.
///
/// The journal determines which statement that is, regardless of the current contents of the file.
pub(crate) fn settle(
    session: &mut Session,
    unfinished: &Unfinished,
    steps: &[Step],
    limits: &Limits,
    interrupt: &Interrupt,
    observer: &mut dyn Observer,
) -> Result<bool, ApplyError> {
    judge(session, unfinished, steps, (limits, interrupt), |leftovers, session, question, noted| {
        leftovers.see_to(session, question, noted, observer)
    })
}

/// How the statement stands that was running when the runner of a migration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InterruptedStatement {
    /// It was done.
    Done,
    /// It was not done, and nothing of it remains.
    NotDone,
    /// Something of it may be done for good; its author says that doing it twice is as good as once.
    Begun,
}

/// Returns the state of the running statement, for a revert of the migration. A statement that may have
/// committed some of its work is never considered not done.
///
/// With an `observer`, its remains are removed as by [`settle`]; otherwise they are only examined.
pub(crate) fn standing(
    session: &mut Session,
    unfinished: &Unfinished,
    steps: &[Step],
    (limits, interrupt): (&Limits, &Interrupt),
    observer: Option<&mut dyn Observer>,
) -> Result<InterruptedStatement, ApplyError> {
    let now = origins(steps).nth(unfinished.statements_done);
    let done = match observer {
        Some(observer) => settle(session, unfinished, steps, limits, interrupt, observer)?,
        None => judge(
            session,
            unfinished,
            steps,
            (limits, interrupt),
            |own, session, question, noted| {
                Ok(match own.ask(session, question, noted)? {
                    Answer::Indexes(_) => Answer::NotDone,
                    Answer::HalfOut(_) | Answer::HalfDropped(..) => Answer::Done,
                    answer => answer,
                })
            },
        )?,
    };
    let fail = |failure| {
        Err(ApplyError::new(&unfinished.name, Direction::Up, failure, FailureState::Begun))
    };
    let then = unfinished.noted.as_ref().and_then(|noted| noted.statement.as_ref());
    let replaced = then.filter(|then| {
        let is_gone = now.is_none_or(|now| now.statement.sql != then.sql);
        is_gone && !then.back && (then.idempotent || then.done_when.is_some())
    });
    match (now, replaced) {
        _ if done => Ok(InterruptedStatement::Done),
        // What reverts it went with it.
        (_, Some(then)) => fail(Failure::Replaced { sql: then.sql.clone(), back: false, done }),
        (Some(now), None) if commits_on_its_own(now) => match now.step.idempotent {
            true => Ok(InterruptedStatement::Begun),
            false => fail(Failure::unknown(now)),
        },
        _ => Ok(InterruptedStatement::NotDone),
    }
}

/// Whether some of the work of a statement may be done for good although the statement is not.
fn commits_on_its_own(origin: Origin<'_>) -> bool {
    origin.statement.rust.is_some() || commits_as_it_goes(&origin.statement.sql)
}

/// Calls `see` to determine whether the running statement was done.
fn judge(
    session: &mut Session,
    unfinished: &Unfinished,
    steps: &[Step],
    (limits, interrupt): (&Limits, &Interrupt),
    see: impl FnOnce(
        &Leftovers<'_>,
        &mut Session,
        &CompletionProbe,
        &InFlight,
    ) -> Result<Answer, Failure>,
) -> Result<bool, ApplyError> {
    let noted = unfinished.noted.clone().unwrap_or_default();
    let then = noted.statement.as_ref();
    let now = origins(steps).nth(unfinished.statements_done);
    let now = now.filter(|now| then.is_none_or(|it| !it.back && it.sql == now.statement.sql));
    let question = match (&now, then) {
        (Some(now), _) => CompletionProbe::of(now.step, &now.statement.sql),
        (None, Some(then)) => CompletionProbe::as_noted(then),
        (None, None) => return Ok(false),
    };
    let step = now.map(|now| now.step);
    let leftovers = Leftovers { limits, interrupt, step, patience: limits.lock_wait };
    let replaced = |done| Failure::Replaced {
        sql: then.map(|it| it.sql.clone()).unwrap_or_default(),
        back: then.is_some_and(|it| it.back),
        done,
    };
    let settled = match (see(&leftovers, session, &question, &noted), now) {
        (Ok(Answer::NotDone), _) => Ok(false),
        (Ok(Answer::Done), Some(_)) => Ok(true),
        (Ok(Answer::Done), None) => Err(replaced(true)),
        (Ok(Answer::NotBoolean), Some(now)) => {
            Err(Failure::NotBoolean { step: Box::new(now.step.clone()) })
        }
        (Ok(_), Some(now)) => Err(Failure::unknown(now)),
        (Ok(_), None) => Err(replaced(false)),
        (Err(failure), _) => Err(failure),
    };
    settled.map_err(|failure| {
        let up = unfinished.direction == Direction::Up;
        let direction = if up { Direction::Up } else { Direction::Down };
        let left = match failure {
            _ if failure.is_cut() => FailureState::Unknown,
            Failure::Unknown { .. } | Failure::Replaced { .. } | Failure::NotBoolean { .. } => {
                FailureState::Begun
            }
            _ => FailureState::Incomplete,
        };
        ApplyError::new(&unfinished.name, direction, failure, left)
    })
}

impl Leftovers<'_> {
    /// Determines whether a statement was done, after removing what remains of it.
    pub(super) fn see_to(
        &self,
        session: &mut Session,
        question: &CompletionProbe,
        noted: &InFlight,
        observer: &mut dyn Observer,
    ) -> Result<Answer, Failure> {
        match (self.ask(session, question, noted)?, question) {
            (Answer::Indexes(indexes), _) => {
                for (index, table) in indexes {
                    self.drop_index(session, &index, table, observer)?;
                }
                Ok(Answer::NotDone)
            }
            (Answer::HalfOut(oid), CompletionProbe::Detach { parent, partition }) => {
                let sql = format!("ALTER TABLE {parent} DETACH PARTITION {partition} FINALIZE");
                self.finalize(session, &sql, oid, observer)?;
                Ok(Answer::Done)
            }
            // It was taken from all queries already.
            (Answer::HalfDropped(index, table), _) => {
                self.drop_index(session, &index, table, observer)?;
                Ok(Answer::Done)
            }
            (answer, _) => Ok(answer),
        }
    }

    fn ask(
        &self,
        session: &mut Session,
        question: &CompletionProbe,
        noted: &InFlight,
    ) -> Result<Answer, Failure> {
        let answer = match question {
            // The author's own query may take its time.
            CompletionProbe::DoneWhen(_) if !self.interrupt.is_stopped() => {
                let ask = |client: &mut Client| question.ask(client, noted);
                session.guarded(self.interrupt, Kind::Concurrent, ask).0
            }
            _ => question.ask(session.client(), noted),
        };
        answer.map_err(|error| match self.interrupt.stopped() {
            _ if session.client().is_closed() || Failure::is_cut_by(&error) => {
                Failure::connection(error)
            }
            Some(stop) => Failure::Stopped(stop),
            None => Failure::Leftover { sql: None, source: error.into() },
        })
    }

    fn drop_index(
        &self,
        session: &mut Session,
        index: &str,
        table: Oid,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
        if self.interrupt.is_stopped() {
            // A user who stops the run should not have to wait, nor find the invalid index afterwards.
            let sent = within(session.client(), LAST, |client| client.batch_execute(&sql));
            return sent
                .map_err(|error| Failure::Leftover { sql: Some(sql), source: error.into() });
        }
        let deadline = Instant::now() + self.patience;
        self.when_free(session, &sql, table, deadline, observer, |session, _| {
            session.guarded(self.interrupt, Kind::Concurrent, |client| {
                within(client, DROP, |client| client.batch_execute(&sql))
            })
        })
    }

    /// Finalizes the detaching of a partition. The server locks out other sessions before it waits for
    /// their snapshots, so the statement is sent only when there are no old ones.
    fn finalize(
        &self,
        session: &mut Session,
        sql: &str,
        partition: Oid,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        let deadline = Instant::now() + self.limits.lock_wait;
        let why = snapshot_wait::wait(session.client(), deadline, self.interrupt, observer);
        match why.map_err(Failure::connection)? {
            None => {}
            Some(Why::Stopped(stop)) => return Err(Failure::Stopped(stop)),
            Some(Why::Held(holders)) => {
                return Err(self.locked(Obstacle { holders, busy: Vec::new() }, None));
            }
        }
        self.when_free(session, sql, partition, deadline, observer, |session, gate| {
            let locks = gate.locks(BUDGET, ..).join("; ");
            let message = format!("BEGIN; {locks}; {LEAVE_TRUSTED}; {sql}; COMMIT");
            let sent = session
                .guarded(self.interrupt, Kind::Blocking, |client| client.batch_execute(&message));
            if sent.0.is_err() {
                // What it failed for is of more interest.
                drop(OpenTransaction::left_by(session));
            }
            sent
        })
    }

    fn locked(&self, obstacle: Obstacle, source: Option<ServerError>) -> Failure {
        Failure::obstructed(self.step.map(|step| Box::new(step.clone())), obstacle, source)
    }

    /// Sends a statement when no session holds the table for long, and again if that changed meanwhile.
    fn when_free(
        &self,
        session: &mut Session,
        sql: &str,
        table: Oid,
        deadline: Instant,
        observer: &mut dyn Observer,
        send: impl Fn(&mut Session, &Gate) -> (Result<(), postgres::Error>, Interruption),
    ) -> Result<(), Failure> {
        let mut gate = Gate::default();
        let mode = "AccessExclusiveLock".to_owned();
        let wanted = Wait {
            kind: "relation".to_owned(),
            relation: Some(table),
            mode,
            in_circle: false,
            holders: Vec::new(),
        };
        gate.learn(session.client(), &[wanted], 0).map_err(Failure::connection)?;
        loop {
            let gone = gate.wait(session.client(), deadline, self.interrupt, observer);
            match gone.map_err(Failure::connection)? {
                GateOutcome::Free | GateOutcome::Blocking => {}
                GateOutcome::Held(obstacle) => return Err(self.locked(obstacle, None)),
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            let (sent, ended) = send(session, &gate);
            let Err(error) = sent else { return Ok(()) };
            if session.client().is_closed() || Failure::is_cut_by(&error) {
                return Err(Failure::connection(error));
            }
            let is_passing = |code| is_lock(code) || *code == SqlState::QUERY_CANCELED;
            if ended.verdict.is_none() && !error.code().is_some_and(is_passing) {
                return Err(Failure::Leftover { sql: Some(sql.to_owned()), source: error.into() });
            }
            if Instant::now() >= deadline {
                let obstacle = gate.in_the_way(session.client());
                return Err(self.locked(obstacle, Some(error.into())));
            }
            if let Some(stop) = self.interrupt.sleep(PAUSE) {
                return Err(Failure::Stopped(stop));
            }
        }
    }
}

/// Sends something that the server ends after this time.
fn within(
    client: &mut Client,
    time: Duration,
    send: impl FnOnce(&mut Client) -> Result<(), postgres::Error>,
) -> Result<(), postgres::Error> {
    client.batch_execute(&format!("SET statement_timeout = {}", time.as_millis()))?;
    let sent = send(client);
    if !client.is_closed() {
        client.batch_execute("SET statement_timeout = 0")?;
    }
    sent
}
