//! A connection that is cut in the middle of a migration.
//!
//! Whether the server had committed by then nobody can tell from here: the answer is lost. But the
//! history row commits with the migration. So another connection is made, the runner's lock is
//! taken on it, which waits until the server has done with the first one, and the history is read:
//! it says what is true, and from there it goes on.

use std::error::Error as _;
use std::time::{Duration, Instant};

use super::revert_partial::stuck;
use super::{Known, Migrator};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::{ApplyError, Failure, Work, apply};
use crate::history::{HistoryError, Unfinished};
use crate::lock::{LockError, RunnerLock};
use crate::reason::UnfinishedReason;

/// How often one migration is taken up again.
const CUTS: usize = 3;
/// How long another connection is tried for: a server that restarts takes a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the history says after a cut.
enum Found {
    /// It is done, all of it.
    Recorded,
    /// It is not, or not all of it.
    Open(Option<Box<Unfinished>>),
}

impl Migrator {
    /// An error of this migrator, for whoever has it stopped: then a connection that is gone was
    /// given up, and that is not what the work ended for.
    #[must_use]
    pub fn unless_stopped(&self, error: Error) -> Error {
        match self.interrupt.stopped() {
            Some(stop) if is_passing(&error) => Error::Stopped(stop),
            _ => error,
        }
    }

    /// An error where it was to stop, and what was committed then is not confirmed by a standby.
    pub(super) fn is_confirmed(&self, name: &str) -> Result<(), Error> {
        match (self.interrupt.take_unconfirmed(), self.interrupt.stopped()) {
            (true, Some(stop)) => Err(Error::Unconfirmed { stop, name: name.to_owned() }),
            _ => Ok(()),
        }
    }

    /// Runs a migration, through as many cuts of the connection as can be expected.
    pub(super) fn apply_through_cuts(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        work: &Work<'_>,
        names: &[String],
        known: &Known,
        observer: &mut dyn Observer,
    ) -> Result<Duration, ApplyError> {
        let started = Instant::now();
        let mut unfinished = known.unfinished.iter().find(|row| names.contains(&row.name)).cloned();
        let mut cuts = 0;
        let mut idle = Idle::default();
        loop {
            let done = apply(session, &self.history, lock, work, unfinished.as_ref(), observer);
            let Err(error) = done else { return done };
            if !error.failure.is_cut() {
                return Err(error);
            }
            if let Some(after) = idle.note(session.ended_after())
                && self.interrupt.stopped().is_none()
            {
                observer.event(Event::IdleTimeout { after });
            }
            if cuts == CUTS {
                let failure = match idle.limit() {
                    Some(after) => {
                        error.failure.not_resumed(idle_timeout(after), Some(RAISE_IT.to_owned()))
                    }
                    None => error.failure,
                };
                return Err(ApplyError { failure, ..error });
            }
            if let Some(stop) = self.interrupt.stopped() {
                return Err(ApplyError { failure: Failure::Stopped(stop), ..error });
            }
            cuts += 1;
            let name = work.name.to_owned();
            observer.event(Event::ConnectionLost { name: name.clone() });
            let found = match self.find_out(session, work, names, known, observer) {
                Ok(found) => found,
                Err(second) => {
                    if let Some(stop) = second.stopped() {
                        return Err(ApplyError { failure: Failure::Stopped(stop), ..error });
                    }
                    let why = in_full(&second);
                    observer.event(Event::NotReconnected { name, why: why.clone() });
                    let failure = error.failure.not_resumed(why, second.help());
                    return Err(ApplyError { failure, ..error });
                }
            };
            let recorded = matches!(found, Found::Recorded);
            observer.event(Event::Reconnected { name, recorded });
            match found {
                Found::Recorded => return Ok(started.elapsed()),
                Found::Open(open) => unfinished = open.map(|open| *open),
            }
        }
    }

