//! Runs that were refused or interrupted before a migration failed: the log says so.

use super::Migrator;
#[cfg(feature = "backup")]
use crate::backup::BackupError;
use crate::connect::{HISTORY_LOOK, Session};
use crate::error::Error;
use crate::history::{Action, HistoryError, Line};
use crate::lock::LockError;

impl Migrator {
    /// Adds a line to the log where the run was refused or interrupted, and passes the result on.
    /// Where the log cannot be written, or there is none yet, the result is all there is.
    pub(super) fn note_refusal<T>(
        &self,
        session: &mut Session,
        action: Action,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if let Err(error) = &result
            && session.read_only().is_none()
            && let Some(name) = subject(error, session.target().database())
            && let Ok(Some(settings)) = self.history.find(session.history_client(HISTORY_LOOK))
        {
            let message = error.to_string();
            let line = Line::failed(action, &name, &message);
            let line = self.history.log_of_version(settings.version, &self.actor, line);
            Self::note(session, &line);
        }
        result
    }

    /// Adds a line about something that did not happen, by this SQL. No standby is waited for: that is
    /// the reason why some runs end; nor is a session that has locked the log for long.
    pub(super) fn note(session: &mut Session, line: &str) {
        let sql = format!(
            "SET LOCAL synchronous_commit = local;\nSET LOCAL lock_timeout = {};\n{line}",
            HISTORY_LOOK.as_millis()
        );
        _ = session.client().batch_execute(&sql);
    }
}

/// Returns the subject of a run that was refused; none where the error is no refusal, or is in the log
/// already.
fn subject(error: &Error, database: &str) -> Option<String> {
    match error {
        Error::Protected { steps, .. } => {
            Some(steps.first().map_or_else(|| database.to_owned(), |(name, _)| name.clone()))
        }
        Error::OutOfOrder(order) => Some(order.late.clone()),
        Error::History(HistoryError::RowsRemoved { rows, .. }) => {
            rows.first().map(|row| row.name.clone())
        }
        Error::Irreversible { name, .. }
        | Error::UntrustedCode { name, .. }
        | Error::FileMissing { name }
        | Error::FunctionMissing { name, .. }
        | Error::Unfinished { name, .. }
        | Error::Overtaken { name, .. }
        | Error::LostInFailover { name }
        | Error::NotTransactional { name } => Some(name.clone()),
        Error::RowsLost(losses) => losses.first().map(|loss| loss.name.clone()),
        Error::ProtectedAs { .. }
        | Error::NotEmpty { .. }
        | Error::CitusClean
        | Error::Stopped(_)
        | Error::Lock(LockError::Held { .. } | LockError::Stopped(_)) => Some(database.to_owned()),
        #[cfg(feature = "backup")]
        Error::Backup(BackupError::Stopped { .. }) => Some(database.to_owned()),
        _ => None,
    }
}
