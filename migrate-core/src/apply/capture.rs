//! Reading, around a step, how it comes back.

use super::error::{Failure, Origin};
use crate::Session;
use crate::capture::State;
use crate::plan::{Capture, Inverse};
use crate::way_back::Captured;

/// Watches a migration's steps as they run.
pub(super) struct Watch {
    /// Whether anybody wants to know: on the way up, of a migration without a `down` of its own.
    pub(super) wanted: bool,
    /// What is known of the way back so far.
    pub(super) captured: Captured,
    /// What the running step found.
    before: Option<State>,
}

impl Watch {
    pub(super) fn new(wanted: bool, captured: Captured) -> Self {
        Self { wanted, captured, before: None }
    }

    /// What has to be read around this step, if anything.
    pub(super) fn asked<'a>(&self, origin: &Origin<'a>) -> Option<&'a Capture> {
        match &origin.step.inverse {
            Inverse::Capture(capture) if self.wanted => Some(capture),
            _ => None,
        }
    }

    /// Reads the objects before the first statement of their step; inside a transaction.
    pub(super) fn before(
        &mut self,
        session: &mut Session,
        origin: Origin<'_>,
    ) -> Result<(), Failure> {
        let Some(capture) = self.asked(&origin) else { return Ok(()) };
        if origin.number == 0 {
            let state = State::read_only(session.client(), &capture.objects, capture.only);
            self.before = Some(state.map_err(|error| Failure::capture(origin, error))?);
        }
        Ok(())
    }

    /// Reads the objects again after the last statement that they are watched through; inside a
    /// transaction.
    pub(super) fn after(
        &mut self,
        session: &mut Session,
        origin: Origin<'_>,
    ) -> Result<(), Failure> {
        let Some(capture) = self.asked(&origin) else { return Ok(()) };
        let through = capture.through.unwrap_or(origin.step.statements.len());
        if origin.number + 1 == through
            && let Some(before) = self.before.take()
        {
            let after = before
                .read_after(session.client(), &capture.objects)
                .map_err(|error| Failure::capture(origin, error))?;
            let back = capture.first.iter().cloned().chain(before.way_back_from(&after));
            self.captured.insert(origin.index, back.collect());
        }
        Ok(())
    }
}
