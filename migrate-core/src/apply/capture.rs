//! Reading, around a step, how it comes back.

use migrate_dsl::quote_literal;

use super::error::{Failure, Origin};
use crate::Session;
use crate::capture::{State, Unrestored, note_code, note_unrestored};
use crate::plan::{Capture, Inverse, Object, Statement};
use crate::way_back::{Captured, CapturedInverse};

/// Watches a migration's steps as they run.
pub(super) struct Watch {
    /// Whether anybody wants to know: on the way up, of a migration without a `down` of its own.
    pub(super) wanted: bool,
    /// What is known of the way back so far.
    pub(super) captured: Captured,
    /// What the running step found.
    before: Option<State>,
    /// What it did not find, and has to be there afterwards.
    awaited: Vec<Object>,
}

impl Watch {
    pub(super) fn new(wanted: bool, captured: Captured) -> Self {
        Self { wanted, captured, before: None, awaited: Vec::new() }
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
            let named = if capture.must_exist { capture.objects.as_slice() } else { &[] };
            let absent = State::absent(session.client(), named);
            let absent = absent.map_err(|error| Failure::capture(origin, error))?;
            self.awaited = absent.into_iter().cloned().collect();
        }
        Ok(())
    }

    /// What is known of the way back if nothing is left of what the running step found.
    pub(super) fn if_all_is_gone(&self, origin: &Origin<'_>) -> Captured {
        let mut captured = self.captured.clone();
        if let (Some(capture), Some(before)) = (self.asked(origin), &self.before) {
            let after = State::default();
            let (back, unrestored) = (before.way_back_from(&after), before.unrestored_from(&after));
            captured.insert(origin.index, inverse(capture, unrestored, back));
        }
        captured
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
            let absent = State::absent(session.client(), &self.awaited);
            let absent = absent.map_err(|error| Failure::capture(origin, error))?;
            if let Some(object) = absent.first() {
                return Err(Failure::not_there(origin, object));
            }
            let after = before
                .read_after(session.client(), &capture.objects)
                .map_err(|error| Failure::capture(origin, error))?;
            let impossible = before
                .impossible_cast(session.client(), &after)
                .map_err(|error| Failure::capture(origin, error))?;
            if let Some(reason) = impossible {
                self.captured.insert(origin.index, CapturedInverse::Impossible { reason });
                return Ok(());
            }
            for limit in before.limits_from(&after) {
                let warning = format!("the inverse of this step will fail: {limit}");
                let warning = quote_literal(&warning);
                let body =
                    quote_literal(&format!("BEGIN RAISE WARNING USING MESSAGE = {warning}; END"));
                let told = session.client().batch_execute(&format!("DO {body}"));
                told.map_err(|error| Failure::capture(origin, error))?;
            }
            let mut back = before.way_back_from(&after);
            let unrestored = before.unrestored_from(&after);
            if let Some(first) = back.first_mut() {
                note_code(&mut first.sql, &before.code_from(&after));
            }
            // What was read may take more than what is kept of it.
            drop((before, after));
            if !origin.step.transactional {
                back.iter_mut().for_each(|statement| concurrently(&mut statement.sql));
            }
            self.captured.insert(origin.index, inverse(capture, unrestored, back));
        }
        Ok(())
    }
}

/// The inverse of a step, if it restores what there was before; with a note of what extensions kept
/// of it, which it does not.
fn inverse(capture: &Capture, unrestored: Unrestored, mut back: Vec<Statement>) -> CapturedInverse {
    match unrestored {
        Unrestored::Impossible(reason) => return CapturedInverse::Impossible { reason },
        Unrestored::Lost(lost) => {
            if let Some(first) = back.first_mut() {
                note_unrestored(&mut first.sql, &lost);
            }
        }
    }
    CapturedInverse::of(capture, back)
}

/// Makes an index without a lock on its table's rows, as outside a transaction it can be made: who
/// drops one there does not want to stop those that write. That of a partitioned table, which is
/// `ON ONLY` it, has no rows of its own and cannot be made so.
fn concurrently(sql: &mut String) {
    for create in ["CREATE INDEX ", "CREATE UNIQUE INDEX "] {
        if sql.starts_with(create) && !sql.contains(" ON ONLY ") {
            sql.insert_str(create.len(), "CONCURRENTLY ");
        }
    }
}
