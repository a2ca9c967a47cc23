//! Reading, around a step, how it is reverted.

use std::collections::{BTreeSet, HashMap};

use migrate_dsl::quote_literal;
use postgres::Client;
use postgres::types::Oid;

use super::error::{Failure, Origin};
use super::keywords::Words;
use crate::capture::{State, Unrestored, have_own_parts, note_code, note_unrestored};
use crate::connect::search_path::relations;
use crate::connect::{OpenTransaction, Session};
use crate::history::inverse::{Captured, CapturedInverse};
use crate::plan::{Capture, Inverse, Object, Statement, Step};

/// Watches a migration's steps as they run.
pub(super) struct CaptureRecorder {
    /// Whether the inverse is needed: on the way up, of a migration without a `down` of its own.
    pub(super) wanted: bool,
    /// What is known of the inverse so far.
    pub(super) captured: Captured,
    /// What the running step found.
    before: Option<State>,
    /// What it did not find, and has to be there afterwards.
    awaited: Vec<Object>,
    /// What is read around steps that add something to a table whose children may have it of their
    /// own, by the number of the step.
    merged: HashMap<usize, Capture>,
}

impl CaptureRecorder {
    pub(crate) fn new(wanted: bool, captured: Captured) -> Self {
        let (awaited, merged) = (Vec::new(), HashMap::new());
        Self { wanted, captured, before: None, awaited, merged }
    }

    /// Finds the steps that add something to a table whose children have it of their own, or may
    /// have it by then; outside a transaction.
    pub(super) fn look_for_children(
        &mut self,
        session: &mut Session,
        steps: &[Step],
    ) -> Result<(), postgres::Error> {
        if !self.wanted {
            return Ok(());
        }
        let of = |step: &Step| step.merged_by_children_of.as_ref().map(Object::path);
        let tables: BTreeSet<_> = steps.iter().filter_map(of).collect();
        if tables.is_empty() {
            return Ok(());
        }
        let client = session.client();
        let tables: Vec<_> = tables.into_iter().collect();
        let ids = relations(client, &tables)?;
        let ids: HashMap<_, _> = tables.into_iter().zip(ids).collect();
        let there: Vec<Oid> = ids.values().flatten().copied().collect();
        let with_children = have_own_parts(client, &there)?;
        // The outcome of these is unknown.
        let mut is_open = false;
        for (number, step) in steps.iter().enumerate() {
            if let Some(table) = &step.merged_by_children_of {
                // What the steps before it give to a partition is its own, too.
                let is_known = ids[&table.path()].is_some_and(|id| {
                    with_children.get(&id).is_some_and(|have_own| *have_own || number > 0)
                });
                let mut capture = match &step.inverse {
                    Inverse::Captured(capture) => capture.clone(),
                    Inverse::Derived { .. } => Capture::default(),
                    Inverse::Declared { .. } | Inverse::None { .. } => continue,
                };
                if (is_known || is_open) && !capture.objects.contains(table) {
                    capture.objects.push(table.clone());
                    self.merged.insert(number, capture);
                }
            }
            is_open |= step.statements.iter().any(may_make_children);
        }
        Ok(())
    }

    /// Returns what has to be read around this step, if anything.
    pub(super) fn asked<'a>(&'a self, origin: &Origin<'a>) -> Option<&'a Capture> {
        match &origin.step.inverse {
            _ if !self.wanted => None,
            Inverse::Captured(capture) => Some(self.merged.get(&origin.index).unwrap_or(capture)),
            _ => self.merged.get(&origin.index),
        }
    }

    /// Returns what part of it is read: where the step has an inverse anyway, only what is needed.
    fn read_of(
        &self,
        transaction: &mut OpenTransaction<'_>,
        origin: &Origin<'_>,
    ) -> Result<Option<Capture>, postgres::Error> {
        let Some(capture) = self.asked(origin) else { return Ok(None) };
        let table = origin.step.merged_by_children_of.as_ref();
        let Some(table) = table.filter(|_| self.merged.contains_key(&origin.index)) else {
            return Ok(Some(capture.clone()));
        };
        let id = transaction.relation(&table.path())?;
        let id: Vec<Oid> = id.into_iter().collect();
        let have_own = transaction.trusted(|client| have_own_parts(client, &id))?;
        Ok(match &origin.step.inverse {
            _ if have_own.values().any(|have_own| *have_own) => Some(capture.clone()),
            Inverse::Captured(capture) => Some(capture.clone()),
            _ => None,
        })
    }

    /// Reads the objects before the first statement of their step.
    pub(super) fn before(
        &mut self,
        transaction: &mut OpenTransaction<'_>,
        origin: Origin<'_>,
    ) -> Result<(), Failure> {
        if origin.number == 0 {
            let capture = self.read_of(transaction, &origin);
            let Some(capture) = capture.map_err(|error| Failure::capture(origin, error))? else {
                return Ok(());
            };
            let read = |client: &mut Client| {
                let mut state = State::read_only(client, &capture.objects, capture.only)?;
                if capture.must_exist {
                    state.read_references(client)?;
                }
                Ok(state)
            };
            let state = read(transaction.client());
            self.before = Some(state.map_err(|error| Failure::capture(origin, error))?);
            let named = if capture.must_exist { capture.objects.as_slice() } else { &[] };
            let absent = State::absent(transaction.client(), named);
            let absent = absent.map_err(|error| Failure::capture(origin, error))?;
            self.awaited = absent.into_iter().cloned().collect();
        }
        Ok(())
    }

