//! What a person can ask for: apply, revert, record, look.

mod accept;
#[cfg(feature = "backup")]
mod backup;
mod down;
mod embedded;
mod extensions;
mod functions;
mod goto;
mod history_snapshot;
mod history_state;
mod locked_run;
mod log;
mod lost_connection;
mod mark;
#[cfg(feature = "backup")]
mod not_dumped;
mod protect;
mod redo;
mod refusals;
mod removed_rows;
#[cfg(feature = "backup")]
mod restore;
mod revert_partial;
mod status;
mod sync;
mod up;
mod verify;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "backup")]
pub use backup::BackupBefore;
pub use down::DownTo;
pub use goto::WouldGoto;
pub use history_state::HistoryState;
#[cfg(feature = "backup")]
pub use restore::RestoreOptions;
pub use status::{Partial, Status, StatusEntry};
pub use sync::WouldSync;
pub use up::UpTo;
pub use verify::{Finding, FindingKind, Verification};

use crate::connect::Session;
use crate::connect::interrupt::Interrupt;
use crate::error::Error;
use crate::execute::Variables;
use crate::functions::{Functions, Runner};
use crate::history::{Actor, Allowed, History};
use crate::limits::Limits;
use crate::lock::watchdog::Reporter;
use crate::plan::Plan;

/// Brings a database to where a plan says it should be, and back.
///
/// See the [crate's page](crate) for an example.
#[derive(Debug, Clone)]
pub struct Migrator {
    plan: Arc<Plan>,
    history: History,
    actor: Actor,
    limits: Limits,
    interrupt: Interrupt,
    reporter: Option<Reports>,
    variables: Variables,
    functions: Runner,
    allowed: Option<Allowed>,
    #[cfg(feature = "backup")]
    backup_before: Option<BackupBefore>,
}

/// A reporter, in a migrator that can be printed.
#[derive(Clone)]
struct Reports(Reporter);

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter")
    }
}

impl Migrator {
    /// Creates a migrator for this plan; `actor` is recorded in the log.
    #[must_use]
    pub fn new(plan: Plan, actor: Actor) -> Self {
        Self {
            plan: Arc::new(plan),
            history: History::default(),
            actor,
            limits: Limits::default(),
            interrupt: Interrupt::default(),
            reporter: None,
            variables: Variables::new(),
            functions: Runner::default(),
            allowed: None,
            #[cfg(feature = "backup")]
            backup_before: None,
        }
    }

    /// Sets the variables in which the secrets of statements are looked up; the environment by default.
    #[must_use]
    pub fn variables(mut self, variables: BTreeMap<String, String>) -> Self {
        self.variables = variables;
        self
    }

    /// Sets the runner of Rust functions; without it, migrations that have some are refused.
    #[must_use]
    pub fn functions(mut self, functions: Arc<dyn Functions>) -> Self {
        self.functions = Runner(Some(functions));
        self
    }

    /// Sets the tables in which migrations are recorded; `public.migrations` by default.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// Sets how long to wait for another runner to finish, and for locks held by other sessions; five
    /// minutes by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.limits.lock_wait = patience;
        self
    }

    /// Sets the time limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the handle that ends the work from another thread.
    #[must_use]
    pub fn interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.interrupt = interrupt.clone();
        self
    }

    /// Sets the receiver of events that occur, in another thread, while a statement is running.
    #[must_use]
    pub fn reporter(mut self, reporter: Reporter) -> Self {
        self.reporter = Some(Reports(reporter));
        self
    }

    /// Destroys even in a database that is protected under this name.
    #[must_use]
    pub fn allow(mut self, allowed: Option<Allowed>) -> Self {
        self.allowed = allowed;
        self
    }

    /// Backs the database up before anything is applied.
    #[cfg(feature = "backup")]
    #[must_use]
    pub fn backup_before(mut self, backup: Option<BackupBefore>) -> Self {
        self.backup_before = backup;
        self
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Refuses to destroy anything in a protected database, unless its name was given.
    fn may_destroy(&self, protected: Option<&str>) -> Result<(), Error> {
        match protected {
            None => Ok(()),
            Some(name) if self.allowed.as_ref().is_some_and(|allowed| allowed.name == name) => {
                Ok(())
            }
            Some(name) => {
                let given = self.allowed.clone();
                Err(Error::Protected { name: name.to_owned(), given, steps: Vec::new() })
            }
        }
    }

    #[cfg(not(feature = "backup"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as it is with backups")]
    fn back_up_before(
        &self,
        _: &mut Session,
        _: &mut dyn crate::event::Observer,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Changes the history and nothing else: all or nothing.
    fn write(&self, session: &mut Session, mut sql: Vec<String>) -> Result<(), Error> {
        sql.insert(0, "BEGIN".to_owned());
        sql.push("COMMIT".to_owned());
        let sql = sql.join(";\n");
        self.on_history(session, |client| {
            client.batch_execute(&sql).inspect_err(|_| {
                _ = client.batch_execute("ROLLBACK");
            })?;
            Ok(())
        })
    }
}
