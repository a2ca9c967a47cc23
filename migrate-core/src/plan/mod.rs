//! The plan, read: what the migrations of a crate ask for. Its types are the language's.

pub mod bundle;
mod check;
mod file;
mod fingerprint;
pub(crate) mod versions;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use file::{HistoryName, PlanFile};
pub use fingerprint::Fingerprint;
pub use migrate_dsl::Function;
pub use migrate_dsl::plan::{
    Capture, Inverse, Irreversible, Migration, Object, Only, Place, Plan, Problem, Requirement,
    Secret, Statement, Step,
};

/// Why a text is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// It is not the JSON of a plan.
    #[error("the plan cannot be read")]
    Malformed(#[from] serde_json::Error),
    /// A migration's name is none.
    #[error("`{name}` is not a name of a migration")]
    Name {
        /// The name, escaped.
        name: String,
    },
    /// It was made by another version.
    #[error("the plan has format {found}; this version reads format {}", migrate_dsl::FORMAT)]
    Format {
        /// The plan's format.
        found: u32,
    },
}

/// Reads a plan.
///
/// # Errors
///
/// When the text is not the JSON of a plan, or of a format that this version does not know.
pub fn from_json(text: &str) -> Result<Plan, PlanError> {
    let mut plan = parse(text, |plan: &Plan| plan.format)?;
    check::nothing_is_captured(&mut plan);
    Ok(plan)
}

/// Reads the JSON of this format; one of another may look different in any way.
fn parse<T: DeserializeOwned>(text: &str, format: impl Fn(&T) -> u32) -> Result<T, PlanError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let parsed = serde_json::from_str(text);
    let found = match &parsed {
        Ok(parsed) => Some(format(parsed)),
        Err(_) => serde_json::from_str(text).ok().map(|head: Head| head.format),
    };
    match found {
        Some(found) if found != migrate_dsl::FORMAT => Err(PlanError::Format { found }),
        _ => Ok(parsed?),
    }
}

/// What tells whether a migration is what was applied.
pub trait Checksum {
    /// The digest of what the migration does on its way up, whatever its source looks like: 64
    /// hexadecimal digits of SHA-256 over its statements. The inverse is no part of it: fixing
    /// a `down` changes nothing of what was applied.
    #[must_use]
    fn checksum(&self) -> String;
}

impl Checksum for Migration {
    fn checksum(&self) -> String {
        checksum(&self.up)
    }
}

/// The digest of what steps do: 64 hexadecimal digits of SHA-256 over their statements.
pub(crate) fn checksum(steps: &[Step]) -> String {
    checksum_of_first(steps, usize::MAX)
}

/// The digest of the first `count` statements of steps.
pub(crate) fn checksum_of_first(steps: &[Step], count: usize) -> String {
    let statements = steps
        .iter()
        .flat_map(|step| step.statements.iter().map(move |statement| (step, statement)));
    let mut hash = Sha256::new();
    for (step, statement) in statements.take(count) {
        hash.update([u8::from(step.transactional)]);
        hash.update((statement.sql.len() as u64).to_be_bytes());
        hash.update(&statement.sql);
        if let Some(input) = &statement.input {
            hash.update((input.len() as u64).to_be_bytes());
            hash.update(input);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_format_is_refused() {
        let error = from_json(r#"{"format":99,"whatever":1}"#).unwrap_err();
        assert_eq!(error.to_string(), "the plan has format 99; this version reads format 1");
        assert!(matches!(from_json("{"), Err(PlanError::Malformed(_))));
    }
}