    /// Returns the inverse that is known so far, assuming that the running step dropped all it captures.
    pub(super) fn if_all_is_gone(&self, origin: &Origin<'_>) -> Captured {
        let mut captured = self.captured.clone();
        if let (Some(capture), Some(before)) = (self.asked(origin), &self.before) {
            let after = State::default();
            let unrestored = unrestored(capture, before, &after);
            captured
                .insert(origin.index, inverse(capture, unrestored, before.inverse_from(&after)));
        }
        captured
    }

    /// Reads the objects again after the last statement that they are watched through.
    pub(super) fn after(
        &mut self,
        transaction: &mut OpenTransaction<'_>,
        origin: Origin<'_>,
    ) -> Result<(), Failure> {
        let Some(capture) = self.asked(&origin).cloned() else { return Ok(()) };
        let through = capture.through.unwrap_or(origin.step.statements.len());
        if origin.number + 1 == through
            && let Some(before) = self.before.take()
        {
            let absent = State::absent(transaction.client(), &self.awaited);
            let absent = absent.map_err(|error| Failure::capture(origin, error))?;
            if let Some(object) = absent.first() {
                return Err(Failure::not_there(origin, object));
            }
            let after = before
                .read_after(transaction.client(), &capture.objects)
                .map_err(|error| Failure::capture(origin, error))?;
            let client = transaction.client();
            let replaced = what_is_replaced(client, &capture, &before, &after)
                .map_err(|error| Failure::capture(origin, error))?;
            let replaced = match replaced {
                Ok(replaced) => replaced,
                Err(reason) => {
                    self.captured.insert(origin.index, CapturedInverse::Impossible { reason });
                    return Ok(());
                }
            };
            for limit in before.limits_from(&after) {
                let warning = quote_literal(&limit);
                let body =
                    quote_literal(&format!("BEGIN RAISE WARNING USING MESSAGE = {warning}; END"));
                let told = transaction.client().batch_execute(&format!("DO {body}"));
                told.map_err(|error| Failure::capture(origin, error))?;
            }
            let mut back = before.inverse_from(&after);
            let unrestored = unrestored(&capture, &before, &after).and_lost(replaced);
            if let Some(first) = back.first_mut() {
                note_code(&mut first.sql, &before.code_from(&after));
            }
            // The snapshots may take more memory than what is retained of them.
            drop((before, after));
            if !origin.step.transactional {
                back.iter_mut().for_each(|statement| concurrently(&mut statement.sql));
            }
            self.captured.insert(origin.index, inverse(&capture, unrestored, back));
        }
        Ok(())
    }
}

/// Returns references to objects that are now different ones; or why the step cannot be reverted.
fn what_is_replaced(
    client: &mut Client,
    capture: &Capture,
    before: &State,
    after: &State,
) -> Result<Result<Vec<String>, String>, postgres::Error> {
    if let Some(reason) = before.impossible_cast(client, after)? {
        return Ok(Err(reason));
    }
    if let Some(reason) = before.name_taken_in(after).or_else(|| before.replaced_in(after)) {
        return Ok(Err(reason));
    }
    if !capture.must_exist {
        return Ok(Ok(Vec::new()));
    }
    if let Some(reason) = before.name_taken_by_others(client, after)? {
        return Ok(Err(reason));
    }
    let references = before.changed_references(client)?;
    Ok(references.reason.map_or(Ok(references.replaced), Err))
}

/// Whether a table of that name may have partitions or children after this statement that it had not
/// before.
fn may_make_children(statement: &Statement) -> bool {
    let sql = statement.sql.to_lowercase();
    let mut words = Words::of(&sql);
    statement.rust.is_some()
        || ["partition", "inherit", "rename", "schema"].iter().any(|word| sql.contains(word))
        || ["do", "call", "select", "with"].iter().any(|word| words.eat(word))
}

/// Returns what the inverse of a step does not restore, where the step itself does not declare it.
fn unrestored(capture: &Capture, before: &State, after: &State) -> Unrestored {
    match before.unrestored_from(after) {
        Unrestored::Lost(mut lost) => {
            if capture.must_exist || capture.lost.is_none() {
                lost.extend(before.lost_content(after));
            }
            lost.extend(before.withheld_from(after));
            lost.extend(before.lost_unknown(after));
            Unrestored::Lost(lost)
        }
        unrestored @ Unrestored::Impossible(_) => unrestored,
    }
}

/// Returns the inverse of a step, if it restores the previous state; with a note on the data of
/// extensions, which it does not restore.
fn inverse(capture: &Capture, unrestored: Unrestored, mut back: Vec<Statement>) -> CapturedInverse {
    match unrestored {
        Unrestored::Impossible(reason) => return CapturedInverse::Impossible { reason },
        Unrestored::Lost(lost) => {
            if back.is_empty() && !lost.is_empty() {
                // There is nothing to be done, and something to be said.
                back.push(Statement { captured: true, ..Statement::new("SELECT") });
            }
            if let Some(first) = back.first_mut() {
                note_unrestored(&mut first.sql, &lost);
            }
        }
    }
    CapturedInverse::of(capture, back)
}

/// Creates an index without a lock on its table's rows, if it is created outside a transaction: an
/// author who drops one there does not intend to block writers. That of a partitioned table, which is
/// `ON ONLY` it, has no rows of its own and cannot be made so.
fn concurrently(sql: &mut String) {
    for create in ["CREATE INDEX ", "CREATE UNIQUE INDEX "] {
        if sql.starts_with(create) && !sql.contains(" ON ONLY ") {
            sql.insert_str(create.len(), "CONCURRENTLY ");
        }
    }
}
