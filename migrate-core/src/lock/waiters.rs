//! Which sessions wait behind a statement of ours, and for how long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use postgres::Client;

/// The sessions that wait behind us.
#[derive(Default)]
pub(super) struct Waiters {
    /// Since when, as far as we know, by process.
    since: HashMap<i32, Instant>,
    /// The last statement at which they were looked at.
    looked_at: Option<u64>,
}

impl Waiters {
    /// Determines the sessions that wait behind the process `pid`, whose statement has this number.
    /// Autovacuum, which belongs to no role, can wait.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(super) fn look(
        &mut self,
        client: &mut Client,
        major: u32,
        pid: i32,
        statement: u64,
    ) -> Result<(), postgres::Error> {
        // Older servers do not report when a wait began.
        let since = if major >= 14 { "waitstart" } else { "NULL::timestamptz" };
        let sql = format!(
            "SELECT w.pid, w.waited FROM (SELECT pid, \
             max(extract(epoch FROM pg_catalog.clock_timestamp() - {since}))::float8 AS waited \
             FROM pg_catalog.pg_locks WHERE NOT granted AND pid <> $1 GROUP BY pid) w \
             JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid AND a.usesysid IS NOT NULL \
             WHERE $1 = ANY (pg_catalog.pg_blocking_pids(w.pid))"
        );
        let behind = client.query(&sql, &[&pid])?;
        let now = Instant::now();
        let mut known = std::mem::take(&mut self.since);
        // Between statements that were not observed, it is unknown whether a session continued to wait.
        if self.looked_at.is_none_or(|number| number + 1 < statement) {
            known.clear();
        }
        self.looked_at = Some(statement);
        for row in &behind {
            let pid: i32 = row.try_get(0)?;
            let waited = row.try_get::<_, Option<f64>>(1)?.unwrap_or_default();
            let waited = Duration::try_from_secs_f64(waited).unwrap_or_default();
            let since = match known.get(&pid) {
                Some(since) if waited.is_zero() => *since,
                _ => now.checked_sub(waited).unwrap_or(now),
            };
            self.since.insert(pid, since);
        }
        Ok(())
    }

    /// Returns the number of waiting sessions.
    pub(super) fn count(&self) -> usize {
        self.since.len()
    }

    /// Returns how long the first of them has waited; none where no session waits.
    pub(super) fn longest(&self) -> Option<Duration> {
        self.since.values().map(Instant::elapsed).max()
    }

    /// Forgets them: they are let go.
    pub(super) fn clear(&mut self) {
        self.since.clear();
    }
}
