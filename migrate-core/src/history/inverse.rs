//! How a migration as a whole is reverted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::capture::without_internal;
use crate::plan::{Capture, Checksum as _, Inverse, Migration, Object, Place, Statement, Step};

/// What was read from the catalog: the inverses of steps, by their number.
pub(crate) type Captured = BTreeMap<usize, CapturedInverse>;

/// The inverse of a step, as read from the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum CapturedInverse {
    /// The statements that the step itself knows of, and those read from the catalog.
    Statements(Vec<Statement>),
    /// The catalog shows that the step cannot be reverted.
    Impossible {
        /// Why, as a clause.
        reason: String,
    },
}

impl CapturedInverse {
    /// Returns the inverse of a step that captures this, with the statements read from the catalog.
    pub(crate) fn of(capture: &Capture, read: Vec<Statement>) -> Self {
        let read = read.into_iter().map(|statement| Statement { captured: true, ..statement });
        Self::Statements(capture.first.iter().cloned().chain(read).collect())
    }

    /// The statements that were read from the catalog. Older versions did not mark them: there
    /// they follow the `first` ones of the step.
    fn from_catalog(statements: &[Statement], first: usize) -> Vec<Statement> {
        let skipped = match statements.iter().any(|statement| statement.captured) {
            true => statements.iter().take_while(|statement| !statement.captured).count(),
            false => first,
        };
        let read = statements.iter().skip(skipped).cloned();
        read.map(|statement| Statement { captured: true, ..statement }).collect()
    }

    /// Removes options of columns that only the server sets and that earlier versions captured.
    pub(crate) fn drop_internal_options(&mut self) {
        if let Self::Statements(statements) = self {
            drop_internal_options(statements);
        }
    }

    /// The inverse of a step that captures this, given what the step says now.
    ///
    /// # Errors
    ///
    /// The reason why there is none.
    pub(crate) fn statements(&self, capture: &Capture) -> Result<Vec<Statement>, &str> {
        match self {
            Self::Impossible { reason } => Err(reason),
            Self::Statements(statements) => {
                let read = Self::from_catalog(statements, capture.first.len());
                Ok(capture.first.iter().cloned().chain(read).collect())
            }
        }
    }
}

/// The inverse of a migration; stored with its history row, so that `down` needs no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredInverse {
    /// The author's `down`.
    #[serde(rename = "written")]
    Explicit(Vec<Step>),
    /// The inverses of the steps, the last one first.
    Inferred(Vec<Step>),
    /// There is none.
    #[serde(rename = "none")]
    Irreversible(IrreversibleReason),
}

/// An inverse as the database keeps it: to be read by every later version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The version of the steps' JSON.
    pub(crate) format: u32,
    /// The inverse.
    #[serde(rename = "way_back")]
    pub(crate) inverse: StoredInverse,
    /// The checksum of the `up` that it reverts; older versions did not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<String>,
    /// What was read from the catalog, where the inverse itself has no place for it.
    #[serde(default, skip_serializing_if = "Captured::is_empty")]
    pub(crate) captured: Captured,
}

/// What was read from the catalog when a migration was applied.
pub(crate) struct StoredCapture {
    captured: Captured,
    /// The objects of which it was read, by the number of the step, where that is known.
    objects: BTreeMap<usize, Vec<Object>>,
    /// Why it was not read of other steps.
    unread: &'static str,
}

/// How the summary of a step begins that takes another back.
pub(crate) const BACK: &str = "revert: ";

/// How it began in versions before 0.2.
const BACK_BEFORE: &str = "take back: ";

/// Why nothing was captured of a migration that is recorded.
const NOT_RUN: &str = "it was recorded without being run, so what was there before is not known";
/// The same, of one that had a `down` at that time.
const HAD_DOWN: &str = "it had a `down` when it was applied, so what was there before was not read";

