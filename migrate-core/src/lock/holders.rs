//! Which sessions hold the locks that we require, and what kind of work that is.

use std::fmt;
use std::time::Duration;

use postgres::{Client, Row};

use crate::connect::search_path::shown;
use crate::event::{Class, LockHolder};

/// The columns from which [`LockHolder::of`] reads, of `pg_locks` as `l`.
pub(super) const COLUMNS: &str = "l.pid, a.usename::text, a.application_name, \
    coalesce(l.relation::regclass::text, l.locktype), l.mode, \
    extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, x.prepared))::float8, \
    a.state, a.query, x.gid, a.usesysid IS NULL AND a.pid IS NOT NULL, \
    a.backend_type, l.virtualtransaction, l.relation";

/// What [`COLUMNS`] are read from.
pub(super) const SOURCES: &str = "pg_catalog.pg_locks l \
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
    LEFT JOIN pg_catalog.pg_locks k ON l.pid IS NULL AND k.pid IS NULL \
    AND k.locktype = 'transactionid' AND k.virtualtransaction = l.virtualtransaction \
    LEFT JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = k.transactionid";

impl LockHolder {
    pub(super) fn of(row: &Row) -> Result<Self, postgres::Error> {
        let seconds: Option<f64> = row.try_get(5)?;
        let state: Option<String> = row.try_get(6)?;
        let query: Option<String> = row.try_get(7)?;
        let prepared: Option<String> = row.try_get(8)?;
        let is_of_the_system: bool = row.try_get::<_, Option<bool>>(9)?.unwrap_or_default();
        let kind: Option<String> = row.try_get(10)?;
        let application: Option<String> = row.try_get(2)?;
        let query = query.filter(|query| query != "<insufficient privilege>");
        let class = match (&state, prepared) {
            (_, Some(name)) => Class::Prepared(name),
            // What belongs to no role and holds locks on relations is autovacuum, even where its
            // kind is hidden from us.
            _ if is_of_the_system || kind.as_deref() == Some("autovacuum worker") => {
                match query.as_deref() {
                    Some(query) if query.contains("(to prevent wraparound)") => Class::Wraparound,
                    _ => Class::Autovacuum,
                }
            }
            _ if application.as_deref() == Some("pg_dump")
                || kind.as_deref() == Some("walsender") =>
            {
                Class::Dump
            }
            (Some(state), _) if state.starts_with("idle in transaction") => {
                Class::IdleInTransaction
            }
            (Some(_), _) => Class::Query,
            (None, _) => Class::Hidden,
        };
        Ok(Self {
            pid: row.try_get(0)?,
            role: row.try_get(1)?,
            application: application.filter(|name| !name.is_empty()),
            relation: shown(row.try_get::<_, Option<String>>(3)?.unwrap_or_default()),
            mode: row.try_get(4)?,
            age: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            class,
            query,
            transaction: row.try_get::<_, Option<String>>(11)?.unwrap_or_default(),
            relation_id: row.try_get(12)?,
        })
    }

    /// Returns the remedy, in the server's own words where there are any.
    #[must_use]
    pub fn help(&self) -> String {
        let pid = self.pid.unwrap_or_default();
        match &self.class {
            Class::Query => format!("wait for it to finish, or `SELECT pg_cancel_backend({pid})`"),
            Class::IdleInTransaction => format!(
                "have its program end the transaction, or `SELECT pg_terminate_backend({pid})`"
            ),
            Class::Prepared(name) => format!(
                "`COMMIT PREPARED {name}` or `ROLLBACK PREPARED {name}`, as its program would have",
                name = migrate_dsl::quote_literal(name)
            ),
            Class::Autovacuum if self.query.is_none() => {
                "run the command again; `GRANT pg_read_all_stats` to this role shows whether it \
                 works against wraparound, and does not give way"
                    .to_owned()
            }
            Class::Autovacuum => "run the command again".to_owned(),
            Class::Wraparound => {
                "let it finish: the server needs it; `pg_stat_progress_vacuum` tells how far it is"
                    .to_owned()
            }
            Class::Dump => "run the command again when the dump is done".to_owned(),
            Class::Hidden => "`GRANT pg_read_all_stats` to this role shows what it is doing; \
                              `GRANT pg_signal_backend` lets this role end it"
                .to_owned(),
        }
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.class, self.pid) {
            (Class::Prepared(name), _) => write!(f, "the prepared transaction `{name}`")?,
            (Class::Autovacuum, Some(pid)) => write!(f, "autovacuum, process {pid}")?,
            (Class::Wraparound, Some(pid)) => {
                write!(f, "autovacuum against wraparound, process {pid}")?;
            }
            (Class::Dump, Some(pid)) => write!(f, "a dump, process {pid}")?,
            (Class::Query, Some(pid)) => write!(f, "a query, process {pid}")?,
            (Class::IdleInTransaction, Some(pid)) => {
                write!(f, "a transaction in which nothing happens, process {pid}")?;
            }
            (_, Some(pid)) => write!(f, "process {pid}, whose work this role may not see")?,
            (_, None) => f.write_str("a transaction without a process")?,
        }
        if let Some(role) = &self.role {
            write!(f, " of `{role}`")?;
        }
        if let Some(application) = &self.application {
            write!(f, " (`{application}`)")?;
        }
        if self.relation == "virtualxid" && self.class == Class::Hidden {
            f.write_str(", is in a transaction")?;
        } else if self.relation == "virtualxid" {
            f.write_str(", has a snapshot that is kept")?;
        } else {
            let mode = words(&self.mode);
            write!(f, ", holds {mode} on `{}`", self.relation.replace('"', ""))?;
        }
        if let Some(age) = self.age {
            write!(f, " for {} s", age.as_secs_f64().round())?;
        }
        if let Some(query) = &self.query
            && matches!(self.class, Class::Query | Class::IdleInTransaction)
        {
            let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
            match query.char_indices().nth(80) {
                Some((cut, _)) => write!(f, ": `{}…`", &query[..cut])?,
                None => write!(f, ": `{query}`")?,
            }
        }
        Ok(())
    }
}

