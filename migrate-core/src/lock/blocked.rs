//! Which session waits for which, at this moment.

use chrono::{DateTime, Utc};
use postgres::Client;
use serde::Serialize;

use crate::connect::search_path::shown;

/// `behind (pid)`, for `WITH RECURSIVE`: waits for the process `$1`, or for one that does. That is the
/// process itself where they wait for each other in a circle.
pub(super) const BEHIND: &str = "waiting (pid, blockers) AS ( \
    SELECT DISTINCT pid, pg_catalog.pg_blocking_pids(pid) FROM pg_catalog.pg_locks WHERE NOT granted), \
    behind (pid) AS (SELECT pid FROM waiting WHERE $1 = ANY (blockers) \
    UNION SELECT w.pid FROM behind JOIN waiting w ON behind.pid = ANY (w.blockers))";

/// A session that waits for a lock, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// The process that waits.
    pub pid: i32,
    /// Its role, where there is one.
    pub role: Option<String>,
    /// What its program calls itself.
    pub application: Option<String>,
    /// Since when it has waited; servers before 14 do not tell.
    pub since: Option<DateTime<Utc>>,
    /// What it waits for: a relation, or another kind of thing.
    pub waits_for: String,
    /// The mode in which it wants it; empty where it is no lock.
    pub mode: String,
    /// What it runs, where this role may see it.
    pub query: Option<String>,
    /// The processes that it waits for.
    pub blocked_by: Vec<Blocker>,
}

/// A session that others wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// The process; 0 is a prepared transaction.
    pub pid: i32,
    /// Its role, where there is one.
    pub role: Option<String>,
    /// What its program calls itself.
    pub application: Option<String>,
    /// `active`, `idle in transaction`; where this role may see it.
    pub state: Option<String>,
    /// Since when its transaction has run.
    pub since: Option<DateTime<Utc>>,
    /// What it runs, or ran last.
    pub query: Option<String>,
}

/// Returns the sessions that wait for a lock in this database, those that have waited longest first.
///
/// # Errors
///
/// When a query fails.
pub fn blocked(client: &mut Client, major: u32) -> Result<Vec<Blocked>, postgres::Error> {
    let since = if major >= 14 { "l.waitstart" } else { "NULL::timestamptz" };
    let rows = client.query(
        &format!(
            "SELECT l.pid, a.usename::text, nullif(a.application_name, ''), {since}, \
             coalesce(l.relation::regclass::text, l.locktype), l.mode, \
             nullif(a.query, '<insufficient privilege>'), \
             ARRAY(SELECT DISTINCT unnest(pg_catalog.pg_blocking_pids(l.pid))) \
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE NOT l.granted AND a.datname = pg_catalog.current_database() \
             ORDER BY 4, 1"
        ),
        &[],
    )?;
    let mut found = Vec::new();
    for row in rows {
        let pids: Vec<i32> = row.try_get(7)?;
        let mode: String = row.try_get(5)?;
        found.push(Blocked {
            pid: row.try_get(0)?,
            role: row.try_get(1)?,
            application: row.try_get(2)?,
            since: row.try_get(3)?,
            waits_for: shown(row.try_get(4)?),
            mode: super::holders::words(&mode),
            query: row.try_get(6)?,
            blocked_by: blockers(client, &pids)?,
        });
    }
    found.extend(behind_standbys(client)?);
    Ok(found)
}

/// Returns the sessions that have committed, and wait for a synchronous standby.
fn behind_standbys(client: &mut Client) -> Result<Vec<Blocked>, postgres::Error> {
    let rows = client.query(
        "SELECT pid, usename::text, nullif(application_name, ''), query_start, \
         nullif(query, '<insufficient privilege>') FROM pg_catalog.pg_stat_activity \
         WHERE wait_event = 'SyncRep' AND datname = pg_catalog.current_database() ORDER BY 4, 1",
        &[],
    )?;
    let blocked = rows.iter().map(|row| {
        Ok(Blocked {
            pid: row.try_get(0)?,
            role: row.try_get(1)?,
            application: row.try_get(2)?,
            since: row.try_get(3)?,
            waits_for: "a synchronous standby to confirm its commit".to_owned(),
            mode: String::new(),
            query: row.try_get(4)?,
            blocked_by: Vec::new(),
        })
    });
    blocked.collect()
}

fn blockers(client: &mut Client, pids: &[i32]) -> Result<Vec<Blocker>, postgres::Error> {
    let rows = client.query(
        "SELECT p, a.usename::text, nullif(a.application_name, ''), a.state, a.xact_start, \
         nullif(a.query, '<insufficient privilege>') FROM unnest($1::int[]) p \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p ORDER BY p",
        &[&pids],
    )?;
    let blockers = rows.iter().map(|row| {
        Ok(Blocker {
            pid: row.try_get(0)?,
            role: row.try_get(1)?,
            application: row.try_get(2)?,
            state: row.try_get(3)?,
            since: row.try_get(4)?,
            query: row.try_get(5)?,
        })
    });
    blockers.collect()
}
