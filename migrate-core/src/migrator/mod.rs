//! What a person can ask for: apply, take back, record, look.

mod down;
mod mark;
mod status;
mod up;

use std::collections::BTreeMap;
use std::time::Duration;

use postgres::Client;

pub use down::DownTo;
pub use status::{Status, StatusEntry};
pub use up::UpTo;

use crate::apply::Variables;
use crate::history::{Actor, Applied, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::Plan;
use crate::{Error, History, Observer, Session};

/// Brings a database to where a plan says it should be, and back.
///
/// See the [crate's page](crate) for an example.
#[derive(Debug, Clone)]
pub struct Migrator {
    plan: Plan,
    history: History,
    actor: Actor,
    patience: Duration,
    variables: Variables,
}

/// Why a migration does not go on by itself whose runner was killed.
const STILL_RUNNING: &str = "the runner ended while a statement ran outside a transaction, and \
                             whether it was done is not known";

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
            patience: Duration::from_secs(300),
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

    /// How long to wait for another runner to finish; five minutes without it.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
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
        session.end_when_left_alone();
        let lock = RunnerLock::acquire(session.client(), &self.history, self.patience, observer)?;
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
