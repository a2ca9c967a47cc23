//! Whether a pooler answers for the server, and hands out another connection for every
//! transaction.
//!
//! The lock, the settings and what is prepared are of a session: under such a pool they would be
//! spread over sessions of others. See
//! [PgBouncer's features](https://www.pgbouncer.org/features.html).
//!
//! A pooler gives itself away at no cost: it cannot name the process that will serve us, since
//! there is none yet, but has to name one when the connection begins. Where the process that serves
//! us is not the one that was named, a second connection finds out what kind of pool it is.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use postgres::{Client, SimpleQueryMessage};

use super::reach::Route;

/// How long a second session may take to log in.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the first session is served, while the second one waits for a process, before it is
/// taken for one that keeps its own. A pool in transaction mode serves those first that
/// have waited longest; in a pool of sessions that is at its limit, every runner that looks for
/// long keeps a process from the others.
const TURNS: u32 = 8;

/// The time between two of these turns.
const TURN: Duration = Duration::from_millis(20);

/// How often it is tried: another client may have been faster.
const ROUNDS: usize = 3;

/// Returns SQL that fails if anything other than the server answers: sent before anything else, so
/// that no setting is left behind in a session of other clients.
pub(super) fn guard(route: &Route, port: u16) -> String {
    let direct = match route.announced() {
        Some(process) => format!("pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) {process}"),
        // What is named on a socket cannot be heard. A pooler on a socket has another number than
        // the server, or reaches it over the network.
        None => format!(
            "pg_catalog.inet_client_addr() IS NULL \
             AND pg_catalog.current_setting('port') OPERATOR(pg_catalog.=) '{port}'"
        ),
    };
    // The session still has the `search_path` that a database or a role may have been given.
    format!("SELECT 1 OPERATOR(pg_catalog./) ({direct})::pg_catalog.int4;\n")
}

/// Returns how it was noticed that the pool is in transaction mode, if it is.
///
/// The first session is left idle while a second one queries which process serves it: in a session
/// pool the first retains its process nevertheless.
pub(super) fn examine(
    client: &mut Client,
    route: &Route,
) -> Result<Option<String>, postgres::Error> {
    let Some(second) = Second::start(route.clone()) else { return Ok(None) };
    for _ in 0..ROUNDS {
        let before = process(client)?;
        second.ask();
        let mut turns = 0;
        let other = loop {
            match second.answers.recv_timeout(TURN) {
                Ok(process) => break process,
                // It cannot have one, while the first still has its own.
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if turns == TURNS => return Ok(None),
                Err(RecvTimeoutError::Timeout) => turns += 1,
            }
            let meanwhile = process(client)?;
            if meanwhile != before {
                let noticed =
                    format!("one session was served by the processes {before} and {meanwhile}");
                return Ok(Some(noticed));
            }
        };
        if other == before {
            return Ok(Some(format!("two sessions were served by the one process {before}")));
        }
        let after = process(client)?;
        if before != after {
            let noticed = format!("one session was served by the processes {before} and {after}");
            return Ok(Some(noticed));
        }
    }
    Ok(None)
}

/// A second session, which may have to wait, and which is never waited for.
struct Second {
    asks: mpsc::Sender<()>,
    answers: mpsc::Receiver<String>,
}

impl Second {
    /// One that has logged in; nothing where that takes too long.
    fn start(route: Route) -> Option<Self> {
        let (asks, asked) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        let (opened, is_open) = mpsc::channel();
        std::thread::spawn(move || {
            let Ok(mut client) = route.open_again() else { return };
            _ = opened.send(());
            while asked.recv().is_ok() {
                let Ok(process) = process(&mut client) else { return };
                if answer.send(process).is_err() {
                    return;
                }
            }
        });
        is_open.recv_timeout(PATIENCE).ok()?;
        Some(Self { asks, answers })
    }

    /// Has it ask for the process that serves it.
    fn ask(&self) {
        _ = self.asks.send(());
    }
}

/// The process that serves a session now.
fn process(client: &mut Client) -> Result<String, postgres::Error> {
    let answer = client.simple_query("SELECT pg_catalog.pg_backend_pid()")?;
    let found = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(found.unwrap_or_default())
}
