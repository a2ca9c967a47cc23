//! Why all work ended.

use std::fmt;
use std::time::Duration;

/// Why the engine stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A user, or the system, requested it.
    Interrupted,
    /// The whole took longer than it may.
    OutOfTime(Duration),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted"),
            Self::OutOfTime(limit) => {
                write!(f, "stopped after {} s, the time that was given", limit.as_secs_f64())
            }
        }
    }
}
