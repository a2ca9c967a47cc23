//! Commands that make no sense, or cannot be carried out here.

use thiserror::Error;

/// A command that makes no sense.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    /// What makes no sense.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Something that is refused because of what there is.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Refusal {
    /// What keeps it from being done.
    pub message: String,
    /// What to do instead.
    pub help: String,
}

/// Parses a number of migrations: zero is rejected, since some users would take it for all and others
/// for one.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be 1 or more".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(std::num::ParseIntError::to_string(&error)),
    }
}
