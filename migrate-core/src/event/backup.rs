//! A backup, as it is reported.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How long it took, with reading it again.
    #[serde(rename = "execution_time_ms", serialize_with = "super::duration::milliseconds")]
    pub duration: Duration,
}
