//! A connection with everything set that would otherwise be inherited.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};

use postgres::error::{DbError, SqlState};
use postgres::{Client, NoTls, SimpleQueryMessage};
use thiserror::Error;

use super::Target;

/// A connection to a database, with its own settings.
pub struct Session {
    client: Client,
    target: Target,
    server: Server,
    notices: Arc<Mutex<Vec<DbError>>>,
}

/// What the server said of itself.
#[derive(Debug, Clone)]
struct Server {
    version: u32,
    user: String,
    pid: i32,
    read_only: Option<&'static str>,
    search_path: String,
}

/// Why there is no session.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing answers there.
    #[error("cannot connect to {target}: {reason}")]
    Unreachable {
        /// The database.
        target: Target,
        /// What the network said.
        reason: String,
    },
    /// The server refused.
    #[error("{target} refused the connection: {message}")]
    Refused {
        /// The database.
        target: Target,
        /// What the server said.
        message: String,
        /// The server's code.
        code: SqlState,
    },
}

impl ConnectError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Unreachable { target, .. } => format!(
                "check that the server runs and that {} names it; `migrate db wait` waits for it",
                target.origin()
            ),
            Self::Refused { code, .. } if *code == SqlState::INVALID_CATALOG_NAME => {
                "create it with `migrate db create`".to_owned()
            }
            Self::Refused { code, target, .. }
                if *code == SqlState::INVALID_PASSWORD
                    || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
            {
                format!("check the user and the password in {}", target.origin())
            }
            Self::Refused { target, .. } => format!("the address comes from {}", target.origin()),
        }
    }

    /// Whether waiting may help: the server is not there yet, or still starting.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { code, .. } => {
                *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS
            }
        }
    }
}

/// Everything that a role, a database or the server's configuration could have set otherwise: a
/// role's `statement_timeout` must not kill a concurrent build.
const SETTINGS: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET default_transaction_deferrable = off;
SET standard_conforming_strings = on;
SET check_function_bodies = on;
SET client_min_messages = notice;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET row_security = on;
";

impl Session {
    /// Connects, and sets what must not be inherited. `purpose` is shown to others who look at
    /// the server: `migrate up`.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, or refuses.
    pub fn connect(target: &Target, purpose: &str) -> Result<Self, ConnectError> {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        let mut config = target.config().clone();
        config.application_name(purpose);
        config.notice_callback(move |notice| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
        });
        let refuse = |error: postgres::Error| refusal(target, &error);
        let mut client = config.connect(NoTls).map_err(refuse)?;
        let server = settle(&mut client).map_err(refuse)?;
        Ok(Self { client, target: target.clone(), server, notices })
    }

    /// The database that this is a session on.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The server's version as it counts them: 150018 is 15.18.
    #[must_use]
    pub fn server_version(&self) -> u32 {
        self.server.version
    }

    /// The server's major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.server.version / 10_000
    }

    /// The role that the session has.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.server.user
    }

    /// The process that serves the session.
    #[must_use]
    pub fn backend_pid(&self) -> i32 {
        self.server.pid
    }

    /// Why this session only reads, if it does: the server is a standby, or somebody has frozen the
    /// database.
    #[must_use]
    pub fn read_only(&self) -> Option<&'static str> {
        self.server.read_only
    }

    /// SQL that gives the session the `search_path` that it had at first.
    pub(crate) fn search_path_as_it_was(&self) -> String {
        let path = migrate_dsl::quote_literal(&self.server.search_path);
        format!("SELECT pg_catalog.set_config('search_path', {path}, false)")
    }

    /// Makes a statement end whose client is gone, instead of running on with its locks: from
    /// PostgreSQL 14, where the server's system can tell.
    pub(crate) fn end_when_left_alone(&mut self) {
        // Where it cannot, the next command waits for the lock that the statement still holds.
        _ = self.client.batch_execute("SET client_connection_check_interval = '2s'");
    }

    /// The connection itself.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What the server said besides its answers, since the last call.
    #[must_use]
    pub fn take_notices(&self) -> Vec<DbError> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sets the session up in one round trip, and learns whom it talks to.
fn settle(client: &mut Client) -> Result<Server, postgres::Error> {
    let ask = "SELECT current_setting('server_version_num'), current_user, \
               pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), \
               pg_catalog.current_setting('search_path'), \
               pg_catalog.current_setting('default_transaction_read_only')";
    let answer = client.simple_query(&format!("{SETTINGS}{ask}"))?;
    let row = answer.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let column = |index| row.and_then(|row| row.get(index)).unwrap_or_default();
    Ok(Server {
        version: column(0).parse().unwrap_or_default(),
        user: column(1).to_owned(),
        pid: column(2).parse().unwrap_or_default(),
        read_only: match (column(3), column(5)) {
            ("t", _) => Some("it is a standby"),
            (_, "on") => Some("`default_transaction_read_only` is on"),
            _ => None,
        },
        search_path: column(4).to_owned(),
    })
}

fn refusal(target: &Target, error: &postgres::Error) -> ConnectError {
    match error.as_db_error() {
        Some(refused) => ConnectError::Refused {
            target: target.clone(),
            message: refused.message().to_owned(),
            code: refused.code().clone(),
        },
        None => {
            let mut reason = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                reason = deeper.to_string();
                cause = deeper.source();
            }
            ConnectError::Unreachable { target: target.clone(), reason }
        }
    }
}
