//! A backup, as it is told of.

use std::path::PathBuf;
use std::time::Duration;

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How long it took, with reading it again.
    pub duration: Duration,
}
