//! What was asked for in a way that makes no sense, or cannot be had here.

use thiserror::Error;

/// A command that was asked for in a way that makes no sense.
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

/// How many migrations: none is no answer, and would be taken for all by some and for one by
/// others.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be 1 or more".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(std::num::ParseIntError::to_string(&error)),
    }
}
