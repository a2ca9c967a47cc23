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
    #[error("cannot {what} the database `{database}`: {}", message(.error))]
    Refused {
        /// `create`, `drop` or `reset`.
        what: &'static str,
        /// The database.
        database: String,
        /// What the server said; the message has its words.
        error: postgres::Error,
    },
    /// Once it was dropped, the role could not create it again.
    #[error("the role `{role}` may not create databases, so `{database}` could not be recreated")]
    MayNotCreate {
        /// The role.
        role: String,
        /// The database.
        database: String,
    },
}

impl AdministrationError {
    /// Returns the server's details, such as which sessions are in the way.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Refused { error, .. } => error.as_db_error().and_then(|said| said.detail()),
            _ => None,
        }
    }

    /// Returns the remedy, if there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Connect(error) => Some(error.help()),
            Self::MayNotCreate { role, .. } => Some(format!(
                "nothing was changed; let a superuser say `ALTER ROLE {} CREATEDB`, or name a role \
                 that may",
                Identifier::from(role.clone()).quoted()
            )),
            Self::Refused { .. } => None,
        }
    }
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
/// same time exists as requested.
pub fn create_database(target: &Target) -> Result<(), AdministrationError> {
    let name = Identifier::from(target.database());
    let created = administer(target, "create", &format!("CREATE DATABASE {}", name.quoted()));
    match created {
        Err(AdministrationError::Refused { error, .. })
            if Session::connect(target, "migrate db create").is_ok()
                && error.as_db_error().is_some() =>
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
        Err(AdministrationError::Refused { error, .. })
            if error.code() == Some(&SqlState::SYNTAX_ERROR) =>
        {
            administer(target, "drop", &format!("DROP DATABASE IF EXISTS {name}"))
        }
        dropped => dropped,
    }
}

/// Drops the database that the target names, if it is there, and recreates it, empty.
///
/// # Errors
///
/// When the role may not create databases, before anything is dropped; else as [`drop_database`] and
/// [`create_database`].
pub fn reset_database(target: &Target) -> Result<(), AdministrationError> {
    let refused = |error| refused(target, "reset", error);
    let mut session = maintain(target)?;
    let sql = "SELECT rolname, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
    let row = session.client().query_one(sql, &[]).map_err(refused)?;
    if !row.get::<_, bool>(1) {
        let database = target.database().to_owned();
        return Err(AdministrationError::MayNotCreate { role: row.get(0), database });
    }
    drop(session);
    drop_database(target)?;
    create_database(target)
}

fn administer(target: &Target, what: &'static str, sql: &str) -> Result<(), AdministrationError> {
    let mut session = maintain(target)?;
    session.client().batch_execute(sql).map_err(|error| refused(target, what, error))
}

fn maintain(target: &Target) -> Result<Session, AdministrationError> {
    Ok(Session::connect(&target.with_database(MAINTENANCE), "migrate db")?)
}

fn refused(target: &Target, what: &'static str, error: postgres::Error) -> AdministrationError {
    AdministrationError::Refused { what, database: target.database().to_owned(), error }
}

fn message(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
