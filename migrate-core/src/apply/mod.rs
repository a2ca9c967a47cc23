//! One migration, one direction.
//!
//! What can share a transaction with the history row does, and travels in one message. What
//! cannot is sent one statement at a time, and the journal says how far it came.

mod capture;
mod error;
mod leftovers;
mod parts;
mod send;
mod transaction;

use std::time::{Duration, Instant};

pub(crate) use error::Origin;
pub use error::{ApplyError, Failure, Left, Said};

use crate::event::Direction;
use crate::history::{Action, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::{Step, checksum_of_first};
use crate::way_back::Captured;
use crate::{Event, History, Observer, Session};
use capture::Watch;
use parts::{Part, parts};
pub(crate) use send::Variables;
use transaction::Transaction;

/// A migration about to run.
pub(crate) struct Work<'a> {
    pub(crate) name: &'a str,
    pub(crate) direction: Direction,
    pub(crate) steps: &'a [Step],
    /// Whether the way back of its steps is to be read from the catalog.
    pub(crate) captures: bool,
    /// What statements may ask of the environment.
    pub(crate) variables: &'a Variables,
    /// The SQL that records the outcome, in the transaction of the last part.
    pub(crate) record: &'a dyn Fn(&Captured) -> Vec<String>,
}

impl Work<'_> {
    fn action(&self) -> Action {
        match self.direction {
            Direction::Up => Action::Up,
            Direction::Down => Action::Down,
        }
    }

    pub(crate) fn statements(&self) -> usize {
        self.steps.iter().map(|step| step.statements.len()).sum()
    }
}

/// Whether all of these can share one transaction.
pub(crate) fn is_transactional(steps: &[Step]) -> bool {
    steps.iter().all(|step| step.transactional)
}

/// Runs a migration, from where it had stopped if it had, and records it.
pub(crate) fn apply(
    session: &mut Session,
    history: &History,
    lock: &RunnerLock,
    work: &Work<'_>,
    unfinished: Option<&Unfinished>,
    observer: &mut dyn Observer,
) -> Result<Duration, ApplyError> {
    let started = Instant::now();
    let mut done = unfinished.map_or(0, |unfinished| unfinished.statements_done);
    if done > 0 {
        observer.event(Event::Resumed { name: work.name.to_owned(), done });
    }
    // What one migration sets, by a function for example, is not for the next one.
    let opening = [lock.assertion(), session.search_path_as_it_was()];
    let known = unfinished.map_or_else(Captured::new, |unfinished| unfinished.captured.clone());
    let mut watch = Watch::new(work.captures, known);
    let parts = parts(work.steps, done);
    let journaled = unfinished.is_some() || parts.len() > 1 || !is_transactional(work.steps);
    let last = parts.len() - 1;
    for (index, part) in parts.iter().enumerate() {
        let result = match part {
            Part::Together(statements) => {
                let closing = |captured: &Captured| {
                    // The history is ours to write, whatever role the migration took.
                    let mut closing = vec!["RESET ROLE".to_owned()];
                    if index == last {
                        // The duration is read from the journal, so that is forgotten last.
                        closing.extend((work.record)(captured));
                        closing.extend(journaled.then(|| history.journal_end(work.name)));
                    } else {
                        let done = done + statements.len();
                        closing.push(journal(history, work, done, false, captured));
                    }
                    closing
                };
                let transaction = Transaction {
                    opening: &opening,
                    statements,
                    variables: work.variables,
                    closing: &closing,
                };
                transaction.run(session, &mut watch)
            }
            Part::Alone(origin) => {
                observer.event(Event::Statement { summary: origin.step.summary.clone() });
                run_alone(session, history, work, &opening, done, *origin, &mut watch)
            }
        };
        let notices = session.take_notices();
        for notice in notices.into_iter().filter(|_| !part.has_secrets()) {
            observer.event(Event::Notice {
                severity: notice.severity().to_lowercase(),
                message: notice.message().to_owned(),
            });
        }
        if let Err(failure) = result {
            let left = match (part, &failure) {
                (_, Failure::Connection(_)) => Left::Unknown,
                _ if session.client().is_closed() => Left::Unknown,
                (Part::Alone(_), Failure::NotThere { .. }) => {
                    Left::Partial { done: done + 1, of: work.statements() }
                }
                (Part::Together(_), _) if done == 0 => Left::RolledBack,
                (Part::Alone(_), _) if done == 0 => Left::Nothing,
                _ => Left::Partial { done, of: work.statements() },
            };
            return Err(ApplyError::new(work.name, work.direction, failure, left));
        }
        done += part.len();
    }
    Ok(started.elapsed())
}

/// One statement outside a transaction, journaled before and after.
fn run_alone(
    session: &mut Session,
    history: &History,
    work: &Work<'_>,
    opening: &[String],
    done: usize,
    origin: Origin<'_>,
    watch: &mut Watch,
) -> Result<(), Failure> {
    for sql in opening {
        session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
    }
    in_transaction(session, |session| watch.before(session, origin))?;
    let client = session.client();
    let running = journal(history, work, done, true, &watch.captured);
    client.batch_execute(&running).map_err(Failure::record)?;
    let before = leftovers::before(client, &origin.statement.sql);
    let Err(failure) = send::send(client, origin, work.variables) else {
        return in_transaction(session, |session| {
            // It is done, even if what it was said to be about is not there.
            let read = match watch.after(session, origin) {
                Err(failure) if !matches!(failure, Failure::NotThere { .. }) => {
                    return Err(failure);
                }
                read => read,
            };
            let finished = journal(history, work, done + 1, false, &watch.captured);
            session.client().batch_execute(&finished).map_err(Failure::record)?;
            Ok(read)
        })?;
    };
    // It failed, so its end is known; a connection that is gone leaves it open.
    if failure.said().and_then(Said::code).is_some() && !client.is_closed() {
        leftovers::remove(client, &origin.statement.sql, &before);
        let known = match done {
            0 => history.journal_end(work.name),
            _ => journal(history, work, done, false, &watch.captured),
        };
        // The statement's own failure is the one to tell.
        _ = client.batch_execute(&known);
    }
    Err(failure)
}

/// The journal's word on how far a migration has come. It is of the statements that are done: what
/// comes after them may be mended.
fn journal(
    history: &History,
    work: &Work<'_>,
    done: usize,
    running: bool,
    captured: &Captured,
) -> String {
    let checksum = checksum_of_first(work.steps, done);
    history.journal(work.name, work.action(), &checksum, done, running, captured)
}

/// Reading and recording around a statement that itself is in no transaction.
fn in_transaction<T>(
    session: &mut Session,
    work: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    session.client().batch_execute("BEGIN").map_err(Failure::connection)?;
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
