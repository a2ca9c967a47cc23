//! Locks: the one of the only runner, and those on relations, which are to be had without making
//! others wait.

mod blocked;
mod gate;
mod holders;
mod runner;

pub use blocked::{Blocked, Blocker, blocked};
pub(crate) use gate::{Gate, Gone, lock_timeout};
pub use holders::{Class, LockHolder};
pub(crate) use holders::{old_snapshots, unseen_transactions};
pub use runner::{Holder, LockError, RunnerLock};
