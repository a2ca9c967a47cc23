//! Statements that stand or fall together with what is recorded of them.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::capture::Watch;
use super::error::{Failure, Origin, Said, is_lock};
use super::question::{invalid_namesake, may_accept_an_invalid_index};
use super::send::{Variables, is_alone, send, text};
use super::unlogged::Logging;
use super::{HURRY, THINK, function};
use crate::connect::search_path::{ENTER_TRUSTED, LEAVE_TRUSTED, TRUSTED_IN_TRANSACTION, trusted};
use crate::functions::Runner;
use crate::interrupt::{Ended, Interrupt, Kind, Verdict, Wait};
use crate::limits::Limits;
use crate::lock::{Gate, Gone, lock_timeout};
use crate::watchdog::is_watching;
use crate::way_back::Captured;
use crate::{Observer, Session};

/// How long a lock is waited for of which nothing is known: as long as others may wait behind us. It
/// takes a few milliseconds to see what it is, and longer only where nobody looks.
const UNKNOWN: [u64; 6] = [10, 15, 15, 15, 30, 60];
/// The same for one that nobody holds for long.
const GATED: [u64; 3] = [15, 30, 50];
/// The same for one on a row, behind which nobody queues who does not want that row.
const ROW: [u64; 3] = [250, 500, 1000];

/// The statements of one transaction.
pub(super) struct Transaction<'a> {
    /// What comes first and must not fail.
    pub(super) opening: &'a [String],
    pub(super) statements: &'a [Origin<'a>],
    pub(super) variables: &'a Variables,
    pub(super) functions: &'a Runner,
    /// What is recorded at the end, given what is known of the way back then.
    pub(super) closing: &'a dyn Fn(&Captured) -> Vec<String>,
    pub(super) limits: &'a Limits,
    pub(super) interrupt: &'a Interrupt,
}

/// What is known of the locks that stood in the way so far.
#[derive(Default)]
struct Pace {
    gate: Gate,
    attempts: usize,
    /// How many of them knew what they wanted.
    gated: usize,
    /// Whether a lock has been what it failed for.
    locked: bool,
    /// Whether that was no lock on a relation.
    row: bool,
}

impl Pace {
    fn budget(&self) -> Duration {
        let of = |budgets: &[u64], attempts: usize| {
            Duration::from_millis(budgets[attempts.min(budgets.len() - 1)])
        };
        match () {
            () if self.row => of(&ROW, self.attempts),
            () if self.gate.is_known() => of(&GATED, self.gated),
            () => of(&UNKNOWN, self.attempts),
        }
    }

    /// A random time up to one that grows: those who collide shall not collide again.
    fn pause(&self) -> Duration {
        let longest = 25_u64 << self.attempts.min(6);
        let random = RandomState::new().hash_one(self.attempts);
        Duration::from_millis(random % longest.min(1000))
    }
}

