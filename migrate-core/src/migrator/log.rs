//! Looking at what was done.

use super::Migrator;
use crate::connect::Session;
use crate::error::Error;
use crate::history::{LogEntry, LogQuery};

impl Migrator {
    /// Lines of the log, the newest first; none where nothing was ever done. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn log(&self, session: &mut Session, query: &LogQuery) -> Result<Vec<LogEntry>, Error> {
        self.on_history(session, |client| match self.history.find(client)? {
            Some(_) => self.history.log_entries(client, query),
            None => Ok(Vec::new()),
        })
    }

    /// The names that the log knows. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn logged_names(&self, session: &mut Session) -> Result<Vec<String>, Error> {
        self.on_history(session, |client| match self.history.find(client)? {
            Some(_) => self.history.logged_names(client),
            None => Ok(Vec::new()),
        })
    }
}
