//! How long things may take.

use std::time::Duration;

/// How long the engine waits, works, and makes others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For another runner, and for locks that others hold.
    pub lock_wait: Duration,
    /// For everything that was requested.
    pub whole: Option<Duration>,
    /// For each statement; concurrent builds take what they take.
    pub statement: Option<Duration>,
    /// How long others may wait for a lock that a running statement holds.
    pub blocking: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(300),
            whole: None,
            statement: None,
            blocking: Duration::from_secs(5),
        }
    }
}
