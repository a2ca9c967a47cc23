//! Backing up.

use std::path::Path;
use std::time::Duration;

use super::Migrator;
use crate::backup::{Backup, BackupError, ClientPrograms, Place, dump, prune};
use crate::connect::Session;
use crate::environment::Environment;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::history::{Action, HistoryError, Line};
use crate::lock::watchdog::Watchdog;

/// How long a connection may take to show that it is still there.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A backup to be made before anything is applied.
#[derive(Debug, Clone)]
pub struct BackupBefore {
    /// Where it is to lie.
    pub place: Place,
    /// Where programs are looked for.
    pub environment: Environment,
}

impl Migrator {
    /// Backs the database up: reads only, but for a line in the log where there is one. With
    /// `keep`, all but so many of its backups in the same folder are removed.
    ///
    /// # Errors
    ///
    /// When there are no programs for it, the disk is full, or the role may not read all of the
    /// database. No partial backup remains.
    pub fn backup(
        &self,
        session: &mut Session,
        place: &Place,
        keep: Option<usize>,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<Backup, Error> {
        self.refuse_newer(session)?;
        self.tell_before_backup(session, observer)?;
        let backup = {
            let reporter = self.reporter.as_ref().map(|reporter| reporter.0.clone());
            let _watchdog = Watchdog::start(&self.interrupt, self.limits, session, reporter);
            self.back_up(session, place, environment, observer)?
        };
        if let (Some(keep), Some(folder)) = (keep, backup.file.parent()) {
            let files = prune(folder, session.target(), keep)?;
            if !files.is_empty() {
                observer.event(Event::Pruned { files });
            }
        }
        // The backup is there, whatever becomes of the line about it.
        if let Err(error) = self.log_made(session, &backup, observer) {
            let done = format!("the backup `{}` was made", shown(&backup.file));
            let what = "the log of the history could not be made to say so";
            return Err(Error::Unrecorded { done, what, source: Box::new(error) });
        }
        Ok(backup)
    }

    /// Adds to the log, where there is one, that a backup was made.
    fn log_made(
        &self,
        session: &mut Session,
        backup: &Backup,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        self.connect_if_lost(session)?;
        if session.read_only().is_some() {
            return Ok(());
        }
        match self.on_history(session, |client| self.history.find(client)) {
            Ok(None) => Ok(()),
            // What is wrong with it, other commands say.
            Err(Error::History(
                HistoryError::Incomplete { .. } | HistoryError::Occupied { .. },
            )) => Ok(()),
            Ok(Some(settings)) if settings.is_older() => {
                self.run_locked(session, observer, |run| self.log_backup(run.session, backup))
            }
            found => {
                found?;
                self.log_backup(session, backup)
            }
        }
    }

    /// Makes the backup that was requested, before anything is applied.
    pub(super) fn back_up_before(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let Some(BackupBefore { place, environment }) = &self.backup_before else {
            return Ok(());
        };
        self.tell_before_backup(session, observer)?;
        let backup = self.back_up(session, place, environment, observer)?;
        self.log_backup(session, &backup)
    }

    /// Connects again where the connection was lost while other programs were at work: for a
    /// proxy, it was idle.
    pub(super) fn connect_if_lost(&self, session: &mut Session) -> Result<(), Error> {
        match session.client().is_valid(ANSWERS_WITHIN) {
            Ok(()) => Ok(()),
            Err(_) => Ok(session.reconnect(&self.interrupt)?),
        }
    }

    fn back_up(
        &self,
        session: &mut Session,
        place: &Place,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<Backup, BackupError> {
        stay_while_idle(session);
        let programs = ClientPrograms::find(environment, session.major())?;
        let target = session.target();
        let file = place.file(target)?;
        let mut progress =
            |what: &str| observer.event(Event::BackupProgress { what: what.to_owned() });
        let (lock_wait, interrupt) = (self.limits.lock_wait, &self.interrupt);
        let backup =
            dump(&programs, target, &file, lock_wait, environment, interrupt, &mut progress)?;
        observer.event(Event::BackedUp(backup.clone()));
        Ok(backup)
    }

    fn log_backup(&self, session: &mut Session, backup: &Backup) -> Result<(), Error> {
        let message = format!("{}, {} bytes", shown(&backup.file), backup.bytes);
        let database = session.target().database().to_owned();
        let duration = backup.duration.as_millis().to_string();
        let line = Line::done(Action::Backup, &database).took(&duration).message(&message);
        let sql = self.history.log(&self.actor, line);
        self.on_history(session, |client| Ok(client.batch_execute(&sql)?))
    }
}

/// Keeps the server from ending a session, and the lock that it holds, while programs are at work:
/// `idle_session_timeout`, from PostgreSQL 14.
pub(super) fn stay_while_idle(session: &mut Session) {
    // Earlier versions have no such setting, and do not end idle sessions.
    _ = session.client().batch_execute("SET idle_session_timeout = 0");
}

/// A path as text that a database can keep.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().replace('\0', "")
}
