//! What can go wrong between a function and the server.

use std::error::Error;
use std::fmt;

use crate::Place;

/// Why a statement of a function failed, or a value of a row could not be had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatabaseError {
    /// What is wrong, in the server's words where it was the server that said so.
    pub message: String,
    /// The server's code (SQLSTATE), where it was the server that said so, see
    /// [the list](https://www.postgresql.org/docs/current/errcodes-appendix.html).
    pub code: Option<String>,
    /// What the server added.
    pub detail: Option<String>,
    /// What the server advises.
    pub hint: Option<String>,
    /// The character of the statement at which the server stopped, from 1.
    pub position: Option<u32>,
    /// What the function asked for.
    pub asked: Box<Asked>,
}

/// What a function asked for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The statement.
    pub sql: String,
    /// Where the function asked for it, where that is known.
    pub place: Option<Place>,
    /// The method that was called there.
    pub verb: String,
}

impl DatabaseError {
    /// An error with these words.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The error of a statement that made another error come about, or is that error.
    #[must_use]
    pub fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }

    /// The server's code, where an error comes from the server.
    ///
    /// ```
    /// use migrate_dsl::{BoxError, DatabaseError};
    ///
    /// let error: BoxError = DatabaseError {
    ///     code: Some("23505".to_owned()),
    ///     ..DatabaseError::new("duplicate key value violates unique constraint")
    /// }
    /// .into();
    /// assert_eq!(DatabaseError::code_of(&error), Some("23505"));
    /// ```
    #[must_use]
    pub fn code_of(error: &crate::BoxError) -> Option<&str> {
        Self::cause_of(error.as_ref())?.code.as_deref()
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for DatabaseError {}
