//! Databases made and removed, from the database that is always there.

use migrate_dsl::Identifier;
use postgres::error::SqlState;
use thiserror::Error;

use super::{ConnectError, Session, Target};

/// Why a database could not be made or removed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdministrationError {
    /// There is no connection to the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server refused.
    #[error("cannot {what} the database `{database}`: {}", message(.source))]
    Refused {
        /// `create` or `drop`.
        what: &'static str,
        /// The database.
        database: String,
        /// What the server said.
        #[source]
        source: postgres::Error,
    },
}

/// The database from which others are made, see
/// [Template Databases](https://www.postgresql.org/docs/current/manage-ag-templatedbs.html).
const MAINTENANCE: &str = "postgres";

/// [Creates](https://www.postgresql.org/docs/current/sql-createdatabase.html) the database that
/// the target names.
///
/// # Errors
///
/// When the server cannot be reached or refuses; a database that another process creates at the
/// same time is there as wanted.
pub fn create_database(target: &Target) -> Result<(), AdministrationError> {
    let name = Identifier::from(target.database());
    let created = administer(target, "create", &format!("CREATE DATABASE {}", name.quoted()));
    match created {
        Err(AdministrationError::Refused { source, .. })
            if Session::connect(target, "migrate db create").is_ok()
                && source.as_db_error().is_some() =>
        {
            Ok(())
        }
        created => created,
    }
}

/// [Drops](https://www.postgresql.org/docs/current/sql-dropdatabase.html) the database that the
/// target names, if it is there, and ends the sessions on it.
///
/// # Errors
///
/// When the server cannot be reached or refuses.
pub fn drop_database(target: &Target) -> Result<(), AdministrationError> {
    let name = Identifier::from(target.database()).quoted();
    let forced = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    match administer(target, "drop", &forced) {
        // Before PostgreSQL 13 sessions could not be ended along with it.
        Err(AdministrationError::Refused { source, .. })
            if source.code() == Some(&SqlState::SYNTAX_ERROR) =>
        {
            administer(target, "drop", &format!("DROP DATABASE IF EXISTS {name}"))
        }
        dropped => dropped,
    }
}

fn administer(target: &Target, what: &'static str, sql: &str) -> Result<(), AdministrationError> {
    let mut session = Session::connect(&target.with_database(MAINTENANCE), "migrate db")?;
    session.client().batch_execute(sql).map_err(|source| AdministrationError::Refused {
        what,
        database: target.database().to_owned(),
        source,
    })
}

fn message(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
