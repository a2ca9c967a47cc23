//! Comparing files, history and log.

mod ledger;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Display;

pub(super) use ledger::recorded;
use serde::Serialize;

use super::Migrator;
use crate::connect::Session;
use crate::count::count;
use crate::error::Error;
use crate::history::{Applied, HistoryError, LogEntry, LogQuery, StoredRow};
use crate::order::{Entry, State};
use crate::plan::{Step, checksum};

/// What the files, the history and the log say of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many migrations are applied.
    pub applied: usize,
    /// What does not fit, by migration.
    pub findings: Vec<Finding>,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The migration.
    pub name: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Of a file that has changed, what was applied and what the file says now.
    #[serde(skip)]
    pub change: Option<(Vec<Step>, Vec<Step>)>,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The file says something else than what was applied.
    Changed,
    /// The file of an applied migration is missing.
    Missing,
    /// It is partially applied.
    Partial,
    /// It is pending, and older than one that is applied.
    Late,
    /// It was applied after a newer one. That was requested at the time: only a note.
    AppliedLate,
    /// The history was changed by something else than this tool.
    Tampered,
}

impl Verification {
    /// Whether there is something to be done.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.kind.is_note())
    }
}

impl FindingKind {
    /// Whether it is only to be known.
    #[must_use]
    pub fn is_note(self) -> bool {
        self == Self::AppliedLate
    }
}

impl Finding {
    fn new(
        kind: FindingKind,
        name: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let (name, message, help) = (name.to_owned(), message.into(), help.into());
        Self { kind, name, message, help, change: None }
    }
}

impl Migrator {
    /// Returns the disagreements between the files, the history and the log. Writes nothing.
    ///
    /// Gaps in the numbers prove nothing: a transaction that is rolled back takes a number,
    /// and so does a server that crashes. A row that was removed shows in the log.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn verify(&self, session: &mut Session) -> Result<Verification, Error> {
        let known = match self.read_history(session) {
            Err(Error::History(error @ HistoryError::Incomplete { .. })) => {
                // It may be this table that lacks something.
                let applied = self.on_history(session, |client| self.history.applied(client));
                let applied = applied.map_or(0, |rows| rows.len());
                return Ok(Verification { applied, findings: self.of_history(error) });
            }
            Err(Error::History(error @ HistoryError::Occupied { .. })) => {
                return Ok(Verification { applied: 0, findings: self.of_history(error) });
            }
            known => known?,
        };
        let Some(known) = known else {
            return Ok(Verification { applied: 0, findings: Vec::new() });
        };
        let (stored, log) = self.stored_and_logged(session)?;
        let mut newest = "";
        let mut newest_before = BTreeMap::new();
        for row in &known.applied {
            newest_before.insert(row.name.as_str(), newest);
            newest = newest.max(&row.name);
        }
        let mut findings = Vec::new();
        for entry in self.entries(&known) {
            findings.extend(of_entry(&entry, &newest_before, newest));
        }
        for (row, applied) in stored.iter().zip(&known.applied) {
            self.compare_stored(row, applied, &mut findings);
        }
        findings.extend(ledger::disagreements(&known.applied, &known.removed, &log));
        let (history, protected) = (self.history.table().to_string(), known.protected.as_deref());
        findings.extend(ledger::lost_protection(&history, protected, &log));
        if self.on_history(session, |client| self.history.counter_is_behind(client))? {
            findings.push(tampered(
                &known.applied.last().map(|row| row.name.clone()).unwrap_or_default(),
                "its `id` is above the counter of the history, so that a later one will collide with it",
            ));
        }
        findings.extend(self.guard_of_log(session)?);
        findings.extend(self.registered_history(session)?);
        findings.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Verification { applied: known.applied.len(), findings })
    }

    /// Adds what is wrong with the steps that a row has; to a finding that its file has changed, what.
    fn compare_stored(&self, row: &StoredRow, applied: &Applied, findings: &mut Vec<Finding>) {
        match row.up() {
            Ok(up) => {
                if checksum(&up) != applied.checksum {
                    findings.push(tampered(
                        &row.name,
                        "the SQL in `up` of its row does not match the row's checksum",
                    ));
                }
                let changed = |finding: &&mut Finding| {
                    finding.kind == FindingKind::Changed && finding.name == row.name
                };
                if let Some(finding) = findings.iter_mut().find(changed)
                    && let Some(migration) = self.plan.migration(&row.name)
                {
                    finding.change = Some((up, migration.up.clone()));
                }
            }
            Err(error) => findings.push(unreadable(&row.name, "up", &error)),
        }
        if let Err(error) = row.down() {
            findings.push(unreadable(&row.name, "down", &error));
        }
    }
}

