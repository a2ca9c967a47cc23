//! From the external description of a database to a session on it.
//!
//! A [`Target`] is read from a URL and its surroundings as libpq does it: `target` and what it
//! stands on (`parse`, `parameters`, `service`, `passfile`). A [`Session`] is opened on it: `reach`
//! tries its servers, in `tls` or in clear text, and `pooler` checks what answers. A transaction
//! that is more than one message is an `OpenTransaction` on it.

mod administration;
mod error;
mod identity;
pub(crate) mod interrupt;
mod lifeline;
mod messages;
mod open_transaction;
mod parameters;
mod parse;
mod passfile;
pub(crate) mod permission;
mod pooler;
mod reach;
mod reconnect;
pub(crate) mod savepoint;
pub(crate) mod search_path;
mod server;
mod service;
mod session;
mod settings;
mod stop;
mod target;
mod target_error;
mod tls;

pub use administration::{AdministrationError, create_database, drop_database, reset_database};
pub(crate) use error::ReconnectError;
pub use error::{ConnectError, OpenError};
pub(crate) use open_transaction::OpenTransaction;
pub use postgres::error::SqlState;
pub use reach::Canceler;
pub use session::Session;
pub(crate) use settings::{EXTENSIONS_HAVE_TABLES, HISTORY_LOOK};
pub use target::Target;
pub use target_error::TargetError;

#[cfg(test)]
mod tests;
