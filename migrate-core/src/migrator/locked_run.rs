//! A command that changes the database: it holds the runner's lock, and bases its decisions on the
//! history as it was read under that lock.

use std::sync::Arc;
use std::time::Duration;

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use crate::connect::{HISTORY_LOOK, Session};
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::Work;
use crate::history::inverse::Captured;
use crate::lock::RunnerLock;
use crate::lock::watchdog::Watchdog;
use crate::plan::Step;

/// What a command works with while it is the only runner. Made by [`Migrator::run_locked`] alone, so that
/// whatever takes one is done under the lock.
pub(super) struct LockedRun<'a> {
    pub(super) migrator: &'a Migrator,
    pub(super) session: &'a mut Session,
    pub(super) lock: &'a RunnerLock,
    pub(super) observer: &'a mut dyn Observer,
    /// The history as it was last read under the lock.
    pub(super) history: Arc<HistorySnapshot>,
    /// What this run has applied since.
    pub(super) applied: Vec<String>,
    /// How often the connection had been lost by then.
    reconnects: usize,
}

impl Migrator {
    /// Runs `work` as the only runner, with the history as it is then; it is created where there is none.
    pub(super) fn run_locked<T>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        work: impl FnOnce(&mut LockedRun<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with_lock(session, observer, |session, lock, observer| {
            let history = self.read_or_create_history(session, observer)?;
            if history.protected.is_none() {
                self.on_history(session, |client| self.history.check_protection(client))?;
            }
            let reconnects = session.reconnects();
            let (history, applied) = (Arc::new(history), Vec::new());
            let migrator = self;
            work(&mut LockedRun { migrator, session, lock, observer, history, applied, reconnects })
        })
    }

    /// Runs `work` as the only runner, whatever history there is.
    pub(super) fn with_lock<T>(
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
        let lock = self.acquire_lock(session, observer)?;
        let result = work(session, &lock, observer);
        // If the connection is lost, the lock is released at the end of the session.
        _ = lock.release(session.client());
        result
    }

    /// Waits for the runner's lock.
    pub(super) fn acquire_lock(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<RunnerLock, Error> {
        Ok(RunnerLock::acquire_unless_stopped(
            session.history_client(HISTORY_LOOK),
            &self.history,
            self.limits.lock_wait,
            &self.interrupt,
            observer,
        )?)
    }
}

impl LockedRun<'_> {
    /// Reads the history again.
    pub(super) fn reread(&mut self) -> Result<(), Error> {
        self.history = Arc::new(self.migrator.reread_history(self.session)?);
        self.applied.clear();
        self.reconnects = self.session.reconnects();
        Ok(())
    }

    /// Whether the connection was recreated since the history was read, and so the lock was free for a
    /// moment. Then it is read again, and refused where another runner went in the other direction.
    pub(super) fn reread_after_reconnect(&mut self, direction: Direction) -> Result<bool, Error> {
        if self.session.reconnects() == self.reconnects {
            return Ok(false);
        }
        let before = Arc::clone(&self.history);
        let own = self.applied.clone();
        self.reread()?;
        before.check_not_overtaken(&self.history, &own, direction)?;
        Ok(true)
    }

    /// A migration to execute in one direction, with what all of them have in common.
    pub(super) fn work<'a>(
        migrator: &'a Migrator,
        name: &'a str,
        direction: Direction,
        steps: &'a [Step],
        record: &'a dyn Fn(&Captured) -> Vec<String>,
    ) -> Work<'a> {
        Work {
            name,
            direction,
            steps,
            captures: false,
            variables: &migrator.variables,
            functions: &migrator.functions,
            record,
            limits: migrator.limits,
            interrupt: &migrator.interrupt,
        }
    }

    pub(super) fn started(&mut self, name: &str, direction: Direction, statements: usize) {
        self.observer.event(Event::Started { name: name.to_owned(), direction, statements });
    }

    pub(super) fn reverted(&mut self, name: &str, duration: Duration) {
        self.observer.event(Event::Finished {
            name: name.to_owned(),
            direction: Direction::Down,
            duration,
            irreversible: None,
            lost: Vec::new(),
        });
    }
}
