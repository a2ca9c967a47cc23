//! Restoring from a backup.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Migrator;
use super::backup::{shown, stay_while_idle};
use crate::backup::{self, BackupError, CLEAN, ClientPrograms, contents, extensions, validate};
use crate::connect::Session;
use crate::environment::Environment;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::history::{Action, HistoryError, Line, logs, protect_as_before, protections};

/// How long the first try waits for a lock: longer than `deadlock_timeout`, after which the server
/// sends autovacuum away.
const FIRST: Duration = Duration::from_millis(1500);
/// How long each later try does: other sessions queue behind the request.
const LATER: Duration = Duration::from_millis(200);
/// Between tries, other sessions have their turn.
const PAUSE: Duration = Duration::from_millis(500);

/// How to restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Removes first what the database has.
    pub clean: bool,
    /// Leaves owners and privileges out: everything belongs to the role that restores.
    pub no_owner: bool,
}

impl Migrator {
    /// Restores a backup: all of it, in one transaction, or nothing. The history is part of it; whether
    /// the database is protected is not, since that is a property of the database and not of its data;
    /// the log retains the lines that the backup does not have.
    ///
    /// # Errors
    ///
    /// When the database is protected, or contains something that is not to be removed; when the
    /// file is no backup or cannot be read to its end; when the server refuses any of it.
    pub fn restore(
        &self,
        session: &mut Session,
        file: &Path,
        options: RestoreOptions,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let result = self.restore_unlogged(session, file, options, environment, observer);
        self.note_refusal(session, Action::Restore, result)
    }

    fn restore_unlogged(
        &self,
        session: &mut Session,
        file: &Path,
        options: RestoreOptions,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        self.refuse_newer(session)?;
        Self::refuse_worker(session)?;
        if options.clean {
            Self::refuse_clean(session)?;
        }
        let refuse = |session: &mut Session| {
            self.may_destroy_all(session)?;
            match contents(session.client())? {
                Some(what) if !options.clean => Err(Error::NotEmpty { what }),
                _ => Ok(()),
            }
        };
        refuse(session)?;
        stay_while_idle(session);
        let programs = ClientPrograms::find(environment, session.major())?;
        let mut progress =
            |what: &str| observer.event(Event::BackupProgress { what: what.to_owned() });
        validate(&programs, file, environment, &self.interrupt, &mut progress)?;
        let extensions = extensions(&programs, file, environment)?;
        self.connect_if_lost(session)?;
        self.tell_before_restore(session, &extensions, options.clean, observer)?;
        self.with_lock(session, observer, |session, _, observer| {
            // Another session may have created something meanwhile.
            refuse(session)?;
            let started = Instant::now();
            let protected = self.on_history(session, protections)?;
            let target = session.target().clone();
            let carried = self.on_history(session, logs)?;
            let (database, message) = (target.database(), shown(file));
            let mut last = protect_as_before(&protected);
            for log in &carried {
                last += &log.restored(&self.actor, database, &message);
            }
            let restore = backup::Restore {
                target: &target,
                major: session.major(),
                file,
                first: if options.clean { CLEAN } else { "" },
                last: &last,
                lock_timeout: FIRST.min(self.limits.lock_wait),
                no_owner: options.no_owner,
            };
            self.restore_with_retries(&programs, restore, environment, observer)?;
            let is_logged = carried.iter().any(|log| log.history == self.history);
            self.log_restore(session, &message, is_logged, started.elapsed(), observer)
        })
    }

    /// Upgrades the history that came with the backup, and adds that it was restored, unless its log says so.
    /// All is restored by then, whatever becomes of that.
    fn log_restore(
        &self,
        session: &mut Session,
        message: &str,
        is_logged: bool,
        took: Duration,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let database = session.target().database().to_owned();
        let but = |what| {
            let done = format!("`{database}` was restored from `{message}`");
            move |error| Error::Unrecorded { done, what, source: Box::new(error) }
        };
        self.connect_if_lost(session).map_err(but("the server cannot be asked for its history"))?;
        match self.on_history(session, |client| self.history.find(client)) {
            Ok(None) => return Ok(()),
            // The backup has it from a newer version, or not all of it. It is restored; the next
            // command says so.
            Err(Error::History(
                HistoryError::Newer { .. }
                | HistoryError::Incomplete { .. }
                | HistoryError::Occupied { .. },
            )) => return Ok(()),
            found => found.map_err(but("the history that it has now cannot be used"))?,
        };
        self.read_or_create_history(session, observer)
            .map_err(but("the history that came with it could not be brought up to date"))?;
        if is_logged {
            return Ok(());
        }
        let duration = took.as_millis().to_string();
        let line = Line::done(Action::Restore, &database).took(&duration).message(message);
        let log = self.history.log(&self.actor, line);
        self.write(session, vec![log]).map_err(but("its log could not be made to say so"))
    }

    /// Tries until it has its locks, or there is no more time for that.
    fn restore_with_retries(
        &self,
        programs: &ClientPrograms,
        mut restore: backup::Restore<'_>,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let interrupt = &self.interrupt;
        let mut progress =
            |what: &str| observer.event(Event::BackupProgress { what: what.to_owned() });
        loop {
            match backup::restore(programs, &restore, environment, interrupt, &mut progress) {
                Err(BackupError::Locked { .. }) if started.elapsed() < self.limits.lock_wait => {
                    progress("waiting for locks that others hold");
                    if let Some(stop) = interrupt.sleep(PAUSE) {
                        let what = format!("restored `{}`", restore.target.database());
                        return Err(BackupError::Stopped { stop, what }.into());
                    }
                    restore.lock_timeout = LATER;
                }
                restored => return Ok(restored?),
            }
        }
    }

    /// Refuses a history that a newer version has changed, before anything is written. One that
    /// cannot be read for another reason is none of a backup's business.
    pub(super) fn refuse_newer(&self, session: &mut Session) -> Result<(), Error> {
        match self.on_history(session, |client| self.history.find(client)) {
            Err(
                error @ Error::History(HistoryError::Newer { .. } | HistoryError::Locked { .. }),
            ) => Err(error),
            _ => Ok(()),
        }
    }
}
