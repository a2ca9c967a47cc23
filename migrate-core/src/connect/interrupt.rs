//! The brake: what ends the engine's work from outside of it.
//!
//! The engine arms it with what cancels the statement that it sends, and disarms it when the
//! statement is over. A cancel is sent over the network, which may hang: it is sent from a thread of
//! its own and never under the mutex, but counted there, so that the engine continues only once it is
//! sent or given up. One that the server has not come round to by then is waited for
//! ([`CancelGuard::end`]), lest it hit the next statement.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::types::Oid;

use super::lifeline::{Lifeline, WeakLifeline};
use super::reach::{CANCELS_WITHIN, Canceler};
pub use super::stop::Stop;
use super::target::Target;
use crate::event::LockHolder;
use crate::limits::Limits;

/// Ends the engine's work from another thread: on a signal, for example. Clones share one brake.
///
/// ```
/// use migrate_core::Interrupt;
///
/// let interrupt = Interrupt::default();
/// let from_elsewhere = interrupt.clone();
/// std::thread::spawn(move || from_elsewhere.stop()).join().unwrap();
/// assert!(interrupt.is_stopped());
/// ```
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// State that is shared by the engine and its watchers.
#[derive(Default)]
pub(crate) struct State {
    /// Why all work is to end.
    pub(crate) stop: Option<Stop>,
    /// The statement that is running.
    pub(crate) running: Option<Running>,
    /// Counts the statements.
    counter: u64,
    /// How many cancels are on their way.
    cancels: usize,
    /// The watchdog that is on duty. One that was before may still hang.
    pub(crate) on_duty: Option<u64>,
    /// Whether the watchdog has its connection; false while it is requested.
    pub(crate) is_watching: Option<bool>,
    /// The server that the work is on.
    pub(crate) target: Option<Target>,
    /// The process that serves the session which does the work.
    pub(crate) pid: Option<i32>,
    /// Whether a wait for a synchronous standby was ended, and not yet reported.
    is_unconfirmed: bool,
    /// The connections that are given up where they do not answer.
    pub(super) lifelines: Vec<WeakLifeline>,
    stopped_at: Option<Instant>,
}

/// When a cancel that had no effect is sent again.
const AGAIN: Duration = Duration::from_millis(300);
/// How long a connection may say nothing when all is to end. What the engine still sends then takes
/// less, and a user who has pressed Ctrl-C waits for two seconds, not for a proxy that hangs.
const SILENCE: Duration = Duration::from_millis(1500);
/// How much longer than the server the client waits before it enforces a time limit itself.
const LENIENCE: Duration = Duration::from_secs(5);
/// How often limits and silence are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A statement at work.
pub(crate) struct Running {
    /// Tells it from others.
    pub(crate) number: u64,
    /// The process that serves it.
    pub(crate) pid: i32,
    pub(crate) since: Instant,
    pub(crate) kind: Kind,
    /// How many statements are sent at once; each has a time limit of its own.
    statements: u32,
    canceler: Canceler,
    cancelled_at: Option<Instant>,
    /// Why the watchdog has cancelled it.
    pub(crate) verdict: Option<Verdict>,
    /// The locks that it was seen waiting for.
    pub(crate) waits: Vec<Wait>,
    /// Whether it was seen to have committed, and to wait for a standby.
    pub(crate) is_committed: bool,
}

/// The kind of a statement, for its watchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Holds its locks until its transaction ends.
    Blocking,
    /// The same, at a moment at which it is of interest what it waits for.
    Observed,
    /// Blocks no reader and no writer: a concurrent build.
    Concurrent,
}

/// Why a statement was cancelled that others waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It waited itself, with others behind it.
    Queued,
    /// It was at work.
    InTheWay {
        /// How many waited.
        others: usize,
        /// The longest of them.
        waited: Duration,
    },
}

/// A lock that is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    /// What kind of thing it is on, as `pg_locks` says it.
    pub(crate) kind: String,
    /// The relation, where it is on one.
    pub(crate) relation: Option<Oid>,
    /// `AccessExclusiveLock`.
    pub(crate) mode: String,
    /// Whether its holder waits for us.
    pub(crate) in_circle: bool,
    /// Its holders, if it is not a lock on a relation.
    pub(crate) holders: Vec<LockHolder>,
}

impl Wait {
    /// Whether it is for the same lock.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.kind, self.relation, &self.mode) == (&other.kind, other.relation, &other.mode)
    }
}

