//! From what the outside says about a database to a session on it.

mod session;
mod target;

pub use session::{ConnectError, Session};
pub use target::{Target, TargetError};