/// Whose snapshot is older than that, of this database; as far as this role may see it. A session
/// that is idle in a transaction at `READ COMMITTED` has none.
pub(crate) fn old_snapshots(
    client: &mut Client,
    age: Duration,
) -> Result<Vec<LockHolder>, postgres::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {SOURCES} WHERE l.locktype = 'virtualxid' AND l.granted \
         AND a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() \
         AND a.backend_xmin IS NOT NULL AND a.backend_type = 'client backend' \
         AND a.query !~* '^ *(create|reindex).*concurrently' \
         AND pg_catalog.clock_timestamp() - a.xact_start > $1 * interval '1 s'"
    );
    client.query(&sql, &[&age.as_secs_f64()])?.iter().map(LockHolder::of).collect()
}

/// Returns the sessions that this process waits for, each by its lock on a table that it shares, if any.
pub(super) fn waited_for(
    client: &mut Client,
    pid: i32,
) -> Result<Vec<LockHolder>, postgres::Error> {
    let sql = format!(
        "SELECT DISTINCT ON (l.pid, l.virtualtransaction) {COLUMNS} FROM {SOURCES} \
         WHERE l.granted AND coalesce(l.pid, 0) = ANY (pg_catalog.pg_blocking_pids($1)) \
         AND (l.pid IS NOT NULL AND l.locktype = 'virtualxid' OR l.locktype = 'relation' AND EXISTS \
         (SELECT FROM pg_catalog.pg_locks o WHERE o.pid = $1 AND o.locktype = 'relation' \
         AND o.database = l.database AND o.relation = l.relation \
         AND o.mode NOT IN ('AccessShareLock', 'RowShareLock'))) \
         ORDER BY l.pid, l.virtualtransaction, l.locktype, l.relation, l.mode DESC"
    );
    client.query(&sql, &[&pid])?.iter().map(LockHolder::of).collect()
}

/// Whose transactions in this database this role may not see: whether they have a snapshot, and
/// since when.
pub(crate) fn unseen_transactions(client: &mut Client) -> Result<Vec<LockHolder>, postgres::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {SOURCES} WHERE l.locktype = 'virtualxid' AND l.granted \
         AND a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() \
         AND a.usesysid IS NOT NULL AND a.backend_type IS NULL"
    );
    client.query(&sql, &[])?.iter().map(LockHolder::of).collect()
}

/// `AccessExclusiveLock` as SQL writes it: `ACCESS EXCLUSIVE`.
pub(super) fn words(mode: &str) -> String {
    let mode = mode.strip_suffix("Lock").unwrap_or(mode);
    let mut words = String::new();
    for (at, letter) in mode.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_uppercase());
    }
    words
}

/// The modes that do not go together with this one, see
/// [Conflicting Lock Modes](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES).
pub(super) fn conflicting(mode: &str) -> &'static [&'static str] {
    const MODES: [&str; 8] = [
        "AccessShareLock",
        "RowShareLock",
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ];
    const SHARE: [&str; 5] = [
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ];
    match mode {
        "AccessShareLock" => &MODES[7..],
        "RowShareLock" => &MODES[6..],
        "RowExclusiveLock" => &MODES[4..],
        "ShareUpdateExclusiveLock" => &MODES[3..],
        "ShareLock" => &SHARE,
        "ShareRowExclusiveLock" => &MODES[2..],
        "ExclusiveLock" => &MODES[1..],
        _ => &MODES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_as_sql_writes_them() {
        assert_eq!(words("AccessExclusiveLock"), "ACCESS EXCLUSIVE");
        assert_eq!(words("ShareUpdateExclusiveLock"), "SHARE UPDATE EXCLUSIVE");
    }

    #[test]
    fn conflicts_are_mutual() {
        for one in conflicting("AccessExclusiveLock") {
            for other in conflicting("AccessExclusiveLock") {
                let conflict = conflicting(one).contains(other);
                assert_eq!(conflict, conflicting(other).contains(one), "{one} {other}");
            }
        }
    }
}
