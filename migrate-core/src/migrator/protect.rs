//! Protected databases: destructive commands require the name.

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use crate::connect::Session;
use crate::error::Error;
use crate::event::Observer;
use crate::history::{Action, Line, protections};
use crate::plan::Migration;

impl Migrator {
    /// The name under which the database is protected. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn protection(&self, session: &mut Session) -> Result<Option<String>, Error> {
        let settings = self.on_history(session, |client| self.history.find(client))?;
        Ok(settings.and_then(|settings| settings.protected))
    }

    /// Protects the database under a name, and tells whether it was not so before. From then on
    /// destructive commands are refused, unless that name was [given](Self::allow).
    ///
    /// # Errors
    ///
    /// When it is protected under another name, or the history cannot be written.
    pub fn protect(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<bool, Error> {
        // Also where the setting was removed by other means: this restores it.
        self.with_lock(session, observer, |session, _, observer| {
            match self.read_or_create_history(session, observer)?.protected {
                Some(protected) if protected == name => Ok(false),
                Some(protected) => Err(Error::ProtectedAs { protected, asked: name.to_owned() }),
                None => {
                    let line = Line::done(Action::Protect, name);
                    let log = self.history.log(&self.actor, line);
                    self.write(session, vec![self.history.protect(Some(name)), log])?;
                    Ok(true)
                }
            }
        })
    }

    /// Takes the protection under a name away, and tells whether there was any.
    ///
    /// # Errors
    ///
    /// When it is protected under another name, or the history cannot be written.
    pub fn unprotect(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<bool, Error> {
        if self.protection(session)?.is_none() {
            return Ok(false);
        }
        self.run_locked(session, observer, |run| match run.history.protected.clone() {
            None => Ok(false),
            Some(protected) if protected != name => {
                Err(Error::ProtectedAs { protected, asked: name.to_owned() })
            }
            Some(_) => {
                let line = Line::done(Action::Unprotect, name);
                let log = self.history.log(&self.actor, line);
                self.write(run.session, vec![self.history.protect(None), log])?;
                Ok(true)
            }
        })
    }

    /// Refuses to apply what destroys, in a protected database, unless its name was given. What SQL
    /// of the author's own does is not judged.
    pub(super) fn may_apply(
        &self,
        history: &HistorySnapshot,
        migrations: &[&Migration],
    ) -> Result<(), Error> {
        let destroying: Vec<_> = migrations
            .iter()
            .filter(|migration| !history.has(&migration.name))
            .flat_map(|migration| migration.up.iter().map(|step| (migration.name.clone(), step)))
            .filter(|(_, step)| step.destroys)
            .map(|(name, step)| (name, step.clone()))
            .collect();
        if destroying.is_empty() {
            return Ok(());
        }
        self.may_destroy(history.protected.as_deref()).map_err(|error| match error {
            Error::Protected { name, given, .. } => {
                Error::Protected { name, given, steps: destroying }
            }
            other => other,
        })
    }

    /// Refuses unless all of the database may be destroyed, whatever histories it has.
    ///
    /// # Errors
    ///
    /// When it is protected and its name was not [given](Self::allow), or a query
    /// fails.
    pub fn may_destroy_all(&self, session: &mut Session) -> Result<(), Error> {
        let protections = self.on_history(session, protections)?;
        protections.iter().try_for_each(|(_, name)| self.may_destroy(Some(name)))
    }
}