impl Transaction<'_> {
    /// Runs the statements and the closing ones in one transaction, and in one message if nothing
    /// has to be read between them.
    ///
    /// The server does not say which statement of a message failed. Then the whole is rolled back
    /// and run again one statement at a time, to name the culprit; what failed for a passing reason
    /// may succeed on that second run, and that is as good. Not so what was cancelled, by somebody
    /// or by a timeout: that was not to run at all, or not for so long. Only the server's own word counts as a
    /// failure: where the driver loses the thread, the transaction may have been committed.
    pub(super) fn run(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        self.go_on()?;
        let mut pace = Pace::default();
        let alone = |origin: &Origin<'_>| {
            watch.asked(origin).is_some()
                || is_alone(origin.statement)
                || may_accept_an_invalid_index(&origin.statement.sql)
        };
        if !self.statements.iter().any(alone) {
            match self.at_once(session, watch, &pace)? {
                None => return Ok(()),
                Some(error) => {
                    pace.locked = error.code().is_some_and(is_lock);
                    pace.attempts = usize::from(pace.locked);
                }
            }
        }
        self.until_it_gets_its_locks(session, watch, pace, observer)
    }

    /// What was said of all of them.
    fn said(&self, error: postgres::Error) -> Said {
        Said::of(error, self.statements.iter().map(|origin| origin.statement))
    }

    fn go_on(&self) -> Result<(), Failure> {
        self.interrupt.stopped().map_or(Ok(()), |stop| Err(Failure::Stopped(stop)))
    }

    /// In one message; what the server said if that did not work.
    fn at_once(
        &self,
        session: &mut Session,
        watch: &Watch,
        pace: &Pace,
    ) -> Result<Option<postgres::Error>, Failure> {
        let closing = (self.closing)(&watch.captured);
        let bounds = self.bounds(pace);
        let texts = [Cow::Borrowed("BEGIN"), TRUSTED_IN_TRANSACTION.into()]
            .into_iter()
            .chain(self.opening.iter().map(Cow::from))
            .chain(bounds.iter().map(Cow::from))
            .chain([LEAVE_TRUSTED.into()])
            .chain(self.texts())
            .chain([ENTER_TRUSTED.into()])
            .chain(closing.iter().map(Cow::from))
            .chain([LEAVE_TRUSTED.into(), "COMMIT".into()]);
        // The semicolon stands on a line of its own: a statement may end in a `--` comment.
        let message = texts.collect::<Vec<_>>().join("\n;\n");
        let (result, ended) = session
            .guarded(self.interrupt, Kind::Blocking, |client| client.batch_execute(&message));
        let Err(error) = result else {
            session.note_author();
            return Ok(None);
        };
        let is_back = !Failure::is_cut_by(&error) && session.roll_back().is_ok();
        // What was said on the way will be said again, or was never done; and of a message that the
        // server could not read, not even BEGIN was, so that it wonders at ROLLBACK.
        drop(session.take_notices());
        if !is_back {
            return Err(Failure::Connection(self.said(error)));
        }
        self.go_on()?;
        match (ended.verdict, self.statements) {
            (Some(Verdict::InTheWay { others, waited }), statements) => {
                let step = statements
                    .first()
                    .filter(|first| statements.iter().all(|origin| origin.index == first.index));
                Err(Failure::in_the_way(step.copied(), others, waited, Some(self.said(error))))
            }
            (None, [only]) if is_cancelled(&error) => Err(Failure::statement(*only, error)),
            (None, _) if is_cancelled(&error) => Err(Failure::Cancelled(self.said(error))),
            _ => Ok(Some(error)),
        }
    }

    /// The statements, each with the path that its names are read with.
    fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.statements.iter().flat_map(|origin| {
            let text = text(origin.statement, self.variables);
            let [before, after] = match origin.statement.captured {
                true => [ENTER_TRUSTED, LEAVE_TRUSTED].map(|sql| Some(Cow::Borrowed(sql))),
                false => [None, None],
            };
            [before, Some(text), after].into_iter().flatten()
        })
    }

    /// What the transaction sets for itself.
    fn bounds(&self, pace: &Pace) -> Vec<String> {
        let mut bounds = match pace.gate.is_known() {
            true => pace.gate.locks(pace.budget()),
            false => vec![lock_timeout(pace.budget())],
        };
        bounds.extend(
            self.limits
                .statement
                .map(|limit| format!("SET LOCAL statement_timeout = {}", limit.as_millis().max(1))),
        );
        bounds
    }

    /// One statement at a time; where a lock is not to be had at once, all over again, when it is.
    fn until_it_gets_its_locks(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        mut pace: Pace,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let deadline = started + self.limits.lock_wait;
        loop {
            let gone = pace.gate.wait(session.client(), deadline, self.interrupt, observer);
            match gone.map_err(Failure::connection)? {
                Gone::Free => {}
                Gone::Held(holders) => {
                    return Err(Failure::Locked { step: None, holders, source: None });
                }
                Gone::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            // From the second time on it is of interest what it waits for.
            let kind = match pace.locked && is_watching(self.interrupt) {
                true => Kind::Observed,
                false => Kind::Blocking,
            };
            let mut waits = Vec::new();
            let failure = match self.one_by_one(session, watch, &pace, kind, &mut waits) {
                Ok(()) => {
                    session.note_author();
                    return Ok(());
                }
                Err(failure) => failure,
            };
            // A COMMIT that failed has ended the transaction.
            if !matches!(failure, Failure::Commit(_)) {
                _ = session.client().batch_execute("ROLLBACK");
            }
            if session.client().is_closed() {
                return Err(failure);
            }
            self.go_on()?;
            if !failure.is_about_a_lock() {
                return Err(failure);
            }
            drop(session.take_notices());
            pace.locked = true;
            pace.attempts += 1;
            pace.gated += usize::from(pace.gate.is_known());
            let learned = pace.gate.learn(session.client(), &waits);
            let learned = learned.map_err(Failure::connection)?;
            pace.row = !learned && !waits.is_empty();
            if Instant::now() >= deadline {
                let holders = pace.gate.in_the_way(session.client());
                return Err(failure.locked(holders));
            }
            if let Some(stop) = self.interrupt.sleep(pace.pause()) {
                return Err(Failure::Stopped(stop));
            }
        }
    }

    fn one_by_one(
        &self,
        session: &mut Session,
        watch: &mut Watch,
        pace: &Pace,
        kind: Kind,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        session.client().batch_execute("BEGIN").map_err(Failure::connection)?;
        if self.statements.iter().any(|origin| !origin.statement.secrets.is_empty()) {
            Logging::off(session.client(), true).map_err(Failure::connection)?;
        }
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        session.client().batch_execute(HURRY).map_err(Failure::connection)?;
        let judged = |(result, ended): (Result<(), postgres::Error>, Ended),
                      origin,
                      waits: &mut Vec<Wait>| {
            waits.extend(ended.waits);
            let Err(error) = result else { return Ok(()) };
            match (ended.verdict, origin) {
                (Some(Verdict::InTheWay { others, waited }), origin) => {
                    Err(Failure::in_the_way(origin, others, waited, Some(self.said(error))))
                }
                (Some(Verdict::Queued), origin) => {
                    Err(Failure::queued(origin, Some(self.said(error))))
                }
                (None, Some(origin)) => Err(Failure::statement(origin, error)),
                (None, None) if error.code().is_some_and(is_lock) => {
                    Err(Failure::queued(None, Some(error.into())))
                }
                (None, None) => Err(Failure::connection(error)),
            }
        };
        for sql in self.bounds(pace) {
            let sent = session.guarded(self.interrupt, kind, |client| client.batch_execute(&sql));
            judged(sent, None, waits)?;
        }
        session.client().batch_execute(LEAVE_TRUSTED).map_err(Failure::connection)?;
        for origin in self.statements {
            watch.before(session, *origin)?;
            let invalid = invalid_namesake(session.client(), &origin.statement.sql, true);
            if let Some(index) = invalid.map_err(Failure::connection)? {
                return Err(Failure::invalid_index(*origin, index));
            }
            let captured = origin.statement.captured;
            if captured {
                session.client().batch_execute(ENTER_TRUSTED).map_err(Failure::connection)?;
            }
            if let Some(called) = &origin.statement.rust {
                let (functions, interrupt) = (self.functions, self.interrupt);
                session.client().batch_execute(THINK).map_err(Failure::connection)?;
                let (result, ended) = session.guarded(interrupt, kind, |client| {
                    function::run(client, called, functions, interrupt, true)
                });
                let result = function_ended(*origin, result, &ended);
                waits.extend(ended.waits);
                result?;
                session.client().batch_execute(HURRY).map_err(Failure::connection)?;
            } else {
                let sent = session.guarded(self.interrupt, kind, |client| {
                    send(client, origin.statement, self.variables)
                });
                judged(sent, Some(*origin), waits)?;
            }
            if captured {
                session.client().batch_execute(LEAVE_TRUSTED).map_err(Failure::connection)?;
            }
            self.go_on()?;
            watch.after(session, *origin)?;
        }
        let recorded = trusted(session.client(), |client| {
            (self.closing)(&watch.captured).iter().try_for_each(|sql| client.batch_execute(sql))
        });
        recorded.map_err(Failure::record)?;
        session.client().batch_execute("COMMIT").map_err(|error| match error.as_db_error() {
            Some(_) => Failure::Commit(self.said(error)),
            None => Failure::connection(error),
        })
    }
}

/// How a function has ended, with the watchdog's word on it: that may have wanted it to end.
pub(super) fn function_ended(
    origin: Origin<'_>,
    result: Result<(), function::Ended>,
    ended: &Ended,
) -> Result<(), Failure> {
    match (result, ended.verdict) {
        (Err(function::Ended::Cut(error)), _) => Err(Failure::connection(error)),
        (_, Some(Verdict::InTheWay { others, waited })) => {
            Err(Failure::in_the_way(Some(origin), others, waited, None))
        }
        (_, Some(Verdict::Queued)) => Err(Failure::queued(Some(origin), None)),
        (Ok(()), None) => Ok(()),
        (Err(function::Ended::Failed { error, begun }), None) => {
            Err(Failure::function(origin, error, begun))
        }
    }
}

/// Whether it was ended by somebody's wish, or because it took too long.
fn is_cancelled(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
