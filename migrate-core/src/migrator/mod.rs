//! What a person can ask for: apply, take back, record, look.

mod cut;
mod down;
mod mark;
mod partial;
mod status;
mod up;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use postgres::Client;

pub use down::DownTo;
pub use status::{Status, StatusEntry};
pub use up::UpTo;

use crate::apply::Variables;
use crate::history::{Actor, Applied, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::Plan;
use crate::watchdog::Watchdog;
use crate::{Error, History, Interrupt, Limits, Observer, Reporter, Session};

/// Brings a database to where a plan says it should be, and back.
///
/// See the [crate's page](crate) for an example.
#[derive(Debug, Clone)]
pub struct Migrator {
    plan: Plan,
    history: History,
    actor: Actor,
    limits: Limits,
    interrupt: Interrupt,
    reporter: Option<Reports>,
    variables: Variables,
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
}

impl Migrator {
    /// A migrator for this plan; `actor` is who the log will say it was.
    #[must_use]
    pub fn new(plan: Plan, actor: Actor) -> Self {
        Self {
            plan,
            history: History::default(),
            actor,
            limits: Limits::default(),
            interrupt: Interrupt::default(),
            reporter: None,
            variables: Variables::new(),
        }
    }

    /// Where secrets are looked up that statements ask for: the environment's variables.
    #[must_use]
    pub fn variables(mut self, variables: BTreeMap<String, String>) -> Self {
        self.variables = variables;
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

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the database knows; nothing where it has no history yet. Writes nothing.
    fn known(&self, client: &mut Client) -> Result<Option<Known>, Error> {
        if !self.history.exists(client)? {
            return Ok(None);
        }
        let applied = self.history.applied(client)?;
        let unfinished = self.history.unfinished(client)?;
        Ok(Some(Known { applied, unfinished }))
    }

    /// Runs `work` as the only runner, with what the database knows once it is the only one; the
    /// history is created where there is none.
    fn alone<T>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        work: impl FnOnce(&mut Session, &RunnerLock, Known, &mut dyn Observer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(why) = session.read_only() {
            return Err(Error::ReadOnly { why });
        }
        session.prepare();
        let reporter = self.reporter.as_ref().map(|reporter| reporter.0.clone());
        let target = session.target().clone();
        let _watchdog = Watchdog::start(&self.interrupt, self.limits, &target, reporter);
        let lock = RunnerLock::acquire_unless_stopped(
            session.client(),
            &self.history,
            self.limits.lock_wait,
            &self.interrupt,
            observer,
        )?;
        let result = match self.known_or_new(session, observer) {
            Ok(known) => work(session, &lock, known, observer),
            Err(error) => Err(error),
        };
        // Where the server cannot be told, the lock goes with the session.
        _ = lock.release(session.client());
        result
    }

    /// What the database knows; its history is created where there is none.
    fn known_or_new(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<Known, Error> {
        if let Some(known) = self.known(session.client())? {
            return Ok(known);
        }
        self.history.create(session.client())?;
        let table = self.history.table().to_string();
        observer.event(crate::Event::HistoryCreated { table });
        Ok(Known::default())
    }
}
