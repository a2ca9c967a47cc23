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
    /// Whoever waits to read, and to write.
    wakers: [Option<Waker>; 2],
    /// When something was last sent or received of a request that is not answered in full.
    awaiting_since: Option<Instant>,
    /// The end of what was received.
    tail: [u8; READY.len() + 1],
}

/// [`ReadyForQuery`](https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY),
/// but for the state of the transaction.
const READY: [u8; 5] = [b'Z', 0, 0, 0, 5];

impl Lifeline {
    /// Closes the connection for whoever waits on it.
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
        self.state().awaiting_since.map(|since| since.elapsed())
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

    pub(super) fn note_sent(&self) {
        self.state().awaiting_since = Some(Instant::now());
    }

    pub(super) fn note_received(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut state = self.state();
        let length = state.tail.len();
        if bytes.len() >= length {
            state.tail.copy_from_slice(&bytes[bytes.len() - length..]);
        } else {
            state.tail.rotate_left(bytes.len());
            state.tail[length - bytes.len()..].copy_from_slice(bytes);
        }
        let is_answered = state.tail.starts_with(&READY);
        state.awaiting_since = (!is_answered).then(Instant::now);
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
    fn an_answer_is_awaited_until_the_server_is_ready() {
        let lifeline = Lifeline::default();
        assert_eq!(lifeline.silence(), None);
        lifeline.note_sent();
        assert!(lifeline.silence().is_some());
        lifeline.note_received(b"C\0\0\0\x0bSELECT 1Z\0\0");
        assert!(lifeline.silence().is_some());
        lifeline.note_received(b"\0\x05I");
        assert_eq!(lifeline.silence(), None);
        lifeline.note_sent();
        lifeline.note_received(b"C\0\0\0\x0bSELECT 1Z\0\0\0\x05T");
        assert_eq!(lifeline.silence(), None);
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