impl Stored {
    /// Reads what the history keeps; what a newer version has written is not run as if it were
    /// known.
    pub(crate) fn read(text: &str) -> Result<Self, StoredError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        if let Ok(Head { format: found }) = serde_json::from_str(text)
            && found > migrate_dsl::FORMAT
        {
            return Err(StoredError::Format { found });
        }
        let mut stored: Self = serde_json::from_str(text)?;
        stored.captured.values_mut().for_each(CapturedInverse::drop_internal_options);
        if let StoredInverse::Inferred(steps) = &mut stored.inverse {
            for step in steps {
                drop_internal_options(&mut step.statements);
                if let Some(summary) = step.summary.strip_prefix(BACK_BEFORE) {
                    step.summary = format!("{BACK}{summary}");
                }
            }
        }
        Ok(stored)
    }

    pub(crate) fn new(migration: &Migration, inverse: StoredInverse, captured: &Captured) -> Self {
        let captured = match inverse {
            StoredInverse::Irreversible(_) => captured.clone(),
            StoredInverse::Explicit(_) | StoredInverse::Inferred(_) => Captured::new(),
        };
        let (format, checksum) = (migrate_dsl::FORMAT, Some(migration.checksum()));
        Self { format, inverse, checksum, captured }
    }

    /// Returns what was read from the catalog; none if it belongs to another `up`.
    pub(crate) fn captured_of(self, migration: &Migration) -> Option<StoredCapture> {
        if self.checksum.as_ref().is_some_and(|checksum| *checksum != migration.checksum()) {
            return None;
        }
        let mut stored =
            StoredCapture { captured: self.captured, objects: BTreeMap::new(), unread: NOT_RUN };
        match self.inverse {
            StoredInverse::Irreversible(_) => {}
            StoredInverse::Explicit(_) => stored.unread = HAD_DOWN,
            StoredInverse::Inferred(steps) => {
                let is_same = |(step, now): (&Step, &Step)| step.verb == now.verb;
                if steps.len() != migration.up.len()
                    || !steps.iter().rev().zip(&migration.up).all(is_same)
                {
                    return None;
                }
                for (number, step) in steps.into_iter().rev().enumerate() {
                    let Inverse::Captured(capture) = step.inverse else { continue };
                    let read = CapturedInverse::from_catalog(&step.statements, capture.first.len());
                    stored.captured.insert(number, CapturedInverse::Statements(read));
                    stored.objects.insert(number, capture.objects);
                }
            }
        }
        Some(stored)
    }

    /// Returns the inverse, with the captured statements distinguished from those that the author wrote.
    pub(crate) fn inverse(self) -> StoredInverse {
        let mut inverse = self.inverse;
        if let StoredInverse::Inferred(steps) = &mut inverse {
            for Step { inverse, statements, .. } in steps {
                let Inverse::Captured(capture) = inverse else { continue };
                if !statements.iter().any(|statement| statement.captured) {
                    let captured = statements.iter_mut().skip(capture.first.len());
                    captured.for_each(|statement| statement.captured = true);
                }
            }
        }
        inverse
    }
}

/// Why a migration cannot be reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IrreversibleReason {
    /// The reason, as a clause.
    pub reason: String,
    /// The step, or the author's word, that stands in the way.
    pub place: Place,
    /// The method at that place.
    pub verb: String,
}

/// Why a stored inverse cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StoredError {
    /// Another version has written it.
    #[error("its inverse has format {found}; this version reads up to {}", migrate_dsl::FORMAT)]
    Format {
        /// Its format.
        found: u32,
    },
    /// It is not what any version has written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Removes options of columns that only the server sets and that earlier versions captured.
fn drop_internal_options(statements: &mut Vec<Statement>) {
    statements.retain_mut(|statement| {
        let Some(sql) = without_internal(&statement.sql).map(Cow::into_owned) else { return false };
        statement.sql = sql;
        true
    });
}

impl StoredInverse {
    /// The same for a migration that is applied, given what was read at that time. An object that
    /// the file names only now was not read.
    pub(crate) fn of_applied(migration: &Migration, mut stored: StoredCapture) -> Self {
        for (number, step) in migration.up.iter().enumerate() {
            let Inverse::Captured(capture) = &step.inverse else { continue };
            let Some(read) = stored.objects.get(&number).filter(|_| capture.must_exist) else {
                continue;
            };
            if let Some(object) = capture.objects.iter().find(|object| !read.contains(object)) {
                let reason = format!(
                    "{object} was not captured when it was applied, so what it was like before is \
                     not known"
                );
                stored.captured.insert(number, CapturedInverse::Impossible { reason });
            }
        }
        Self::with(migration, &stored.captured, stored.unread)
    }

