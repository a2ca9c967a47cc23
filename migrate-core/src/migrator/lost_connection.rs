//! A connection that is cut in the middle of a migration.
//!
//! Whether the server had committed by then cannot be known from here: the answer is lost. But the
//! history row commits with the migration. So another connection is made, the runner's lock is
//! taken on it, which waits until the first session has ended, and the history is read: it is the
//! authority on what was committed, and the work continues from there.

use std::error::Error as _;
use std::time::{Duration, Instant};

use super::Migrator;
use super::locked_run::LockedRun;
use super::revert_partial::stuck;
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Event};
use crate::execute::{ApplyError, Failure, Work, apply};
use crate::history::{HistoryError, Unfinished};
use crate::lock::LockError;
use crate::reason::UnfinishedReason;

/// How often the connection may be lost during one migration.
const RECONNECTS: usize = 3;
/// How long another connection is tried for: a server that restarts takes a moment.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the history says after a cut.
enum Found {
    /// It is done, all of it.
    Recorded,
    /// It is not, or not all of it.
    Open(Option<Box<Unfinished>>),
}

impl Migrator {
    /// An error of this migrator, for a caller that has it stopped: in that case a lost connection was
    /// closed on purpose, and is not the reason why the work ended.
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

    /// Connects again, when the server has done with the session before.
    fn reconnect(&self, session: &mut Session, pid: i32) -> Result<(), Error> {
        let before = (session.target().hosts(), session.identity().clone());
        session.reconnect(&self.interrupt)?;
        session.prepare();
        self.interrupt.watch_over(session);
        let promoted = session.identity().was_promoted_since(&before.1);
        if !promoted && session.target().hosts() == before.0 {
            // The server may not have noticed yet that the client has disconnected.
            session.end_other(pid, Duration::from_secs(5))?;
        }
        Ok(())
    }
}

impl LockedRun<'_> {
    /// Runs a migration, or `names` in one transaction, and continues after a lost connection.
    pub(super) fn execute(
        &mut self,
        work: &Work<'_>,
        names: &[String],
    ) -> Result<Duration, ApplyError> {
        self.started(work.name, work.direction, work.statements());
        let started = Instant::now();
        let mut unfinished = names.iter().find_map(|name| self.history.unfinished(name)).cloned();
        let mut lost = 0;
        let mut idle = Idle::default();
        loop {
            let (session, observer) = (&mut *self.session, &mut *self.observer);
            let history = &self.migrator.history;
            // What was said before was said to the engine, and not to a migration.
            drop(session.take_notices());
            let done = apply(session, history, self.lock, work, unfinished.as_ref(), observer);
            let Err(error) = done else { return done };
            if !error.failure.is_cut() {
                return Err(error);
            }
            let error = self.may_reconnect(error, &mut idle, lost)?;
            lost += 1;
            match self.reconnect_and_look(error, work, names)? {
                Found::Recorded => return Ok(started.elapsed()),
                Found::Open(open) => unfinished = open.map(|open| *open),
            }
        }
    }

    /// Passes the error on where it was not the last connection to be lost.
    fn may_reconnect(
        &mut self,
        error: ApplyError,
        idle: &mut Idle,
        lost: usize,
    ) -> Result<ApplyError, ApplyError> {
        let stopped = self.migrator.interrupt.stopped();
        if let Some(after) = idle.note(self.session.ended_after())
            && stopped.is_none()
        {
            self.observer.event(Event::IdleTimeout { after });
        }
        match (idle.limit(), stopped) {
            (Some(after), _) if lost == RECONNECTS => {
                let help = Some(RAISE_IT.to_owned());
                let failure = error.failure.not_resumed(idle_timeout(after), help);
                Err(ApplyError { failure, ..error })
            }
            (None, _) if lost == RECONNECTS => Err(error),
            (_, Some(stop)) => Err(ApplyError { failure: Failure::Stopped(stop), ..error }),
            _ => Ok(error),
        }
    }

    /// Connects again, and reads how far the migration came.
    fn reconnect_and_look(
        &mut self,
        error: ApplyError,
        work: &Work<'_>,
        names: &[String],
    ) -> Result<Found, ApplyError> {
        let name = work.name.to_owned();
        self.observer.event(Event::ConnectionLost { name: name.clone() });
        match self.look_until_answered(work, names) {
            Ok(found) => {
                let recorded = matches!(found, Found::Recorded);
                self.observer.event(Event::Reconnected { name, recorded });
                Ok(found)
            }
            Err(second) => {
                if let Some(stop) = second.stopped() {
                    return Err(ApplyError { failure: Failure::Stopped(stop), ..error });
                }
                let why = in_full(&second);
                self.observer.event(Event::NotReconnected { name, why: why.clone() });
                let failure = error.failure.not_resumed(why, second.help());
                Err(ApplyError { failure, ..error })
            }
        }
    }

    /// Retries until there is an answer: a server that was restarted may fail again.
    fn look_until_answered(&mut self, work: &Work<'_>, names: &[String]) -> Result<Found, Error> {
        let until = Instant::now() + RECONNECT_TIMEOUT;
        let pid = self.session.backend_pid();
        let mut pause = Duration::from_millis(50);
        loop {
            let reconnected = self.migrator.reconnect(self.session, pid);
            match reconnected.and_then(|()| self.look(work, names)) {
                Err(error) if is_passing(&error) && Instant::now() < until => {
                    if let Some(stop) = self.migrator.interrupt.sleep(pause) {
                        return Err(LockError::Stopped(stop).into());
                    }
                }
                answer => return answer,
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Takes the runner's lock on the new connection, and reads the history.
    fn look(&mut self, work: &Work<'_>, names: &[String]) -> Result<Found, Error> {
        // The lock is the same, on another connection.
        self.migrator.acquire_lock(self.session, self.observer)?;
        let now = self.migrator.reread_history(self.session)?;
        // Until the lock was ours again, another runner may have had it.
        let overtaken = self.history.check_not_overtaken(&now, &self.applied, work.direction);
        overtaken.map_err(|error| match error {
            // There is no other runner that could be found as the cause.
            Error::Overtaken { name, .. } if self.session.was_promoted() => {
                Error::LostInFailover { name }
            }
            error => error,
        })?;
        let is_recorded = |name: &String| now.has(name);
        let recorded = match work.direction {
            Direction::Up => names.iter().all(is_recorded),
            Direction::Down => !names.iter().any(is_recorded),
        };
        if let Some(name) = names.iter().find(|name| !recorded && now.has(name))
            && work.direction == Direction::Up
        {
            return Err(Error::Overtaken { name: name.clone(), did: "applied" });
        }
        let open = names.iter().find_map(|name| now.unfinished(name));
        if let Some(open) = open
            && !(open.direction == work.direction && open.fits(work.steps))
        {
            return Err(stuck(open, UnfinishedReason::ChangedMeanwhile));
        }
        Ok(if recorded && open.is_none() {
            Found::Recorded
        } else {
            Found::Open(open.cloned().map(Box::new))
        })
    }
}

/// What is to be done about an idle timeout.
const RAISE_IT: &str = "a proxy, a load balancer or a firewall on the way has an idle timeout: set it \
                        above what the longest statement takes, or connect to the server itself";

fn idle_timeout(after: Duration) -> String {
    format!("it was lost after {:.1} s without traffic, each time", after.as_secs_f64())
}

/// How long nothing was sent before each loss of the connection: a component that ends idle
/// connections does so after the same time.
#[derive(Default)]
struct Idle {
    last: Option<Duration>,
    limit: Option<Duration>,
}

impl Idle {
    /// A shorter time is not an idle timeout.
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
