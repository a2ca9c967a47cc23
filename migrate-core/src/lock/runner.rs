//! One runner at a time, on the connection that does the work.
//!
//! The lock is requested with `pg_try_advisory_lock` and polled: a session that waits inside
//! `pg_advisory_lock` holds a snapshot for which `CREATE INDEX CONCURRENTLY` waits, while the
//! waiter waits for the builder, see
//! [Advisory Locks](https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).

use std::time::{Duration, Instant};

use postgres::Client;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::connect::interrupt::{Interrupt, Stop};
use crate::event::{Event, Holder, Observer};
use crate::history::History;

const POLL: Duration = Duration::from_millis(50);

/// The lock on the history of a database; released with the session, or by [`RunnerLock::release`].
#[derive(Debug)]
pub struct RunnerLock {
    key: i64,
}

/// Why the lock could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another session holds it.
    #[error("another `migrate` process holds the lock{}", holder.as_ref().map(describe).unwrap_or_default())]
    Held {
        /// Which session.
        holder: Option<Holder>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It was requested to stop while it waited.
    #[error("{0} while it waited for another migrate")]
    Stopped(Stop),
    /// A query failed.
    #[error("the lock cannot be asked for")]
    Database(#[from] postgres::Error),
}

impl LockError {
    /// Returns the remedy, if there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Stopped(_) => None,
            Self::Held { holder: Some(holder), .. } if holder.waits_for_standby => Some(format!(
                "bring the standby back; or end the wait with `SELECT pg_terminate_backend({})`: \
                 what it has committed here stays",
                holder.pid
            )),
            _ => Some(
                "wait for it to finish; MAX_LOCK_WAIT says for how many seconds `migrate` does"
                    .to_owned(),
            ),
        }
    }
}

impl RunnerLock {
    /// Takes the lock, waiting for it up to `patience`.
    ///
    /// # Errors
    ///
    /// When it is still held then, or a query fails.
    pub fn acquire(
        client: &mut Client,
        history: &History,
        patience: Duration,
        observer: &mut dyn Observer,
    ) -> Result<Self, LockError> {
        let never = Interrupt::default();
        Self::acquire_unless_stopped(client, history, patience, &never, observer)
    }

    /// The same, until it is requested to stop.
    pub(crate) fn acquire_unless_stopped(
        client: &mut Client,
        history: &History,
        patience: Duration,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<Self, LockError> {
        let key = key_of(history);
        let started = Instant::now();
        let mut announced = false;
        loop {
            let row = client.query_one("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&key])?;
            if row.try_get(0)? {
                return Ok(Self { key });
            }
            let waited = started.elapsed();
            if waited >= patience {
                return Err(LockError::Held { holder: holder_of(client, key)?, waited });
            }
            if !announced && waited >= POLL {
                announced = true;
                observer
                    .event(Event::WaitingForRunner { holder: holder_of(client, key)?, patience });
            }
            let pause = POLL.min(patience.saturating_sub(waited));
            if let Some(stop) = interrupt.sleep(pause) {
                return Err(LockError::Stopped(stop));
            }
        }
    }

    /// Returns the holder of the lock.
    pub(crate) fn holder(
        client: &mut Client,
        history: &History,
    ) -> Result<Option<Holder>, postgres::Error> {
        holder_of(client, key_of(history))
    }

    /// SQL that fails unless this session still holds the lock: the first statement of every
    /// transaction, so that a pooler that hands out another connection cannot go unnoticed.
    pub(crate) fn assertion(&self) -> String {
        let (class, object) = halves(self.key);
        format!(
            "SELECT 1 / count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' \
             AND classid = {class} AND objid = {object} AND objsubid = 1 AND granted \
             AND pid = pg_catalog.pg_backend_pid()"
        )
    }

    /// Releases the lock before the session ends.
    ///
    /// # Errors
    ///
    /// When the query fails; the lock is then released at the end of the session.
    pub fn release(self, client: &mut Client) -> Result<(), postgres::Error> {
        client.query_one("SELECT pg_catalog.pg_advisory_unlock($1)", &[&self.key]).map(drop)
    }
}

/// Locks of a database are its own, so the key needs to tell histories apart, not databases.
fn key_of(history: &History) -> i64 {
    let digest = Sha256::digest(format!("migrate:{}", history.table().quoted()));
    i64::from_be_bytes(std::array::from_fn(|index| digest[index]))
}

/// A key as `pg_locks` shows it: the high and the low half.
fn halves(key: i64) -> (u32, u32) {
    let bytes = key.to_be_bytes();
    let half = |from: usize| u32::from_be_bytes(std::array::from_fn(|index| bytes[from + index]));
    (half(0), half(4))
}

fn holder_of(client: &mut Client, key: i64) -> Result<Option<Holder>, postgres::Error> {
    let (class, object) = halves(key);
    let row = client.query_opt(
        "SELECT a.pid, a.application_name, a.usename::text, a.backend_start, \
         coalesce(a.wait_event = 'SyncRep', false) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 1 \
         AND l.granted AND l.database = a.datid AND a.datname = pg_catalog.current_database()",
        &[&class, &object],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Holder {
        pid: row.try_get(0)?,
        purpose: row.try_get::<_, Option<String>>(1)?.unwrap_or_default(),
        role: row.try_get(2)?,
        since: row.try_get(3)?,
        waits_for_standby: row.try_get(4)?,
    }))
}

fn describe(holder: &Holder) -> String {
    let mut text = format!(": `{}`, process {}", holder.purpose, holder.pid);
    if let Some(role) = &holder.role {
        text += &format!(", as `{role}`");
    }
    if let Some(since) = holder.since {
        text += &format!(", since {}", since.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    if holder.waits_for_standby {
        text += ", which has committed and waits for a synchronous standby";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_have_keys_of_their_own() {
        let keys = [
            History::default(),
            History::new("public", "other"),
            History::new("app", "migrations"),
        ];
        let keys = keys.map(|history| key_of(&history));
        assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
        let (high, low) = halves(keys[0]);
        assert_eq!((i64::from(high) << 32) | i64::from(low), keys[0]);
    }
}
