//! What a person can ask for: apply, take back, record, look.

mod accept;
#[cfg(feature = "backup")]
mod backup;
mod down;
mod embedded;
mod extensions;
mod functions;
mod goto;
mod history_state;
mod log;
mod mark;
#[cfg(feature = "backup")]
mod not_dumped;
mod protect;
mod reconnect;
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

use postgres::Client;

#[cfg(feature = "backup")]
pub use backup::BackupBefore;
pub use down::DownTo;
pub use history_state::HistoryState;
#[cfg(feature = "backup")]
pub use restore::RestoreOptions;
pub use status::{Partial, Status, StatusEntry};
pub use sync::WouldSync;
pub use up::UpTo;
pub use verify::{Finding, FindingKind, Verification};

use crate::connect::interrupt::Interrupt;
use crate::connect::{HISTORY_LOOK, Session};
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::Variables;
use crate::functions::{Functions, Runner};
use crate::history::{
    Action, Actor, Allowed, Applied, History, HistoryError, Line, RemovedRow, Settings, Unfinished,
};
use crate::limits::Limits;
use crate::lock::watchdog::{Reporter, Watchdog};
use crate::lock::{Patience, RunnerLock};
use crate::order::{Entry, entries};
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

/// What the database knows.
#[derive(Clone, Default)]
struct Known {
    applied: Vec<Applied>,
    unfinished: Vec<Unfinished>,
    protected: Option<String>,
    /// What the log says of the pending migrations whose row was removed.
    removed: Vec<RemovedRow>,
    /// What this runner itself has applied since.
    since: Vec<String>,
}

impl Known {
    /// Whether it is recorded as applied.
    fn has(&self, name: &str) -> bool {
        self.applied.iter().any(|row| row.name == name)
    }

    /// What of this the other does not know. What was taken back and applied again is not the same.
    fn not_in(&self, other: &Self) -> Option<&Applied> {
        self.applied.iter().find(|row| !other.applied.iter().any(|it| it.id == row.id))
    }

    /// What is known by now, once the lock was nobody's for a moment: whether it is still what this
    /// runner set out from. Others may have gone on in the same direction.
    fn has_become(&self, found: &Self, direction: Direction) -> Result<(), Error> {
        let (row, did) = match direction {
            Direction::Up => (self.not_in(found), "taken back"),
            Direction::Down => (found.not_in(self), "applied"),
        };
        let own = self.since.iter().find(|name| !found.has(name));
        match row.map(|row| &row.name).or(own) {
            Some(name) => Err(Error::Overtaken { name: name.clone(), did }),
            None => Ok(()),
        }
    }
}

impl Migrator {
    /// A migrator for this plan; `actor` is who the log will say it was.
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

    /// Where secrets are looked up that statements ask for: the environment's variables.
    #[must_use]
    pub fn variables(mut self, variables: BTreeMap<String, String>) -> Self {
        self.variables = variables;
        self
    }

    /// Who runs the Rust functions of migrations; without it, those that have some are refused.
    #[must_use]
    pub fn functions(mut self, functions: Arc<dyn Functions>) -> Self {
        self.functions = Runner(Some(functions));
        self
    }

