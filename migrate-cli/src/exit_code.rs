//! What the process says with its last word; scripts rely on it.

/// The outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Something failed.
    Failed,
    /// Wrong usage, or no database configured.
    Usage,
    /// `verify`, `status --check` or `fmt --check` found something.
    Found,
    /// Another runner holds the lock.
    LockHeld,
    /// Refused: protected, out of order, no inverse, rows to lose, not empty.
    Refused,
    /// A user, or the system, requested it to stop.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::LockHeld => 4,
            Self::Refused => 5,
            Self::Interrupted => 130,
        }
    }
}
