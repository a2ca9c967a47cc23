//! What can be wrong with the name of a database.

use std::path::PathBuf;

use thiserror::Error;

/// Why no database can be made out. What was written is not shown: it may carry a password, and
/// where it was written wrong, anywhere.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// What should name a database names nothing.
    #[error("{origin} is set, but empty")]
    Blank {
        /// Where: `DATABASE_URL`, a flag.
        origin: String,
    },
    /// The URL is none.
    #[error("{origin} is not a PostgreSQL URL or connection string: {reason}")]
    Malformed {
        /// Where it came from: `DATABASE_URL`, a flag.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No user is named.
    #[error("{origin} names no user, and the account that `migrate` runs as has no name")]
    NoUser {
        /// Where the database is named.
        origin: String,
    },
    /// There is no such parameter.
    #[error("{origin} has a parameter that PostgreSQL does not know: `{name}`")]
    Unknown {
        /// Where it came from.
        origin: String,
        /// The parameter.
        name: String,
    },
    /// A parameter says what it cannot say.
    #[error("{place} must be {expected}")]
    Invalid {
        /// Which parameter, and where.
        place: String,
        /// What it can be.
        expected: String,
    },
    /// What is requested is not available, and must not be ignored.
    #[error("{place} cannot be had: {why}")]
    Unsupported {
        /// Which parameter, and where.
        place: String,
        /// Why not, or what to do instead.
        why: &'static str,
    },
    /// There is no such service.
    #[error("there is no service `{name}`")]
    NoService {
        /// The service.
        name: String,
        /// Where it was looked for.
        files: Vec<PathBuf>,
    },
    /// A file with services cannot be used.
    #[error("`{place}`: {reason}")]
    ServiceFile {
        /// The file, and the line.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TargetError {
    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Blank { .. } => "name the database in it, or leave it unset".to_owned(),
            Self::Malformed { .. } => {
                "write postgres://user@host:5432/database; in user names and passwords, `@`, `/`, \
                 `:` and `%` are written as %40, %2F, %3A and %25"
                    .to_owned()
            }
            Self::NoUser { .. } => {
                "name the user in it, as in postgres://user@host:5432/database, or set `PGUSER`"
                    .to_owned()
            }
            Self::Unknown { .. } => {
                "leave it out, if it is meant for another program; the parameters are those of \
                 libpq: https://www.postgresql.org/docs/current/libpq-connect.html"
                    .to_owned()
            }
            Self::Invalid { .. } => "fix it, or leave it out".to_owned(),
            Self::Unsupported { .. } => {
                "leave it out, if the database is reached without".to_owned()
            }
            Self::NoService { name, files } => {
                let files: Vec<_> =
                    files.iter().map(|file| format!("`{}`", file.display())).collect();
                format!("write a section `[{name}]` into one of {}", files.join(", "))
            }
            Self::ServiceFile { .. } => {
                "a service is a line `[name]`, and below it lines `parameter=value`".to_owned()
            }
        }
    }
}
