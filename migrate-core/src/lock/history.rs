//! The tables of the history, where other sessions have locked them.
//!
//! No session queues behind a reader, so the lock is waited for in the server's queue, but not
//! forever: every [`HISTORY_LOOK`] its holders are determined, and reported once.

use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;
use postgres::types::Oid;

use super::holders::{COLUMNS, SOURCES, conflicting};
use crate::connect::interrupt::{Interrupt, Wait};
use crate::connect::{HISTORY_LOOK, OpenTransaction, Session};
use crate::event::{Event, LockHolder, Observer};
use crate::history::{History, HistoryError};

/// The mode in which a history is written.
const TO_WRITE: &str = "RowExclusiveLock";

/// How long to wait for a history that other sessions have locked.
pub(crate) struct HistoryLockTimeout<'a> {
    pub(crate) history: &'a History,
    pub(crate) lock_wait: Duration,
    pub(crate) interrupt: &'a Interrupt,
}

impl HistoryLockTimeout<'_> {
    /// Reads or writes the history, outside a transaction, and again as long as it is locked by others.
    pub(crate) fn until_free<T>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        mut work: impl FnMut(&mut Client) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        let started = Instant::now();
        let mut told = false;
        loop {
            let left = self.lock_wait.saturating_sub(started.elapsed());
            match work(session.history_client(left.min(HISTORY_LOOK))) {
                Err(HistoryError::Database(error)) if is_lock_timeout(&error) => {}
                result => return result,
            }
            self.look(session.history_client(HISTORY_LOOK), started, &mut told, observer)?;
        }
    }

    /// The same in a transaction that has the author's path, for what is written at its end. No session is
    /// to wait for what the transaction has locked before.
    pub(crate) fn record(
        &self,
        transaction: &mut OpenTransaction<'_>,
        observer: &mut dyn Observer,
        sql: &str,
    ) -> Result<(), HistoryError> {
        transaction.trusted(|client| self.write(client, observer, sql))
    }

    fn write(
        &self,
        client: &mut Client,
        observer: &mut dyn Observer,
        sql: &str,
    ) -> Result<(), HistoryError> {
        let started = Instant::now();
        let mut told = false;
        loop {
            let left = self.lock_wait.saturating_sub(started.elapsed()).min(HISTORY_LOOK);
            let message = format!(
                "SAVEPOINT history;\nSET LOCAL lock_timeout = {};\n{sql};\nRELEASE history",
                left.as_millis().max(1)
            );
            match client.batch_execute(&message) {
                Err(error) if is_lock_timeout(&error) => {}
                result => return Ok(result?),
            }
            client.batch_execute("ROLLBACK TO history; RELEASE history")?;
            self.look(client, started, &mut told, observer)?;
        }
    }

    /// Reports once which sessions hold the history; an error when the time is over, or all is to end.
    fn look(
        &self,
        client: &mut Client,
        started: Instant,
        told: &mut bool,
        observer: &mut dyn Observer,
    ) -> Result<(), HistoryError> {
        if let Some(stop) = self.interrupt.stopped() {
            return Err(HistoryError::Stopped(stop));
        }
        let holders = holders(client, self.history)?;
        let (table, waited) = (self.history.table().to_string(), started.elapsed());
        if waited >= self.lock_wait {
            return Err(HistoryError::Locked { table, holders, waited, midway: false });
        }
        if !std::mem::replace(told, true) {
            let patience = self.lock_wait - waited;
            observer.event(Event::WaitingForHistory { table, holders, patience });
        }
        Ok(())
    }
}

/// Whether a lock was waited for as long as it may.
fn is_lock_timeout(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// The locks that a transaction has to have for the SQL that records it, as if it had been seen waiting for them.
pub(crate) fn waits_to_record(
    client: &mut Client,
    history: &History,
    sql: &[String],
) -> Result<Vec<Wait>, postgres::Error> {
    let wait = |relation| Wait {
        kind: "relation".to_owned(),
        relation: Some(relation),
        mode: TO_WRITE.to_owned(),
        in_circle: false,
        holders: Vec::new(),
    };
    let mut tables = history.all_tables().map(|table| table.quoted()).to_vec();
    tables.retain(|table| sql.iter().any(|sql| sql.contains(table)));
    Ok(relations(client, &tables)?.into_iter().map(wait).collect())
}

fn relations(client: &mut Client, tables: &[String]) -> Result<Vec<Oid>, postgres::Error> {
    let sql = "SELECT oid FROM (SELECT pg_catalog.to_regclass(name)::pg_catalog.oid AS oid \
               FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name) AS found WHERE oid IS NOT NULL";
    let rows = client.query(sql, &[&tables])?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Returns the sessions that keep others from the tables of a history: from reading, or else from
/// writing, or else that hold any lock, behind which a session waits for an exclusive one.
fn holders(client: &mut Client, history: &History) -> Result<Vec<LockHolder>, postgres::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {SOURCES} WHERE l.locktype = 'relation' AND l.granted \
         AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database \
         WHERE datname = pg_catalog.current_database()) AND l.relation = ANY ($1)"
    );
    let relations = relations(client, &history.all_tables().map(|table| table.quoted()))?;
    let rows = client.query(&sql, &[&relations])?;
    let all = rows.iter().map(LockHolder::of).collect::<Result<Vec<_>, _>>()?;
    let of = |wanted: &str| {
        let modes = conflicting(wanted);
        let mut found = all.clone();
        found.retain(|holder| modes.contains(&holder.mode.as_str()));
        (!found.is_empty()).then_some(found)
    };
    let mut holders = of("AccessShareLock").or_else(|| of(TO_WRITE)).unwrap_or(all);
    // One session may have locked all of the tables.
    holders.sort_by(|a, b| {
        (a.pid, &a.transaction, &a.relation).cmp(&(b.pid, &b.transaction, &b.relation))
    });
    holders.dedup_by(|a, b| a.transaction == b.transaction);
    Ok(holders)
}