    /// Where the database remembers its migrations; `public.migrations` without it.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// How long to wait for another runner to finish, and for the locks of others; five minutes
    /// without it.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.limits.lock_wait = patience;
        self
    }

    /// How long things may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What ends the work from another thread.
    #[must_use]
    pub fn interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.interrupt = interrupt.clone();
        self
    }

    /// Where events go that come while the server is waited for, from another thread.
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

    /// What the database knows; nothing where it has no history yet. Writes nothing.
    fn known(&self, session: &mut Session) -> Result<Option<Known>, Error> {
        self.patiently(session, |client| {
            let found =
                self.history.find(client).map_err(|error| error.advised(client, "SELECT"))?;
            found.map(|settings| self.read(client, settings)).transpose()
        })
    }

    /// The same, where the command has changed something before.
    fn known_by_now(&self, session: &mut Session) -> Result<Known, Error> {
        let known = self.known(session).map_err(|error| match error {
            Error::History(error) => error.midway().into(),
            error => error,
        })?;
        Ok(known.unwrap_or_default())
    }

    /// Reads or writes the history, outside a transaction. All that does so goes through here, so that a
    /// history that others have locked is waited for as long as [`Limits::lock_wait`] says, and no longer.
    fn patiently<T>(
        &self,
        session: &mut Session,
        work: impl FnMut(&mut Client) -> Result<T, HistoryError>,
    ) -> Result<T, Error> {
        let patience = Patience {
            history: &self.history,
            lock_wait: self.limits.lock_wait,
            interrupt: &self.interrupt,
        };
        let mut report = |event| {
            if let Some(Reports(reporter)) = &self.reporter {
                reporter(event);
            }
        };
        Ok(patience.until_free(session, &mut report, work)?)
    }

    /// Where each migration stands. That takes a digest of all steps of the plan, so once a reading.
    fn entries<'a>(&'a self, known: &'a Known) -> Vec<Entry<'a>> {
        entries(&self.plan, &known.applied, &known.unfinished)
    }

    fn read(&self, client: &mut Client, settings: Settings) -> Result<Known, HistoryError> {
        let known = self.read_all(client, settings);
        known.map_err(|error| error.advised(client, "SELECT"))
    }

    fn read_all(&self, client: &mut Client, settings: Settings) -> Result<Known, HistoryError> {
        let applied = self.history.applied(client)?;
        let unfinished = self.history.unfinished(client)?;
        let removed = self.removed_rows(client, &applied, &unfinished)?;
        let protected = settings.protected;
        Ok(Known { applied, unfinished, protected, removed, since: Vec::new() })
    }

    /// Runs `work` as the only runner, with what the database knows once it is the only one; the
    /// history is created where there is none.
    fn alone<T>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        work: impl FnOnce(&mut Session, &RunnerLock, Known, &mut dyn Observer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.locked(session, observer, |session, lock, observer| {
            let known = self.known_or_new(session, observer)?;
            if known.protected.is_none() {
                self.patiently(session, |client| self.history.check_protection(client))?;
            }
            work(session, lock, known, observer)
        })
    }

    /// Runs `work` as the only runner.
    fn locked<T>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        work: impl FnOnce(&mut Session, &RunnerLock, &mut dyn Observer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(why) = session.read_only() {
            return Err(Error::ReadOnly { why });
        }
        Self::refuse_worker(session)?;
        session.prepare();
        let reporter = self.reporter.as_ref().map(|reporter| reporter.0.clone());
        let _watchdog = Watchdog::start(&self.interrupt, self.limits, session, reporter);
        let lock = RunnerLock::acquire_unless_stopped(
            session.history_client(HISTORY_LOOK),
            &self.history,
            self.limits.lock_wait,
            &self.interrupt,
            observer,
        )?;
        let result = work(session, &lock, observer);
        // Where the server cannot be told, the lock goes with the session.
        _ = lock.release(session.client());
        result
    }

    /// What the database knows; its history is created where there is none, and brought up to date
    /// where an older version of this tool made it.
    fn known_or_new(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<Known, Error> {
        let table = self.history.table().to_string();
        let found = self.patiently(session, |client| {
            let found = self.history.find(client)?;
            // What is written from now on calls whatever hangs on the tables.
            self.history.trusted(client)?;
            Ok(found)
        })?;
        let Some(settings) = found else {
            self.patiently(session, |client| {
                self.history.create(client).map_err(|error| error.advised(client, "CREATE"))
            })?;
            session.note_author();
            // That there was nothing to drop is of no interest.
            drop(session.take_notices());
            let client = session.client();
            let others = self.history.who_else_creates(client)?;
            observer.event(Event::HistoryCreated { table });
            if !others.is_empty() {
                observer.event(self.history.warning_of(&others));
            }
            // Default privileges may have let others write it, and an event trigger anything.
            self.history.trusted(session.client())?;
            return Ok(Known::default());
        };
        if settings.is_older() {
            let message = format!("from version {}", settings.version);
            let line = Line::done(Action::Upgrade, &table).message(&message);
            let log = self.history.log(&self.actor, line);
            self.patiently(session, |client| {
                self.history.upgrade(client, settings.version, log.clone())
            })?;
            session.note_author();
            observer.event(Event::HistoryUpgraded { table });
        }
        self.patiently(session, |client| self.read(client, settings.clone()))
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
    fn back_up_before(&self, _: &mut Session, _: &mut dyn Observer) -> Result<(), Error> {
        Ok(())
    }

    /// Changes the history and nothing else: all or nothing.
    fn write(&self, session: &mut Session, mut sql: Vec<String>) -> Result<(), Error> {
        sql.insert(0, "BEGIN".to_owned());
        sql.push("COMMIT".to_owned());
        let sql = sql.join(";\n");
        self.patiently(session, |client| {
            client.batch_execute(&sql).inspect_err(|_| {
                _ = client.batch_execute("ROLLBACK");
            })?;
            Ok(())
        })
    }
}