impl State {
    /// Closes connections on which the server has exceeded the time limit of a statement.
    fn sever_what_is_overdue(&self, limit: Option<Duration>) {
        let limit = match (limit, &self.running) {
            (Some(limit), Some(running)) if running.kind != Kind::Concurrent => {
                limit.saturating_mul(running.statements)
            }
            (Some(limit), None) => limit,
            _ => return,
        };
        let limit = limit.saturating_add(LENIENCE);
        for lifeline in self.lifelines.iter().filter_map(WeakLifeline::upgrade) {
            if lifeline.silence().is_some_and(|silence| silence >= limit) {
                lifeline.sever();
            }
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.stopped()).finish()
    }
}

impl Interrupt {
    /// Ends the running statement, and all work after it: what is in a transaction is rolled back,
    /// what is not is journaled.
    pub fn stop(&self) {
        self.stop_for(Stop::Interrupted);
    }

    /// Whether it was requested to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped().is_some()
    }

    /// A wait for a synchronous standby was ended.
    pub(crate) fn note_unconfirmed(&self) {
        self.state().is_unconfirmed = true;
    }

    /// Whether such a wait was ended since the last call.
    pub(crate) fn take_unconfirmed(&self) -> bool {
        std::mem::take(&mut self.state().is_unconfirmed)
    }

    /// Returns why it was requested to end.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.state().stop
    }

    /// Enforces the time limits of the run and of its statements, and repeats cancels, while that
    /// watchdog is on duty. Sends no queries, so that it is never late.
    pub(crate) fn keep_time(&self, on_duty: u64, limits: &Limits) {
        let mut deadline = limits.whole.and_then(|whole| Instant::now().checked_add(whole));
        let mut state = self.state();
        while state.on_duty == Some(on_duty) {
            let is_late = deadline.take_if(|deadline| Instant::now() >= *deadline).is_some();
            state.sever_what_is_overdue(limits.statement);
            if is_late || state.stop.is_some() {
                drop(state);
                match limits.whole.filter(|_| is_late) {
                    Some(whole) => self.stop_for(Stop::OutOfTime(whole)),
                    None => self.insist(),
                }
                state = self.state();
            }
            let pause = match (state.stop, limits.statement) {
                (None, None) => Duration::from_secs(3600),
                (None, Some(_)) => LOOK,
                (Some(_), _) => AGAIN,
            };
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if state.on_duty == Some(on_duty) {
                state = self.wait(state, left.map_or(pause, |left| pause.min(left)));
            }
        }
    }

    /// Whether the running statement is to end, which may be a function that is not at the server.
    pub(crate) fn is_cancelled(&self) -> bool {
        let state = self.state();
        let running = state.running.as_ref();
        state.stop.is_some() || running.is_some_and(|running| running.cancelled_at.is_some())
    }

    pub(crate) fn stop_for(&self, stop: Stop) {
        let mut state = self.state();
        state.stop.get_or_insert(stop);
        let is_first = state.stopped_at.replace(Instant::now()).is_none();
        self.cancel(state);
        self.notify();
        if is_first {
            let interrupt = self.clone();
            let thread = std::thread::Builder::new().name("leave".to_owned());
            _ = thread.spawn(move || interrupt.leave());
        }
    }

    /// Abandons the connections that do not answer, until none remains.
    fn leave(&self) {
        let mut state = self.state();
        loop {
            let since = state.stopped_at.map(|at| at.elapsed()).unwrap_or_default();
            let all: Vec<_> = state.lifelines.iter().filter_map(WeakLifeline::upgrade).collect();
            for lifeline in &all {
                if lifeline.silence().is_some_and(|silence| silence.min(since) >= SILENCE) {
                    lifeline.sever();
                }
            }
            if all.is_empty() {
                return;
            }
            drop(all);
            state = self.wait(state, LOOK);
        }
    }

    /// Cancels once more what was to be cancelled: a cancel that comes before its statement is
    /// lost.
    pub(crate) fn insist(&self) {
        let state = self.state();
        let waited = state
            .running
            .as_ref()
            .is_some_and(|running| running.cancelled_at.is_none_or(|at| at.elapsed() >= AGAIN));
        if state.stop.is_some() && waited && state.cancels == 0 {
            self.cancel(state);
        }
    }

    /// A watchdog comes on duty, and has this number.
    pub(crate) fn relieve(&self) -> u64 {
        let mut state = self.state();
        state.counter += 1;
        state.on_duty = Some(state.counter);
        state.is_watching = None;
        state.counter
    }

    fn cancel(&self, mut state: MutexGuard<'_, State>) {
        let Some(running) = &mut state.running else { return };
        running.cancelled_at = Some(Instant::now());
        let canceler = running.canceler.clone();
        let sending = self.sending(state);
        let thread = std::thread::Builder::new().name("cancel".to_owned());
        _ = thread.spawn(move || {
            // If it cannot be canceled, its connection is lost, which ends it.
            _ = canceler.cancel();
            drop(sending);
        });
    }

    /// From here until that is dropped, a cancel is on its way.
    fn sending(&self, mut state: MutexGuard<'_, State>) -> Sending {
        state.cancels += 1;
        Sending { interrupt: self.clone() }
    }

    /// Marks the running statement, if it is still that one, to be canceled for this reason; the caller
    /// has to cancel it.
    pub(crate) fn condemn(&self, number: u64, verdict: Verdict) -> Option<Sending> {
        let mut state = self.state();
        match &mut state.running {
            Some(running) if running.number == number && running.verdict.is_none() => {
                running.verdict = Some(verdict);
                running.cancelled_at = Some(Instant::now());
                Some(self.sending(state))
            }
            _ => None,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something changes, or the time is over.
    pub(crate) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        longest: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.0.changed.wait_timeout(state, longest);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn notify(&self) {
        self.0.changed.notify_all();
    }

    /// Sleeps; why all is to end, if that is so before or by then.
    pub(crate) fn sleep(&self, duration: Duration) -> Option<Stop> {
        let until = Instant::now() + duration;
        let mut state = self.state();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.stop.is_some() || left.is_zero() {
                return state.stop;
            }
            state = self.wait(state, left);
        }
    }

    /// The statement that is sent now can be cancelled by this.
    pub(crate) fn arm(
        &self,
        canceler: Canceler,
        pid: i32,
        kind: Kind,
        statements: usize,
    ) -> CancelGuard {
        let mut state = self.state();
        state.counter += 1;
        state.running = Some(Running {
            number: state.counter,
            pid,
            since: Instant::now(),
            kind,
            statements: u32::try_from(statements.max(1)).unwrap_or(u32::MAX),
            canceler,
            cancelled_at: None,
            verdict: None,
            waits: Vec::new(),
            is_committed: false,
        });
        self.0.changed.notify_all();
        CancelGuard { interrupt: self.clone() }
    }
}

