//! Who holds a lock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use postgres::types::Oid;
use serde::Serialize;

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The process on the server.
    pub pid: i32,
    /// What it is for: `migrate up`.
    pub purpose: String,
    /// The role, where this role may see it.
    pub role: Option<String>,
    /// Since when the session is there, where this role may see it.
    pub since: Option<DateTime<Utc>>,
    /// Whether it has committed and waits for a synchronous standby, where this role may see it.
    pub waits_for_standby: bool,
}

/// A session that holds a lock that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockHolder {
    /// The process on the server; a prepared transaction has none.
    pub pid: Option<i32>,
    /// The role, where there is one.
    pub role: Option<String>,
    /// What the program calls itself.
    pub application: Option<String>,
    /// The relation, with its schema unless that is `public`; or what else is held.
    pub relation: String,
    /// `AccessShareLock`.
    pub mode: String,
    /// For how long its transaction has run, where this role may see it.
    #[serde(rename = "age_ms", serialize_with = "super::duration::milliseconds_if_known")]
    pub age: Option<Duration>,
    /// What kind of work it is.
    pub class: Class,
    /// The query that it runs, or ran last, where this role may see it.
    pub query: Option<String>,
    /// The transaction, as `pg_locks` names it.
    #[serde(skip)]
    pub(crate) transaction: String,
    /// The relation's id.
    #[serde(skip)]
    pub(crate) relation_id: Option<Oid>,
}

/// What kind of work holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A query that runs.
    Query,
    /// A transaction in which nothing happens.
    IdleInTransaction,
    /// A transaction prepared for a commit in two phases, with its name.
    Prepared(String),
    /// Autovacuum, which gives way.
    Autovacuum,
    /// Autovacuum against the wraparound of transaction ids, which does not.
    Wraparound,
    /// A dump, or the copy of a subscription.
    Dump,
    /// What this role may not see.
    Hidden,
}
