//! Traffic while an answer is awaited.
//!
//! A statement may run for hours, and meanwhile nothing is sent in either direction: a proxy with
//! an idle timeout ends the connection, and TCP's own keepalives do not count for it. The protocol
//! has a message that has no effect and no answer,
//! [`Flush`](https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FLUSH):
//! the server reads it once it is done with the statement, and does nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep};

const FLUSH: [u8; 5] = [b'H', 0, 0, 0, 4];

/// Sends `Flush` between the messages of the driver.
pub(super) struct Keepalive {
    interval: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs.
    is_waiting: bool,
    /// What is still to be sent of a message that was begun.
    unsent: &'static [u8],
}

impl Keepalive {
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self { interval, timer: None, is_waiting: false, unsent: &[] }
    }

    /// Something was sent, or has come.
    pub(super) fn restart(&mut self) {
        self.is_waiting = false;
    }

    /// Nothing has come yet: sends a message when it is time, and the driver is between two of its
    /// own.
    pub(super) fn poll<W: AsyncWrite + Unpin>(
        &mut self,
        context: &mut Context<'_>,
        is_between: bool,
        mut to: W,
    ) -> io::Result<()> {
        let Some(interval) = self.interval else { return Ok(()) };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(interval)));
        if !self.is_waiting {
            self.is_waiting = true;
            timer.as_mut().reset(Instant::now() + interval);
        }
        while timer.as_mut().poll(context).is_ready() {
            timer.as_mut().reset(Instant::now() + interval);
            if self.unsent.is_empty() && is_between {
                self.unsent = &FLUSH;
            }
        }
        self.send(context, &mut to).map(drop)
    }

    /// Sends the rest of what was begun, before anything else; whether that is done.
    pub(super) fn send<W: AsyncWrite + Unpin>(
        &mut self,
        context: &mut Context<'_>,
        mut to: W,
    ) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut to).poll_write(context, self.unsent) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(sent)) => self.unsent = &self.unsent[sent..],
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
            if self.unsent.is_empty() {
                _ = Pin::new(&mut to).poll_flush(context)?;
            }
        }
        Ok(true)
    }
}
