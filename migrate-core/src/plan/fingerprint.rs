//! What tells whether a plan is what a database has, without either being read as a whole.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::plan::{Checksum, Plan};

/// How many migrations there are, and a digest of their names and checksums in the order of applying.
///
/// ```
/// use migrate_core::plan::{Fingerprint, Plan};
///
/// assert_eq!(Fingerprint::of_plan(&Plan::empty()), Fingerprint::of([]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many.
    pub migrations: usize,
    /// 64 hexadecimal digits of SHA-256.
    pub digest: String,
}

impl Fingerprint {
    /// That of a plan: tells whether all of it is applied. Takes a digest of all steps.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        let checksums: Vec<_> = plan.migrations.iter().map(Checksum::checksum).collect();
        let names = plan.migrations.iter().map(|it| it.name.as_str());
        Self::of(names.zip(checksums.iter().map(String::as_str)))
    }

    /// That of migrations with these names and [checksums](Checksum::checksum).
    pub fn of<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut migrations, mut digest) = (0, Sha256::new());
        for (name, checksum) in all {
            migrations += 1;
            for part in [name, " ", checksum, "\n"] {
                digest.update(part);
            }
        }
        let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { migrations, digest }
    }
}