    /// Asks until there is an answer: a server that comes back may go down once more.
    fn find_out(
        &self,
        session: &mut Session,
        work: &Work<'_>,
        names: &[String],
        before: &Known,
        observer: &mut dyn Observer,
    ) -> Result<Found, Error> {
        let until = Instant::now() + PATIENCE;
        let pid = session.backend_pid();
        let mut pause = Duration::from_millis(50);
        loop {
            let answer = self
                .reconnect(session, pid)
                .and_then(|()| self.ask(session, work, names, before, observer));
            match answer {
                Err(error) if is_passing(&error) && Instant::now() < until => {
                    if let Some(stop) = self.interrupt.sleep(pause) {
                        return Err(LockError::Stopped(stop).into());
                    }
                }
                answer => return answer,
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Connects again, when the server has done with the session before.
    fn reconnect(&self, session: &mut Session, pid: i32) -> Result<(), Error> {
        let before = (session.target().hosts(), session.identity().clone());
        session.reconnect(&self.interrupt)?;
        session.prepare();
        self.interrupt.watch_over(session);
        let promoted = session.identity().was_promoted_since(&before.1);
        if !promoted && session.target().hosts() == before.0 {
            // The server may not have noticed yet that nobody is there any more.
            session.end_other(pid, Duration::from_secs(5))?;
        }
        Ok(())
    }

    fn ask(
        &self,
        session: &mut Session,
        work: &Work<'_>,
        names: &[String],
        before: &Known,
        observer: &mut dyn Observer,
    ) -> Result<Found, Error> {
        // The lock is the same, on another connection.
        RunnerLock::acquire_unless_stopped(
            session.client(),
            &self.history,
            self.limits.lock_wait,
            &self.interrupt,
            observer,
        )?;
        let known = self.known_by_now(session)?;
        // Until the lock was ours again, another runner may have had it.
        before.has_become(&known, work.direction).map_err(|error| match error {
            // Whoever looks for another runner that did this would look in vain.
            Error::Overtaken { name, .. } if session.was_promoted() => {
                Error::LostInFailover { name }
            }
            error => error,
        })?;
        let is_recorded = |name: &String| known.has(name);
        let recorded = match work.direction {
            Direction::Up => names.iter().all(is_recorded),
            Direction::Down => !names.iter().any(is_recorded),
        };
        if let Some(name) = names.iter().find(|name| !recorded && known.has(name))
            && work.direction == Direction::Up
        {
            return Err(Error::Overtaken { name: name.clone(), did: "applied" });
        }
        let mut unfinished = known.unfinished.into_iter();
        let open = unfinished.find(|row| names.contains(&row.name));
        if let Some(open) = &open
            && !(open.direction == work.direction && open.fits(work.steps))
        {
            return Err(stuck(open, UnfinishedReason::ChangedMeanwhile));
        }
        Ok(if recorded && open.is_none() {
            Found::Recorded
        } else {
            Found::Open(open.map(Box::new))
        })
    }
}

/// What is to be done about an idle timeout.
const RAISE_IT: &str = "a proxy, a load balancer or a firewall on the way has an idle timeout: set it \
                        above what the longest statement takes, or connect to the server itself";

fn idle_timeout(after: Duration) -> String {
    format!("it was lost after {:.1} s without traffic, each time", after.as_secs_f64())
}

/// For how long nothing was sent before each loss of the connection: whoever ends what is idle does
/// so after the same time.
#[derive(Default)]
struct Idle {
    last: Option<Duration>,
    limit: Option<Duration>,
}

impl Idle {
    /// Less is no idle timeout of anybody.
    const LEAST: Duration = Duration::from_secs(1);

    /// The limit, once it is known; it is news only then.
    fn note(&mut self, silence: Option<Duration>) -> Option<Duration> {
        let silence = silence.filter(|silence| *silence >= Self::LEAST);
        let before = std::mem::replace(&mut self.last, silence);
        let (before, now) = (before?, silence?);
        let tolerance = before.mul_f64(0.1).max(Duration::from_millis(300));
        let known = (before.abs_diff(now) <= tolerance).then_some(now);
        let is_news = self.limit.is_none();
        self.limit = known;
        known.filter(|_| is_news)
    }

    fn limit(&self) -> Option<Duration> {
        self.limit
    }
}

/// An error and its causes, in one line.
fn in_full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

/// Whether another connection may fare better.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Connect(error) => error.is_temporary(),
        Error::Database(error)
        | Error::Lock(LockError::Database(error))
        | Error::History(HistoryError::Database(error)) => Failure::is_cut_by(error),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_silence_before_each_loss_is_an_idle_limit() {
        let mut idle = Idle::default();
        let mut note = |seconds: Option<f64>| {
            idle.note(seconds.map(Duration::from_secs_f64)).map(|limit| limit.as_secs_f64())
        };
        assert_eq!(note(Some(10.0)), None);
        assert_eq!(note(Some(10.2)), Some(10.2));
        assert_eq!(note(Some(10.1)), None);
        assert_eq!(note(Some(3.0)), None);
        assert_eq!(note(None), None);
        assert_eq!(note(Some(0.1)), None);
        assert_eq!(note(Some(0.1)), None);
    }
}
