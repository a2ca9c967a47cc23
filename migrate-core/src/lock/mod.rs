//! Locks: the one of the only runner, and those on relations, which are taken without making
//! other sessions wait.

mod blocked;
mod gate;
mod history;
mod holders;
mod runner;
mod several;
mod waiters;
pub(crate) mod watchdog;

pub use blocked::{Blocked, Blocker, blocked};
pub(crate) use gate::{Gate, GateOutcome, Obstacle, is_young, lock_timeout};
pub(crate) use history::{HistoryLockTimeout, waits_to_record};
pub(crate) use holders::{old_snapshots, unseen_transactions};
pub use runner::{LockError, RunnerLock};

pub use crate::event::{Class, Holder, LockHolder};
