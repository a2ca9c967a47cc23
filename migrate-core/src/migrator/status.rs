//! Looking.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Migrator;
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Holder};
use crate::history::{Applied, RemovedRow, Unfinished};
use crate::lock::{LockError, RunnerLock};
use crate::order::State;
use crate::plan::versions::for_server;
use crate::plan::{Place, Step};

/// Every migration that the files or the database know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In the order of their names.
    pub migrations: Vec<StatusEntry>,
    /// The name under which the database is protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<String>,
    /// The session of this tool that is at work, or that the server has not ended yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<Runner>,
}

/// Who has the runner's lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runner {
    /// The process on the server.
    pub pid: i32,
    /// What it is for: `migrate up`.
    pub purpose: String,
    /// Since when the session is there, where this role may see it.
    pub since: Option<DateTime<Utc>>,
}

/// A migration, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusEntry {
    /// Timestamp and words.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// When it was applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// How long that took, in milliseconds: from its first start to its end, so that of one that was
    /// resumed the time between is in it.
    pub execution_time_ms: Option<i64>,
    /// Of what was applied, or would be.
    pub checksum: Option<String>,
    /// How far it came, where it is partially applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// What the log says of it, where it is pending only because its row was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<RemovedRow>,
}

/// How far a partially applied migration came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// In which direction.
    pub direction: Direction,
    /// How many of its statements are done for good.
    pub statements_done: usize,
    /// Of how many; not known where its file is missing, or says something else by now.
    pub statements: Option<usize>,
    /// Whether the statement after those was running when its runner ended.
    pub running: bool,
    /// The step that the statement after those belongs to.
    pub step: Option<String>,
    /// Where the migration asks for that step.
    pub place: Option<Place>,
}

impl Partial {
    fn of(unfinished: &Unfinished, steps: Option<&[Step]>) -> Self {
        let steps = steps.filter(|steps| unfinished.fits(steps));
        let mut after = unfinished.statements_done;
        let next = steps.into_iter().flatten().find(|step| {
            let within = after < step.statements.len();
            after = after.saturating_sub(step.statements.len());
            within
        });
        Self {
            direction: unfinished.direction,
            statements_done: unfinished.statements_done,
            statements: steps.map(|steps| steps.iter().map(|step| step.statements.len()).sum()),
            running: unfinished.running,
            step: next.map(|step| step.summary.clone()),
            place: next.map(|step| step.place.clone()),
        }
    }
}

impl Status {
    /// Whether the database is where the files say it should be.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.migrations.iter().all(|entry| entry.state == State::Applied)
    }
}

impl Migrator {
    /// Returns the state of every migration. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn status(&self, session: &mut Session) -> Result<Status, Error> {
        let known = self.read_history(session)?.unwrap_or_default();
        let entries = self.entries(&known);
        let migrations = entries.into_iter().map(|entry| StatusEntry {
            name: entry.name.to_owned(),
            state: entry.state,
            applied_at: entry.applied.map(|row| row.applied_at),
            execution_time_ms: entry.applied.map(|row| row.execution_time_ms),
            checksum: entry
                .applied
                .map(|row| row.checksum.clone())
                .or_else(|| entry.planned.map(crate::plan::Checksum::checksum)),
            partial: entry
                .unfinished
                .map(|unfinished| self.partial(session, unfinished, entry.applied)),
            removed: known.removed.iter().find(|row| row.name == entry.name).cloned(),
        });
        let migrations = migrations.collect();
        let runner =
            RunnerLock::holder(session.client(), &self.history).map_err(LockError::from)?;
        let runner =
            runner.map(|Holder { pid, purpose, since, .. }| Runner { pid, purpose, since });
        Ok(Status { migrations, protected: known.protected, runner })
    }

    /// Returns the progress of a migration. Parts of its inverse that cannot be read are omitted.
    fn partial(
        &self,
        session: &mut Session,
        unfinished: &Unfinished,
        applied: Option<&Applied>,
    ) -> Partial {
        let major = session.major();
        let steps = if unfinished.direction == Direction::Down {
            let inverse = applied.and_then(|row| self.inverse_of(session, row).ok());
            inverse.and_then(|inverse| inverse.steps().ok().map(<[Step]>::to_vec))
        } else {
            self.plan.migration(&unfinished.name).map(|migration| migration.up.clone())
        };
        let steps = steps.map(|steps| for_server(&steps, major));
        Partial::of(unfinished, steps.as_deref())
    }
}
