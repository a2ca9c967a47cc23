//! What can be wrong with the way to a database.

use postgres::error::SqlState;
use thiserror::Error;

use super::stop::Stop;
use super::{Target, TargetError};

/// Why a URL leads to no session.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// Why a session whose connection was lost has no successor.
#[derive(Debug)]
pub(crate) enum ReconnectError {
    /// There is no connection.
    Connect(ConnectError),
    /// All was to end.
    Stopped(Stop),
}

impl From<ConnectError> for ReconnectError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
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
        /// What may have to do with it: a password file that was passed over.
        remark: Option<String>,
    },
    /// The connection cannot be encrypted as requested, and is not made without encryption.
    #[error("no TLS with {target}: {reason}")]
    Tls {
        /// The database.
        target: Target,
        /// The requested mode.
        mode: &'static str,
        /// What failed.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// A file of TLS cannot be used.
    #[error("{reason}")]
    File {
        /// Which, and why.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// Client and server do not agree on an authentication method.
    #[error("cannot log in to {target}: {reason}")]
    Login {
        /// The database.
        target: Target,
        /// What is missing.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// There are servers, but none with the requested attributes.
    #[error("no server of {target} is `{wanted}`: {}", tried.join("; "))]
    NoneSuits {
        /// The database.
        target: Target,
        /// What was requested, in the words of `target_session_attrs`.
        wanted: &'static str,
        /// The servers, and what became of each.
        tried: Vec<String>,
    },
    /// The connection was lost, and no server can take the place of the one that it was lost to.
    #[error("no server of {target} can continue what the connection was lost to: {}", tried.join("; "))]
    NotTheSame {
        /// The database.
        target: Target,
        /// The servers, and what became of each.
        tried: Vec<String>,
    },
    /// The connection was lost, and another cluster answers.
    #[error("{target} is not the cluster that the connection was lost to: {}", tried.join("; "))]
    OtherCluster {
        /// The database.
        target: Target,
        /// The servers, and what became of each.
        tried: Vec<String>,
    },
    /// What answers hands every transaction to another session.
    #[error("{target} is a connection pool in transaction mode: {noticed}")]
    Pooled {
        /// The database.
        target: Target,
        /// How it was noticed.
        noticed: String,
    },
}

impl ConnectError {
    /// Returns the remedy.
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
            Self::Refused { code, target, remark, .. } if is_about_login(code) => {
                let check = match *code == SqlState::INVALID_PASSWORD {
                    true => format!("check the user and the password in {}", target.origin()),
                    false => format!(
                        "check the user in {}; the server's `pg_hba.conf` says who may log in from \
                         where, with or without TLS",
                        target.origin()
                    ),
                };
                match remark {
                    Some(remark) => format!("{check}; {remark}"),
                    None => check,
                }
            }
            Self::Refused { code, .. } if *code == SqlState::TOO_MANY_CONNECTIONS => {
                "close some connections, or raise the connection limit of the server \
                 (`max_connections`), the database or the role; `migrate db wait` waits for a \
                 free connection"
                    .to_owned()
            }
            Self::Refused { .. } if self.is_temporary() => {
                "`migrate db wait` waits until the server accepts connections".to_owned()
            }
            Self::Refused { target, .. } => format!("the address comes from {}", target.origin()),
            Self::Tls { help, .. } | Self::File { help, .. } | Self::Login { help, .. } => {
                help.clone()
            }
            Self::NoneSuits { .. } => "name one that is, or set `target_session_attrs`".to_owned(),
            Self::NotTheSame { .. } => {
                "promote a standby or start the primary, then run the command again; the history \
                 on the new primary shows which migrations are applied"
                    .to_owned()
            }
            Self::OtherCluster { target, .. } => {
                format!("check where {} leads to; then run the command again", target.origin())
            }
            Self::Pooled { .. } => {
                "migrations need one session from the beginning to the end: connect to the server \
                 itself, mostly on port 5432, or to a pool with `pool_mode = session`"
                    .to_owned()
            }
        }
    }

    /// Whether waiting may help: the server is not there yet, still starting, or just going down.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NoneSuits { .. } | Self::NotTheSame { .. } => true,
            Self::Refused { code, .. } => [
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
            ]
            .contains(code),
            Self::Tls { .. }
            | Self::File { .. }
            | Self::Login { .. }
            | Self::OtherCluster { .. }
            | Self::Pooled { .. } => false,
        }
    }
}

/// Whether the server rejects the credentials, or the authentication method.
pub(super) fn is_about_login(code: &SqlState) -> bool {
    *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
}