impl Migrator {
    /// All rows of the history, and all lines of the log, the newest first.
    fn stored_and_logged(
        &self,
        session: &mut Session,
    ) -> Result<(Vec<StoredRow>, Vec<LogEntry>), Error> {
        let (stored, mut log) = self.on_history(session, |client| {
            // Refuses also if a role merely could have written it.
            self.history.trusted(client)?;
            let stored = self.history.stored(client)?;
            Ok((stored, self.history.log_entries(client, &LogQuery::default())?))
        })?;
        // What was carried over a restore is older than its place in the log.
        log.sort_by_key(|entry| Reverse(entry.id));
        Ok((stored, log))
    }

    /// Returns the finding about parts of the history that are missing.
    fn of_history(&self, error: HistoryError) -> Vec<Finding> {
        let help = error.help().unwrap_or_default();
        let name = self.history.table().to_string();
        vec![Finding::new(FindingKind::Tampered, &name, error.to_string(), help)]
    }
}

impl Migrator {
    /// Checks whether the log could have been changed unnoticed.
    fn guard_of_log(&self, session: &mut Session) -> Result<Option<Finding>, Error> {
        let remedy = self.on_history(session, |client| self.history.guard_of_log(client))?;
        let Some(remedy) = remedy else { return Ok(None) };
        let log = self.history.log_table();
        Ok(Some(Finding::new(
            FindingKind::Tampered,
            &self.history.table().to_string(),
            format!(
                "the trigger `kept`, which lets lines of `{log}` only be added, is gone, changed or disabled: \
                 its lines may have been changed or removed"
            ),
            format!("find out who did that; then:\n{remedy}"),
        )))
    }
}

/// Returns the findings by the states of the files and the history, given the newest migration that
/// was applied before each, and the newest of all.
fn of_entry(
    entry: &Entry<'_>,
    newest_before: &BTreeMap<&str, &str>,
    newest: &str,
) -> Option<Finding> {
    let name = entry.name;
    match (entry.state, entry.unfinished) {
        (State::Partial, Some(unfinished)) => Some(Finding::new(
            FindingKind::Partial,
            name,
            format!(
                "it is partially {}, after {}",
                unfinished.direction.participle(),
                count(unfinished.statements_done, "statement")
            ),
            format!("`migrate {}` resumes it", unfinished.direction),
        )),
        (State::Changed, _) => Some(Finding::new(
            FindingKind::Changed,
            name,
            "its file was modified after it was applied",
            format!(
                "put the file back and write a new migration for what is to change; if the file is \
                 as good as what was applied, `migrate accept {name} --reason \"…\"` records that"
            ),
        )),
        (State::Missing, _) => Some(Finding::new(
            FindingKind::Missing,
            name,
            "it is applied, but has no file",
            format!(
                "put the file back, or the branch that has it; if it is gone for good, \
                 `migrate mark {name} --pending` forgets it"
            ),
        )),
        (State::Pending, _) if name < newest => Some(Finding::new(
            FindingKind::Late,
            name,
            format!("it is pending, and older than `{newest}`, which is applied"),
            format!(
                "`migrate renumber {name}` gives it a newer timestamp; where it does not matter \
                 which comes first, `migrate up --allow-out-of-order` applies it as it is"
            ),
        )),
        (State::Applied, _) => {
            let newer = newest_before.get(name).filter(|newer| **newer > name)?;
            Some(Finding::new(
                FindingKind::AppliedLate,
                name,
                format!("it was applied after `{newer}`, which is newer"),
                "an empty database gets them in the order of their names: see that it comes out \
                 the same",
            ))
        }
        _ => None,
    }
}

fn tampered(name: &str, message: impl Into<String>) -> Finding {
    Finding::new(
        FindingKind::Tampered,
        name,
        message,
        format!(
            "this tool does not do that: find out who did; `migrate log --name {name}` tells what \
             was done by it"
        ),
    )
}

fn unreadable(name: &str, column: &str, error: &dyn Display) -> Finding {
    tampered(name, format!("`{column}` of its row cannot be read: {error}"))
}