    /// Returns what reverts this migration, given what was read while it ran. A written `down` wins as a
    /// whole; else every step needs an inverse; the author's `irreversible` wins over both.
    #[must_use]
    pub(crate) fn of(migration: &Migration, captured: &Captured) -> Self {
        Self::with(migration, captured, NOT_RUN)
    }

    fn with(migration: &Migration, captured: &Captured, unread: &str) -> Self {
        if let Some(irreversible) = &migration.irreversible {
            return Self::Irreversible(IrreversibleReason {
                reason: irreversible.reason.clone(),
                place: irreversible.place.clone(),
                verb: "irreversible".to_owned(),
            });
        }
        match &migration.down {
            Some(written) => Self::Explicit(written.clone()),
            None => Self::inferred(&migration.up, captured, unread),
        }
    }

    /// Why this migration cannot be reverted, where that is known before it runs.
    #[must_use]
    pub fn irreversible(migration: &Migration) -> Option<IrreversibleReason> {
        let nothing = || CapturedInverse::Statements(Vec::new());
        let captures = |step: &Step| matches!(step.inverse, Inverse::Captured(_));
        let steps = migration.up.iter().enumerate().filter(|(_, step)| captures(step));
        let everything = steps.map(|(number, _)| (number, nothing())).collect();
        match Self::of(migration, &everything) {
            Self::Irreversible(why) => Some(why),
            Self::Explicit(_) | Self::Inferred(_) => None,
        }
    }

    fn inferred(up: &[Step], captured: &Captured, unread: &str) -> Self {
        let mut steps = Vec::new();
        for (number, step) in up.iter().enumerate().rev() {
            let none = |reason: &str| {
                // Of a file of SQL, the reason is that there is no other beside it.
                let reason = match step.place.file.ends_with(".sql") {
                    true => reason.to_owned(),
                    false => format!("{reason}, and the migration has no `down`"),
                };
                Self::Irreversible(IrreversibleReason {
                    reason,
                    place: step.place.clone(),
                    verb: step.verb.clone(),
                })
            };
            let mut inverse = Cow::Borrowed(&step.inverse);
            let statements = match &step.inverse {
                Inverse::Derived { statements } => match captured.get(&number) {
                    None => statements.clone(),
                    // Its children had something of their own.
                    Some(read) => {
                        let objects = step.merged_by_children_of.iter().cloned().collect();
                        let capture = Capture { objects, ..Capture::default() };
                        let statements = match read.statements(&capture) {
                            Ok(statements) => statements,
                            Err(reason) => return none(reason),
                        };
                        inverse = Cow::Owned(Inverse::Captured(capture));
                        statements
                    }
                },
                Inverse::Declared { statements } => statements.clone(),
                Inverse::Captured(capture) => {
                    let captured = captured.get(&number).map(|read| read.statements(capture));
                    match captured.unwrap_or(Err(unread)) {
                        Ok(statements) => statements,
                        Err(reason) => return none(reason),
                    }
                }
                Inverse::None { reason } => return none(reason),
            };
            steps.push(Step {
                summary: format!("{BACK}{}", step.summary),
                statements,
                inverse: inverse.into_owned(),
                destroys: false,
                idempotent: false,
                done_when: None,
                hints: Vec::new(),
                ..step.clone()
            });
        }
        Self::Inferred(steps)
    }

    /// The steps to run, or why there are none.
    ///
    /// # Errors
    ///
    /// When there is no inverse.
    pub fn steps(&self) -> Result<&[Step], &IrreversibleReason> {
        match self {
            Self::Explicit(steps) | Self::Inferred(steps) => Ok(steps),
            Self::Irreversible(why) => Err(why),
        }
    }
}
