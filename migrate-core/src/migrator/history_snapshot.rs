//! The history as it was read at one moment, and whether it has changed since.

use postgres::Client;

use super::{Migrator, Reports};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::history::{Action, Applied, HistoryError, Line, RemovedRow, Settings, Unfinished};
use crate::lock::HistoryLockTimeout;
use crate::order::{Entry, entries};

/// The rows of the history, read once.
#[derive(Clone, Default)]
pub(super) struct HistorySnapshot {
    /// In the order of applying.
    pub(super) applied: Vec<Applied>,
    pub(super) unfinished: Vec<Unfinished>,
    /// The name under which the database is protected.
    pub(super) protected: Option<String>,
    /// What the log says of the pending migrations whose row was removed.
    pub(super) removed: Vec<RemovedRow>,
}

impl HistorySnapshot {
    /// Whether it is recorded as applied.
    pub(super) fn has(&self, name: &str) -> bool {
        self.applied.iter().any(|row| row.name == name)
    }

    /// The row of an applied migration.
    pub(super) fn row(&self, name: &str) -> Option<&Applied> {
        self.applied.iter().find(|row| row.name == name)
    }

    /// Returns the progress of a migration that is partially applied or partially reverted.
    pub(super) fn unfinished(&self, name: &str) -> Option<&Unfinished> {
        self.unfinished.iter().find(|row| row.name == name)
    }

    /// The migration that is partially applied, if there is one.
    pub(super) fn partially_applied(&self) -> Option<&Unfinished> {
        self.unfinished.iter().find(|row| row.direction == Direction::Up)
    }

    /// Whether nothing is applied, not even a part of a migration.
    pub(super) fn is_empty(&self) -> bool {
        self.applied.is_empty() && self.unfinished.is_empty()
    }

    /// The first row that `other` lacks. A migration that was reverted and applied again has another row.
    fn row_missing_in(&self, other: &Self) -> Option<&Applied> {
        self.applied.iter().find(|row| !other.applied.iter().any(|it| it.id == row.id))
    }

    /// Refuses to go on where another runner went in the other direction since this was read. That it
    /// went in the same direction does no harm. `own` are the migrations that this run has applied since.
    pub(super) fn check_not_overtaken(
        &self,
        now: &Self,
        own: &[String],
        direction: Direction,
    ) -> Result<(), Error> {
        let (row, did) = match direction {
            Direction::Up => (self.row_missing_in(now), "reverted"),
            Direction::Down => (now.row_missing_in(self), "applied"),
        };
        let own = own.iter().find(|name| !now.has(name));
        match row.map(|row| &row.name).or(own) {
            Some(name) => Err(Error::Overtaken { name: name.clone(), did }),
            None => Ok(()),
        }
    }
}

impl Migrator {
    /// Reads the history; nothing where the database has none yet. Writes nothing.
    pub(super) fn read_history(
        &self,
        session: &mut Session,
    ) -> Result<Option<HistorySnapshot>, Error> {
        self.on_history(session, |client| {
            let found =
                self.history.find(client).map_err(|error| error.advised(client, "SELECT"))?;
            found.map(|settings| self.snapshot(client, settings)).transpose()
        })
    }

    /// The same, where the command has changed something before.
    pub(super) fn reread_history(&self, session: &mut Session) -> Result<HistorySnapshot, Error> {
        let history = self.read_history(session).map_err(|error| match error {
            Error::History(error) => error.midway().into(),
            error => error,
        })?;
        Ok(history.unwrap_or_default())
    }

    /// Reads or writes the history, outside a transaction. All such accesses use this function, so that
    /// a history that others have locked is waited for no longer than [`Limits::lock_wait`] allows.
    ///
    /// [`Limits::lock_wait`]: crate::limits::Limits::lock_wait
    pub(super) fn on_history<T>(
        &self,
        session: &mut Session,
        work: impl FnMut(&mut Client) -> Result<T, HistoryError>,
    ) -> Result<T, Error> {
        let patience = HistoryLockTimeout {
            history: &self.history,
            lock_wait: self.limits.lock_wait,
            interrupt: &self.interrupt,
        };
        let mut report = |event| {
            if let Some(Reports(reporter)) = &self.reporter {
                reporter(event);
            }
        };
        let done = patience.until_free(session, &mut report, work);
        // Such as that there was nothing to drop: what we do ourselves is nothing to the user.
        drop(session.take_notices());
        Ok(done?)
    }

    /// Returns the state of each migration. Digests all steps of the plan, so it is called once a reading.
    pub(super) fn entries<'a>(&'a self, history: &'a HistorySnapshot) -> Vec<Entry<'a>> {
        entries(&self.plan, &history.applied, &history.unfinished)
    }

    /// Reads the rows of a history whose settings are known.
    pub(super) fn snapshot(
        &self,
        client: &mut Client,
        settings: Settings,
    ) -> Result<HistorySnapshot, HistoryError> {
        let snapshot = self.read_rows(client, settings);
        snapshot.map_err(|error| error.advised(client, "SELECT"))
    }

    fn read_rows(
        &self,
        client: &mut Client,
        settings: Settings,
    ) -> Result<HistorySnapshot, HistoryError> {
        let applied = self.history.applied(client)?;
        let unfinished = self.history.unfinished(client)?;
        let removed = self.removed_rows(client, &applied, &unfinished)?;
        Ok(HistorySnapshot { applied, unfinished, protected: settings.protected, removed })
    }

    /// Reads the history; creates it where there is none, and upgrades one that an older version of this
    /// tool made.
    pub(super) fn read_or_create_history(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<HistorySnapshot, Error> {
        let table = self.history.table().to_string();
        let found = self.on_history(session, |client| {
            let found = self.history.find(client)?;
            // What is written from now on calls whatever hangs on the tables.
            self.history.trusted(client)?;
            Ok(found)
        })?;
        let Some(settings) = found else {
            self.on_history(session, |client| {
                self.history.create(client).map_err(|error| error.advised(client, "CREATE"))
            })?;
            session.note_author();
            let client = session.client();
            let others = self.history.who_else_creates(client)?;
            observer.event(Event::HistoryCreated { table });
            if !others.is_empty() {
                observer.event(self.history.warning_of(&others));
            }
            // Default privileges may have let others write it, and an event trigger anything.
            self.history.trusted(session.client())?;
            return Ok(HistorySnapshot::default());
        };
        if settings.is_older() {
            let message = format!("from version {}", settings.version);
            let line = Line::done(Action::Upgrade, &table).message(&message);
            let log = self.history.log(&self.actor, line);
            self.on_history(session, |client| {
                self.history.upgrade(client, &settings, log.clone())
            })?;
            session.note_author();
            observer.event(Event::HistoryUpgraded { table });
        }
        self.on_history(session, |client| self.snapshot(client, settings.clone()))
    }
}
