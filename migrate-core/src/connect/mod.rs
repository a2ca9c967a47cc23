//! From what the outside says about a database to a session on it.

mod administration;
mod session;
mod target;

pub use administration::{AdministrationError, create_database, drop_database};
pub use postgres::error::SqlState;
pub use session::{Canceler, ConnectError, Session};
pub use target::{Target, TargetError};
