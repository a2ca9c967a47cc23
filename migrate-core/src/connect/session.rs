//! A connection with everything set that would otherwise be inherited.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::error::{DbError, SqlState};
use postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};
use thiserror::Error;

use super::Target;
use crate::interrupt::{Ended, Interrupt, Kind};
use crate::plan::Step;

/// A connection to a database, with its own settings.
pub struct Session {
    client: Client,
    target: Target,
    purpose: String,
    server: Server,
    /// Whether a migration may have left settings behind.
    is_used: bool,
    notices: Arc<Mutex<Vec<DbError>>>,
}

/// Ends a statement of a session from elsewhere.
#[derive(Clone)]
pub struct Canceler(CancelToken);

impl Canceler {
    /// Asks the server to end what the session is doing; it may be over by then.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub fn cancel(&self) -> Result<(), postgres::Error> {
        self.0.cancel_query(NoTls)
    }
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
        Ok(Self {
            client,
            target: target.clone(),
            purpose: purpose.to_owned(),
            server,
            is_used: false,
            notices,
        })
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

    /// Connects again, as the same role for the same purpose.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub(crate) fn reconnect(&mut self) -> Result<(), ConnectError> {
        *self = Self::connect(&self.target, &self.purpose)?;
        Ok(())
    }

    /// Waits for the end of a session of ours whose client is gone, and ends it where it does not
    /// end by itself.
    pub(crate) fn end_other(
        &mut self,
        pid: i32,
        patience: Duration,
    ) -> Result<(), postgres::Error> {
        let until = Instant::now() + patience;
        loop {
            // The number may be that of another's session by now.
            let row = self.client.query_opt(
                "SELECT FROM pg_catalog.pg_stat_activity \
                 WHERE pid = $1 AND application_name = $2 AND usename = current_user \
                 AND datname = pg_catalog.current_database()",
                &[&pid, &self.purpose],
            )?;
            if row.is_none() {
                return Ok(());
            }
            if Instant::now() >= until {
                self.client.query_one("SELECT pg_catalog.pg_terminate_backend($1)", &[&pid])?;
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What ends a statement of this session from another thread.
    #[must_use]
    pub fn canceler(&self) -> Canceler {
        Canceler(self.client.cancel_token())
    }

    /// Sets what only some servers know, before a migration runs.
    pub(crate) fn prepare(&mut self) {
        // A server's system may not be able to tell that a client is gone; then the next command
        // waits for the lock that the statement still holds.
        for setting in of_version(self.major()) {
            _ = self.client.batch_execute(setting);
        }
    }

    /// SQL that takes back what migrations may have set for the session before, by a function for
    /// example.
    pub(crate) fn as_it_was(&self) -> Vec<String> {
        if !self.is_used {
            return Vec::new();
        }
        let mut sql: Vec<_> =
            ["RESET ALL", "CLOSE ALL", "DISCARD TEMP"].map(ToOwned::to_owned).to_vec();
        sql.extend(SETTINGS.lines().map(|line| line.trim_end_matches(';').to_owned()));
        sql.extend(of_version(self.major()).map(ToOwned::to_owned));
        // What was given when connecting, after all that.
        let path = migrate_dsl::quote_literal(&self.server.search_path);
        sql.push(format!("SELECT pg_catalog.set_config('search_path', {path}, false)"));
        sql
    }

    /// Remembers whether these may have left settings, cursors or temporary tables behind. What
    /// only defines things does not.
    pub(crate) fn note_what_ran(&mut self, steps: &[Step]) {
        let statements = steps.iter().flat_map(|step| &step.statements);
        self.is_used = statements.into_iter().any(|statement| {
            let sql = statement.sql.to_ascii_lowercase();
            let defines = ["create ", "alter ", "drop ", "comment ", "grant ", "revoke "];
            !defines.iter().any(|word| sql.starts_with(word))
                || ["set_config", "temp"].iter().any(|word| sql.contains(word))
        });
    }

    /// Sends what may take long, so that `interrupt` can end it; tells what was done to it.
    pub(crate) fn guarded<T>(
        &mut self,
        interrupt: &Interrupt,
        kind: Kind,
        work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> (Result<T, postgres::Error>, Ended) {
        let armed = interrupt.arm(self.canceler(), self.server.pid, kind);
        let result = work(&mut self.client);
        let ended = armed.end();
        if ended.cancelled {
            // A cancel may still be on its way. A server that waits for a command ignores it.
            std::thread::sleep(Duration::from_millis(100));
        }
        (result, ended)
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

/// The settings that not every server knows.
fn of_version(major: u32) -> impl Iterator<Item = &'static str> {
    let settings = [
        // A statement whose client is gone ends, instead of running on with its locks.
        (14, "SET client_connection_check_interval = '2s'"),
        (14, "SET idle_session_timeout = 0"),
        (17, "SET transaction_timeout = 0"),
    ];
    settings.into_iter().filter(move |(since, _)| major >= *since).map(|(_, setting)| setting)
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
