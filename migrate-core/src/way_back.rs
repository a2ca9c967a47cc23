//! How a migration as a whole comes back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::capture::without_internal;
use crate::plan::{Capture, Inverse, Migration, Place, Statement, Step};

/// What was read from the catalog: the way back of steps, by their number.
pub(crate) type Captured = BTreeMap<usize, Vec<Statement>>;

/// The way back of a migration; stored with its history row, so that `down` needs no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBack {
    /// The author's `down`.
    Written(Vec<Step>),
    /// The inverses of the steps, the last one first.
    Inferred(Vec<Step>),
    /// There is none.
    None(NoWayBack),
}

/// A way back as the database keeps it: to be read by every later version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The version of the steps' JSON.
    pub(crate) format: u32,
    /// The way back.
    pub(crate) way_back: WayBack,
}

/// Marks the statements that were read from the catalog: those before them are the operation's own.
pub(crate) fn mark_captured(statements: &mut [Statement], capture: &Capture) {
    let captured = statements.iter_mut().skip(capture.first.len());
    captured.for_each(|statement| statement.captured = true);
}

/// Why a migration cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoWayBack {
    /// The reason, as a clause.
    pub reason: String,
    /// The step, or the author's word, that stands in the way.
    pub place: Place,
    /// The method at that place.
    pub verb: String,
}

impl Stored {
    /// Reads what the history keeps; what a newer version has written is not run as if it were
    /// known.
    pub(crate) fn read(text: &str) -> Result<WayBack, StoredError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        if let Ok(Head { format: found }) = serde_json::from_str(text)
            && found > migrate_dsl::FORMAT
        {
            return Err(StoredError::Format { found });
        }
        Ok(serde_json::from_str::<Self>(text)?.inverse())
    }

    /// The inverse, with what was read from the catalog told apart from what the author wrote.
    fn inverse(self) -> WayBack {
        let mut inverse = self.way_back.without_internal_options();
        if let WayBack::Inferred(steps) = &mut inverse {
            for Step { inverse, statements, .. } in steps {
                if let Inverse::Capture(capture) = inverse {
                    mark_captured(statements, capture);
                }
            }
        }
        inverse
    }
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

/// As [`WayBack::without_internal_options`], of the statements of a step.
pub(crate) fn drop_internal_options(statements: &mut Vec<Statement>) {
    statements.retain_mut(|statement| {
        let Some(sql) = without_internal(&statement.sql).map(Cow::into_owned) else { return false };
        statement.sql = sql;
        true
    });
}

impl WayBack {
    /// What takes this migration back, given what was read while it ran. A written `down` wins as a
    /// whole; else every step needs an inverse; the author's `irreversible` wins over both.
    #[must_use]
    pub(crate) fn of(migration: &Migration, captured: &Captured) -> Self {
        if let Some(irreversible) = &migration.irreversible {
            return Self::None(NoWayBack {
                reason: irreversible.reason.clone(),
                place: irreversible.place.clone(),
                verb: "irreversible".to_owned(),
            });
        }
        match &migration.down {
            Some(written) => Self::Written(written.clone()),
            None => Self::inferred(&migration.up, captured),
        }
    }

    /// Why this migration cannot be taken back, where that is known before it runs.
    #[must_use]
    pub fn none(migration: &Migration) -> Option<NoWayBack> {
        let everything = (0..migration.up.len()).map(|step| (step, Vec::new())).collect();
        match Self::of(migration, &everything) {
            Self::None(why) => Some(why),
            Self::Written(_) | Self::Inferred(_) => None,
        }
    }

    fn inferred(up: &[Step], captured: &Captured) -> Self {
        let mut steps = Vec::new();
        for (number, step) in up.iter().enumerate().rev() {
            let none = |reason: &str| {
                // Of a file of SQL, the reason is that there is no other beside it.
                let reason = match step.place.file.ends_with(".sql") {
                    true => reason.to_owned(),
                    false => format!("{reason}, and the migration has no `down`"),
                };
                Self::None(NoWayBack { reason, place: step.place.clone(), verb: step.verb.clone() })
            };
            let statements = match &step.inverse {
                Inverse::Construction { statements } | Inverse::Declaration { statements } => {
                    statements.clone()
                }
                Inverse::Capture(_) => match captured.get(&number) {
                    Some(statements) => statements.clone(),
                    None => {
                        return none(
                            "it was recorded without being run, so what was there before is not known",
                        );
                    }
                },
                Inverse::None { reason } => return none(reason),
            };
            steps.push(Step {
                summary: format!("take back: {}", step.summary),
                statements,
                destroys: false,
                idempotent: false,
                done_when: None,
                hints: Vec::new(),
                ..step.clone()
            });
        }
        Self::Inferred(steps)
    }

    /// Without options of columns that only the server sets and that earlier versions captured.
    pub(crate) fn without_internal_options(mut self) -> Self {
        if let Self::Inferred(steps) = &mut self {
            steps.iter_mut().for_each(|step| drop_internal_options(&mut step.statements));
        }
        self
    }

    /// The steps to run, or why there are none.
    ///
    /// # Errors
    ///
    /// When there is no way back.
    pub fn steps(&self) -> Result<&[Step], &NoWayBack> {
        match self {
            Self::Written(steps) | Self::Inferred(steps) => Ok(steps),
            Self::None(why) => Err(why),
        }
    }
}
