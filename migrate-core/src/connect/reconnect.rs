//! A session that replaces one whose connection was lost.
//!
//! After a failover another server of the URL has taken over, and the one that was lost may come
//! back, as a standby or as a separate primary. So all servers are tried, at the same time; of
//! the suitable ones, the one on the newest timeline is taken, and none of another cluster or on
//! an older timeline than before.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::identity::Mismatch;
use super::server::Server;
use super::{ConnectError, ReconnectError, Session};
use crate::connect::interrupt::Interrupt;

/// How often it is checked whether the work is to end.
const POLL: Duration = Duration::from_millis(50);
/// How much longer the other servers are waited for when one will do already: one of them may be on
/// a newer timeline.
const OTHERS: Duration = Duration::from_secs(2);

/// The servers that were tried, and what each of them said.
#[derive(Default)]
struct Tried {
    suited: Vec<(usize, Session)>,
    /// Those that do not answer now.
    temporary: Vec<(String, ConnectError)>,
    /// Those that refuse.
    refused: Vec<ConnectError>,
    /// Those that are there, but will not do, and may in a moment.
    unsuited: Vec<String>,
    /// Those of another cluster.
    foreign: Vec<String>,
}

impl Session {
    /// Connects again, as the same role for the same purpose, to whichever server of the target has
    /// the database now.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); when only another cluster answers, or a former primary; and
    /// when it is to stop.
    pub(crate) fn reconnect(&mut self, interrupt: &Interrupt) -> Result<(), ReconnectError> {
        let session = self.successor(interrupt)?;
        self.replace_with(session);
        Ok(())
    }

    fn successor(&self, interrupt: &Interrupt) -> Result<Session, ReconnectError> {
        let target = self.whole_target();
        let servers = target.servers().to_vec();
        let connectors = Self::connectors(target)?;
        let (done, results) = mpsc::channel();
        for (number, server) in servers.iter().cloned().enumerate() {
            let (target, purpose, connectors) =
                (target.clone(), self.purpose().to_owned(), connectors.clone());
            let done = done.clone();
            let thread = std::thread::Builder::new().name("reconnect".to_owned());
            _ = thread.spawn(move || {
                let one = target.with_server(&server);
                let opened = Session::open(&one, &target, &server, &purpose, &connectors);
                let identified = opened.map(|mut session| {
                    session.identify();
                    session
                });
                _ = done.send((number, identified));
            });
        }
        drop(done);
        let mut tried = Tried::default();
        let mut others_until = None;
        loop {
            if let Some(stop) = interrupt.stopped() {
                return Err(ReconnectError::Stopped(stop));
            }
            if others_until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            match results.recv_timeout(POLL) {
                Ok((number, opened)) => self.judge(&mut tried, &servers[number], number, opened),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !tried.suited.is_empty() {
                others_until.get_or_insert_with(|| Instant::now() + OTHERS);
            }
        }
        let newest = tried.suited.into_iter().max_by_key(|(number, session)| {
            (session.identity().timeline, std::cmp::Reverse(*number))
        });
        match newest {
            Some((_, session)) => Ok(session),
            None => Err(self
                .none(tried.temporary, tried.refused, (tried.unsuited, tried.foreign))
                .into()),
        }
    }

    /// Checks whether the server is suitable.
    fn judge(
        &self,
        tried: &mut Tried,
        server: &Server,
        number: usize,
        opened: Result<Session, ConnectError>,
    ) {
        let session = match opened {
            Ok(session) => session,
            Err(error) if error.is_temporary() => {
                let why = match &error {
                    ConnectError::Unreachable { reason, .. } => reason.clone(),
                    ConnectError::Refused { message, .. } => message.clone(),
                    other => other.to_string(),
                };
                return tried.temporary.push((format!("{server}: {why}"), error));
            }
            Err(error) => return tried.refused.push(error),
        };
        match self.identity().rejects(session.identity()) {
            Some(Mismatch::OtherCluster(why)) => {
                return tried.foreign.push(format!("{server}: {why}"));
            }
            Some(Mismatch::Behind(why)) => return tried.unsuited.push(format!("{server}: {why}")),
            None => {}
        }
        // What was begun has to be written on.
        match (self.read_only(), session.read_only()) {
            (None, Some(why)) => tried.unsuited.push(format!("{server}: {why}")),
            _ if session.is(self.whole_target().wanted()) => tried.suited.push((number, session)),
            _ => tried.unsuited.push(format!("{server}: it is not as `target_session_attrs` says")),
        }
    }

    /// Why there is no session.
    fn none(
        &self,
        mut temporary: Vec<(String, ConnectError)>,
        mut refused: Vec<ConnectError>,
        (unsuited, foreign): (Vec<String>, Vec<String>),
    ) -> ConnectError {
        let target = self.whole_target().clone();
        let tried = |temporary: &[(String, ConnectError)]| -> Vec<String> {
            let told = temporary.iter().map(|(told, _)| told.clone());
            foreign.iter().chain(&unsuited).cloned().chain(told).collect()
        };
        match (temporary.as_slice(), unsuited.as_slice()) {
            ([], []) => match refused.pop() {
                Some(refused) => refused,
                None => ConnectError::OtherCluster { target, tried: tried(&[]) },
            },
            ([_], []) if foreign.is_empty() => temporary.remove(0).1,
            _ => ConnectError::NotTheSame { target, tried: tried(&temporary) },
        }
    }
}
