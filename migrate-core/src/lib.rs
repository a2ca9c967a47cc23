//! The engine of migrate: it applies the plan of a migrations crate to a database, records it
//! there, and reverts it.
//!
//! A [`Plan`](plan::Plan) is the desired state, the [`History`] the existing one; [`order`] computes
//! the difference of the two. A [`Migrator`] then works through it as the only runner
//! ([`lock`]), with a transaction per migration if possible, and reports to an [`Observer`].
//! It prints nothing, reads no environment and ends no process: these are left to the caller.
//!
//! ```no_run
//! use migrate_core::history::Actor;
//! use migrate_core::plan;
//! use migrate_core::{Environment, Event, Migrator, Session, Target, UpTo};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plan = plan::from_json(&std::fs::read_to_string("plan.json")?)?;
//! let target = Target::parse("postgres://ada@localhost/shop", "here", &Environment::default())?;
//! let mut session = Session::connect(&target, "migrate up")?;
//! let actor = Actor::new("ada", "0.1.0");
//! let applied = Migrator::new(plan, actor)
//!     .up(&mut session, &UpTo::default(), &mut |event: Event| eprintln!("{event:?}"))?;
//! # Ok(())
//! # }
//! ```
//!
//! An application that links its migrations needs no plan in a file: [`Migrator::embedded`] has an
//! example, also for one that is async.
//!
//! What only the command needs are features, off by default: `backup` (`pg_dump` and `pg_restore`),
//! `cluster` (private PostgreSQL clusters), `program` (Rust functions that are in another program).

#[cfg(feature = "backup")]
pub mod backup;
/// For the tests of the engine alone.
#[doc(hidden)]
pub mod capture;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod connect;
pub mod count;
pub mod diagnostic;
pub mod event;
pub mod functions;
pub mod history;
mod limits;
pub mod lock;
pub mod order;
pub mod plan;

mod data_loss;
mod environment;
mod error;
mod execute;
mod migrator;
pub mod reason;
mod shell;

pub use connect::interrupt::{Interrupt, Stop};
pub use connect::{Session, Target};
pub use data_loss::Loss;
pub use environment::Environment;
pub use error::Error;
pub use event::{Event, Observer};
pub use execute::{ApplyError, Failure, FailureState, ServerError, Traffic};
pub use history::inverse::{IrreversibleReason, StoredInverse};
pub use history::{Allowed, History, HistorySummary};
pub use limits::Limits;
pub use lock::watchdog::Reporter;
/// How migration files are named and found.
pub use migrate_dsl::discover;
#[cfg(feature = "backup")]
pub use migrator::{BackupBefore, RestoreOptions};
pub use migrator::{
    DownTo, Finding, FindingKind, HistoryState, Migrator, Partial, Status, StatusEntry, UpTo,
    Verification, WouldGoto, WouldSync,
};
