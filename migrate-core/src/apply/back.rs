//! Taking back a step of a migration that stopped half way.

use super::capture::Watch;
use super::error::{Failure, Origin};
use super::parts::origins;
use super::question::{Answer, Noted, Question, is_direct};
use super::send::send;
use super::transaction::{Transaction, function_ended};
use super::{Work, function, partial};
use crate::interrupt::Kind;
use crate::lock::RunnerLock;
use crate::way_back::Captured;
use crate::{ApplyError, Observer, Session};

/// Runs the statements of `work`, which take one step back, and what records it.
///
/// Outside a transaction there is nothing in the journal that could be half done: it says that the
/// step stands until all of this is over, and what was done by then is seen in the catalog.
pub(crate) fn take_back(
    session: &mut Session,
    lock: &RunnerLock,
    work: &Work<'_>,
    observer: &mut dyn Observer,
) -> Result<(), ApplyError> {
    let opening = [lock.assertion()];
    let fail = |session: &mut Session, done, failure: Failure| {
        let left = match partial(done, work) {
            _ if failure.is_cut() || session.client().is_closed() => super::Left::Unknown,
            Some(left) => left,
            None => super::Left::RolledBack,
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
                opening: &opening,
                statements,
                variables: work.variables,
                functions: work.functions,
                closing: &closing,
                limits: &work.limits,
                interrupt: work.interrupt,
            };
            transaction.run(session, &mut Watch::new(false, Captured::new()), observer)
        };
    if super::is_transactional(work.steps) {
        let done = together(&statements, session, observer);
        return done.map_err(|failure| fail(session, 0, failure));
    }
    for (done, origin) in statements.iter().enumerate() {
        let is_function = origin.statement.rust.is_some() && !origin.step.transactional;
        let sent = if is_function || is_direct(&origin.statement.sql) {
            directly(session, work, *origin)
        } else {
            together(&[*origin], session, observer)
        };
        sent.map_err(|failure| fail(session, done, failure))?;
    }
    together(&[], session, observer).map_err(|failure| fail(session, statements.len(), failure))
}

fn directly(session: &mut Session, work: &Work<'_>, origin: Origin<'_>) -> Result<(), Failure> {
    let question = Question::of(origin.step, &origin.statement.sql);
    if matches!(question, Question::DropIndex { .. } | Question::Row { created: false, .. }) {
        let answer = question.ask(session.client(), &Noted::default());
        if answer.map_err(Failure::connection)? == Answer::Done {
            return Ok(());
        }
    }
    if let Some(called) = &origin.statement.rust {
        let (result, ended) = session.guarded(work.interrupt, Kind::Blocking, |client| {
            function::run(client, called, work.functions, work.interrupt, false)
        });
        return function_ended(origin, result, &ended)
            .map_err(|failure| work.interrupt.stopped().map_or(failure, Failure::Stopped));
    }
    let kind = if question.is_concurrent() { Kind::Concurrent } else { Kind::Blocking };
    let (sent, _) = session
        .guarded(work.interrupt, kind, |client| send(client, origin.statement, work.variables));
    sent.map_err(|error| match work.interrupt.stopped() {
        Some(stop) if error.as_db_error().is_some() => Failure::Stopped(stop),
        _ => Failure::statement(origin, error),
    })
}