/// A cancel on its way, until this is dropped.
pub(crate) struct Sending {
    interrupt: Interrupt,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.interrupt.state().cancels -= 1;
        self.interrupt.notify();
    }
}

/// A statement that can be cancelled, until this is dropped or [ended](Self::end).
pub(crate) struct CancelGuard {
    interrupt: Interrupt,
}

/// What was done to a statement while it ran.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    /// Whether it was cancelled; the server may not have come round to that.
    pub(crate) cancelled: bool,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) waits: Vec<Wait>,
}

impl CancelGuard {
    /// The statement has ended: it is not canceled after this.
    pub(crate) fn end(self, lifeline: Option<&Lifeline>) -> Interruption {
        let until = Instant::now() + CANCELS_WITHIN;
        let mut state = self.interrupt.state();
        let running = state.running.take();
        if running.as_ref().is_some_and(|it| it.is_committed && it.cancelled_at.is_some()) {
            state.is_unconfirmed = true;
        }
        // Where the connection was given up, there is no next statement that a cancel could hit.
        let is_severed = lifeline.is_some_and(Lifeline::is_severed);
        while state.cancels > 0 && !is_severed && Instant::now() < until {
            state = self.interrupt.wait(state, until.saturating_duration_since(Instant::now()));
        }
        drop(state);
        let ended = running.map_or_else(Interruption::default, |running| Interruption {
            cancelled: running.cancelled_at.is_some(),
            verdict: running.verdict,
            waits: running.waits,
        });
        if ended.cancelled && !lifeline.is_some_and(Lifeline::is_severed) {
            // A cancel may still be on its way. A server that waits for a command ignores it.
            std::thread::sleep(Duration::from_millis(100));
        }
        ended
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.interrupt.state().running = None;
    }
}
