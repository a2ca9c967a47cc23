//! What another thread knows of a connection, and how it ends the wait on one that does not answer.
//!
//! A proxy may acknowledge every packet and deliver none: the network then sees nothing wrong, and
//! no timeout of the server comes through. So the stream of every connection over the network
//! notes since when an answer is awaited, and can be closed from elsewhere: whatever is blocked on
//! it then returns an error. A connection over a socket of this machine has no such stream.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A connection, as other threads see it. Clones are of the same one.
#[derive(Clone, Default)]
pub(crate) struct Lifeline(Arc<Mutex<State>>);

/// The same, of a connection that may be closed by now.
#[derive(Clone)]
pub(crate) struct WeakLifeline(Weak<Mutex<State>>);

#[derive(Default)]
struct State {
    is_severed: bool,
    /// The tasks that wait to read, and to write.
    wakers: [Option<Waker>; 2],
    /// How many requests are not answered in full.
    requests: usize,
    /// Whether what is to be sent finds no room.
    is_blocked: bool,
    /// When something was last sent or received.
    active_at: Option<Instant>,
    /// How long nothing had come when the other side ended the connection.
    ended_after: Option<Duration>,
}

impl State {
    fn silence(&self) -> Option<Duration> {
        let is_waiting = self.requests > 0 || self.is_blocked;
        self.active_at.filter(|_| is_waiting).map(|at| at.elapsed())
    }
}

impl Lifeline {
    /// Closes the connection, and wakes the tasks that wait on it.
    pub(crate) fn sever(&self) {
        let wakers = {
            let mut state = self.state();
            state.is_severed = true;
            std::mem::take(&mut state.wakers)
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    pub(crate) fn is_severed(&self) -> bool {
        self.state().is_severed
    }

    /// For how long nothing has come in answer to what was sent; nothing where no answer is awaited.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.state().silence()
    }

    pub(crate) fn downgrade(&self) -> WeakLifeline {
        WeakLifeline(Arc::downgrade(&self.0))
    }

    /// Severs the connection unless this is dropped by then.
    pub(super) fn sever_after(&self, time: Option<Duration>) -> Option<Deadline> {
        let time = time?;
        let (guard, dropped) = mpsc::channel::<()>();
        let lifeline = self.clone();
        let thread = std::thread::Builder::new().name("deadline".to_owned());
        _ = thread.spawn(move || {
            if dropped.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                lifeline.sever();
            }
        });
        Some(Deadline { _guard: guard })
    }

    /// From here on severs the connection once nothing has come for so long in answer to what was
    /// sent.
    pub(crate) fn sever_when_silent(&self, longest: Duration) {
        let weak = self.downgrade();
        let thread = std::thread::Builder::new().name("silence".to_owned());
        _ = thread.spawn(move || {
            while let Some(lifeline) = weak.upgrade() {
                if lifeline.silence().is_some_and(|silence| silence >= longest) {
                    return lifeline.sever();
                }
                drop(lifeline);
                std::thread::sleep(longest / 10);
            }
        });
    }

    /// Before something is read or written: an error once the connection is severed.
    pub(super) fn check(&self, context: &Context<'_>, way: Way) -> io::Result<()> {
        let mut state = self.state();
        if state.is_severed {
            let why = "no answer: the connection was given up";
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        let waker = &mut state.wakers[way as usize];
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Ok(())
    }

    /// Ready once the connection is severed.
    pub(super) fn poll_severed(&self, context: &Context<'_>) -> Poll<io::Error> {
        match self.check(context, Way::Read) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(error),
        }
    }

    /// Something was sent, with the ends of so many requests in it.
    pub(super) fn note_sent(&self, requests: usize) {
        let mut state = self.state();
        state.requests += requests;
        state.is_blocked = false;
        state.active_at = Some(Instant::now());
    }

    /// Something is to be sent, and finds no room.
    pub(super) fn note_blocked(&self) {
        let mut state = self.state();
        state.is_blocked = true;
        state.active_at.get_or_insert_with(Instant::now);
    }

    /// The other side has ended the connection.
    pub(super) fn note_end(&self) {
        let mut state = self.state();
        let silence = state.silence();
        state.ended_after = state.ended_after.or(silence);
    }

    /// For how long an answer was awaited when the other side ended the connection.
    pub(crate) fn ended_after(&self) -> Option<Duration> {
        self.state().ended_after
    }

    /// Something has come, with the ends of so many answers in it.
    pub(super) fn note_received(&self, answers: usize) {
        let mut state = self.state();
        // The first answer, to the login, is one to no request.
        state.requests = state.requests.saturating_sub(answers);
        state.active_at = Some(Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WeakLifeline {
    pub(crate) fn upgrade(&self) -> Option<Lifeline> {
        self.0.upgrade().map(Lifeline)
    }
}

/// Which of two things waits.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Read,
    Write,
}

/// A time by which something has to be over, until this is dropped.
pub(super) struct Deadline {
    _guard: mpsc::Sender<()>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_awaited_until_all_requests_have_theirs() {
        let lifeline = Lifeline::default();
        lifeline.note_received(1);
        assert_eq!(lifeline.silence(), None);
        lifeline.note_sent(1);
        lifeline.note_sent(1);
        lifeline.note_received(1);
        assert!(lifeline.silence().is_some());
        lifeline.note_received(0);
        assert!(lifeline.silence().is_some());
        lifeline.note_received(1);
        assert_eq!(lifeline.silence(), None);
        lifeline.note_blocked();
        assert!(lifeline.silence().is_some());
        lifeline.note_sent(0);
        assert_eq!(lifeline.silence(), None);
    }

    #[test]
    fn silence_severs_where_an_answer_is_awaited() {
        let (one, other) = (Lifeline::default(), Lifeline::default());
        for lifeline in [&one, &other] {
            lifeline.sever_when_silent(Duration::from_millis(50));
            lifeline.note_sent(1);
        }
        one.note_received(1);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!((one.is_severed(), other.is_severed()), (false, true));
    }

    #[test]
    fn a_deadline_severs_unless_it_is_dropped() {
        let (one, other) = (Lifeline::default(), Lifeline::default());
        drop(one.sever_after(Some(Duration::from_millis(20))));
        let _deadline = other.sever_after(Some(Duration::from_millis(20)));
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!((one.is_severed(), other.is_severed()), (false, true));
    }
}
