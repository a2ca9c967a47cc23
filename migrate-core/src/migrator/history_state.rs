//! The history as a command finds it, before it waits for other sessions.

use super::Migrator;
use super::history_snapshot::HistorySnapshot;
use crate::connect::Session;
use crate::error::Error;
use crate::history::HistorySummary;
use crate::plan::Fingerprint;

/// The state of the history: read once, for all that a command needs before it begins.
///
/// ```no_run
/// use migrate_core::{Migrator, Session, UpTo};
///
/// # fn up(migrator: &Migrator, session: &mut Session) -> Result<(), migrate_core::Error> {
/// let state = migrator.history_state(session)?;
/// println!("protected as {:?}", state.protected());
/// for migration in migrator.pending(&state, &UpTo::default(), session.major())? {
///     println!("{}", migration.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HistoryState {
    /// Nothing where just the plan is applied, all of it, and nothing is partially applied.
    pub(super) rows: Option<HistorySnapshot>,
    protected: Option<String>,
}

impl HistoryState {
    /// The name under which the database is protected.
    #[must_use]
    pub fn protected(&self) -> Option<&str> {
        self.protected.as_deref()
    }
}

impl Migrator {
    /// Reads the history. Takes no lock, writes nothing, and reads no more of a long history than of a
    /// short one where everything is applied.
    ///
    /// # Errors
    ///
    /// When the history is not ours or cannot be read.
    pub fn history_state(&self, session: &mut Session) -> Result<HistoryState, Error> {
        let summary = self.on_history(session, |client| self.history.summary_by(client))?;
        self.history_state_of(session, &summary)
    }

    /// The same, where the summary is known already.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn history_state_of(
        &self,
        session: &mut Session,
        summary: &HistorySummary,
    ) -> Result<HistoryState, Error> {
        let protected = summary.protected().map(str::to_owned);
        let rows = match &summary.settings {
            None => Some(HistorySnapshot::default()),
            Some(_) if summary.has_just(&Fingerprint::of_plan(&self.plan)) => None,
            Some(settings) => {
                Some(self.on_history(session, |client| self.snapshot(client, settings.clone()))?)
            }
        };
        Ok(HistoryState { rows, protected })
    }
}
