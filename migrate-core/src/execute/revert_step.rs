//! Reverting a step of a partially applied migration.

use std::time::Instant;

use super::attempt::{has_all_the_time, lock_timeout};
use super::capture::CaptureRecorder;
use super::completion_probe::{Answer, CompletionProbe, is_direct};
use super::error::{Failure, Origin};
use super::failure_state::is_refused;
use super::journaled_statement::StatementFailure;
use super::keywords::commits_as_it_goes;
use super::parts::origins;
use super::send::send_outside;
use super::transaction::{Transaction, function_ended};
use super::{FailureState, Work, partial, rust_function};
use crate::connect::interrupt::Kind;
use crate::connect::{HISTORY_LOOK, Session};
use crate::event::Observer;
use crate::execute::ApplyError;
use crate::history::inverse::Captured;
use crate::history::{History, InFlight};
use crate::lock::RunnerLock;

/// Runs the statements of `work`, which take one step back, and what records it.
///
/// Outside a transaction the journal says that the step stands until all of this is over: what was
/// done by then is seen in the catalog, or, where that cannot tell, noted by `running`.
pub(crate) fn revert(
    session: &mut Session,
    history: &History,
    lock: &RunnerLock,
    work: &Work<'_>,
    running: &dyn Fn(Option<&InFlight>) -> String,
    observer: &mut dyn Observer,
) -> Result<(), ApplyError> {
    let opening = [lock.assertion()];
    let fail =
        |session: &mut Session, done, StatementFailure { failure, left }: StatementFailure| {
            let left = match left {
                _ if failure.is_cut() || session.client().is_closed() => FailureState::Unknown,
                Some(left) => left,
                None => partial(done, work).unwrap_or(FailureState::RolledBack),
            };
            ApplyError::new(work.name, work.direction, failure, left)
        };
    let statements: Vec<_> = origins(work.steps).collect();
    let together =
        |statements: &[Origin<'_>], session: &mut Session, observer: &mut dyn Observer| {
            let last = statements.len() == work.statements() || statements.is_empty();
            let closing = |captured: &Captured| {
                let record = if last { (work.record)(captured) } else { Vec::new() };
                ["RESET ROLE".to_owned()].into_iter().chain(record).collect()
            };
            let transaction = Transaction {
                history,
                opening: &opening,
                statements,
                variables: work.variables,
                functions: work.functions,
                closing: &closing,
                limits: &work.limits,
                interrupt: work.interrupt,
            };
            transaction.run(session, &mut CaptureRecorder::new(false, Captured::new()), observer)
        };
    if super::is_transactional(work.steps) {
        let done = together(&statements, session, observer);
        return done.map_err(|failure| fail(session, 0, failure.into()));
    }
    for (done, origin) in statements.iter().enumerate() {
        let is_function = origin.statement.rust.is_some() && !origin.step.transactional;
        let sent = if is_function || is_direct(&origin.statement.sql) {
            directly(session, history, work, running, *origin, observer).map_err(|broken| {
                let left =
                    broken.left.or_else(|| partial(done, work)).or(Some(FailureState::Nothing));
                StatementFailure { left, ..broken }
            })
        } else {
            together(&[*origin], session, observer).map_err(StatementFailure::from)
        };
        sent.map_err(|broken| fail(session, done, broken))?;
    }
    let ended = together(&[], session, observer);
    ended.map_err(|failure| fail(session, statements.len(), failure.into()))
}

/// Runs a statement in no transaction. Where it may do something for good and fail all the same, the
/// journal says that it is running until it is known to have done nothing, and else for good: what
/// continues from there does not repeat it, but stops and leaves the decision to the user.
fn directly(
    session: &mut Session,
    history: &History,
    work: &Work<'_>,
    running: &dyn Fn(Option<&InFlight>) -> String,
    origin: Origin<'_>,
    observer: &mut dyn Observer,
) -> Result<(), StatementFailure> {
    let sql = &origin.statement.sql;
    let question = CompletionProbe::of(origin.step, sql);
    if matches!(
        question,
        CompletionProbe::DropIndex { .. } | CompletionProbe::Row { created: false, .. }
    ) {
        let answer = question.ask(session.client(), &InFlight::default());
        if answer.map_err(Failure::connection)? == Answer::Done {
            return Ok(());
        }
    }
    let in_doubt = has_all_the_time(origin);
    if in_doubt {
        let pid = session.backend_pid();
        let noted = question.note(session.client(), pid, (origin.step, sql));
        let mut noted = noted.map_err(Failure::connection)?;
        noted.statement.iter_mut().for_each(|statement| statement.back = true);
        let sql = running(Some(&noted));
        let patience = work.patience(history);
        let noted =
            patience.until_free(session, observer, |client| Ok(client.batch_execute(&sql)?));
        noted.map_err(Failure::of_history)?;
    }
    if in_doubt {
        let bound = lock_timeout(work.limits.lock_wait);
        session.client().batch_execute(&bound).map_err(Failure::connection)?;
    }
    let started = Instant::now();
    let sent = send_directly(session, work, &question, origin);
    let sent = sent.map_err(|broken| broken.if_it_waited(started, &work.limits));
    if in_doubt && !session.client().is_closed() {
        _ = session.client().batch_execute("SET lock_timeout = 0");
    }
    let Some(broken) = sent.err() else { return Ok(()) };
    if in_doubt && broken.left.is_none() && !session.client().is_closed() {
        _ = session.history_client(HISTORY_LOOK).batch_execute(&running(None));
    }
    Err(broken)
}

fn send_directly(
    session: &mut Session,
    work: &Work<'_>,
    question: &CompletionProbe,
    origin: Origin<'_>,
) -> Result<(), StatementFailure> {
    if let Some(called) = &origin.statement.rust {
        let (result, ended) = session.guarded(work.interrupt, Kind::Blocking, |client| {
            rust_function::run_outside(client, called, work.functions, work.interrupt)
        });
        return function_ended(origin, result, &ended).map_err(|failure| {
            let left = failure.may_have_begun().then_some(FailureState::Begun);
            let failure = work.interrupt.stopped().map_or(failure, Failure::Stopped);
            StatementFailure { failure, left }
        });
    }
    let kind = if question.is_concurrent() { Kind::Concurrent } else { Kind::Blocking };
    let (sent, _) = session.guarded(work.interrupt, kind, |client| {
        send_outside(client, origin.statement, work.variables)
    });
    sent.map_err(|error| {
        let is_half_dropped = matches!(question, CompletionProbe::DropIndex { .. })
            && !session.client().is_closed()
            && matches!(
                question.ask(session.client(), &InFlight::default()),
                Ok(Answer::HalfDropped(..))
            );
        let begun = commits_as_it_goes(&origin.statement.sql) && !is_refused(&error);
        let failure = match work.interrupt.stopped() {
            Some(stop) if error.as_db_error().is_some() => Failure::Stopped(stop),
            _ => Failure::statement(origin, error),
        };
        let left = is_half_dropped.then_some(FailureState::Incomplete);
        StatementFailure { failure, left: left.or_else(|| begun.then_some(FailureState::Begun)) }
    })
}
