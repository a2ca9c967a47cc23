//! A plan to be carried to where it is applied: one file, with a digest of what it says.
//!
//! The digest is SHA-256 over the plan's JSON without blanks between its parts. It tells a file
//! that was cut or changed on the way; against somebody who means it, and computes it anew, it
//! helps where it is compared with the digest that `migrate bundle` printed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::plan::{PlanError, PlanFile};

/// The version of a bundle's JSON.
const FORMAT: u32 = 1;

/// A plan, with what tells whether it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The plan, and the history that it is for.
    pub plan: PlanFile,
    /// 64 hexadecimal digits.
    pub digest: String,
    /// The commit that it was made of.
    pub git_commit: Option<String>,
    /// The version of the tool that made it.
    pub tool_version: String,
}

/// A file that holds a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The plan itself, as `migrate plan --json` prints it.
    Plan(PlanFile),
    /// A bundle, unharmed.
    Bundle(Bundle),
}

/// Why a file holds no plan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It ends too early.
    #[error("it ends in the middle: it was cut")]
    Cut(#[source] serde_json::Error),
    /// A bundle whose plan is not the one that it was made with.
    #[error("its plan is not the one that it was made with: it was changed after that")]
    Changed {
        /// The digest of the plan that it was made with.
        made: String,
        /// The digest of the plan that it has.
        found: String,
    },
    /// A bundle of another version.
    #[error("the bundle has format {found}; this version reads format {FORMAT}")]
    Format {
        /// The bundle's format.
        found: u32,
    },
    /// It is no plan, and no bundle.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    bundle: u32,
    digest: String,
    #[serde(default)]
    git_commit: Option<String>,
    #[serde(default)]
    tool_version: String,
    plan: Value,
}

impl Bundle {
    /// A bundle of a plan.
    ///
    /// # Errors
    ///
    /// When the plan cannot be written as JSON, which does not happen.
    pub fn of(
        plan: PlanFile,
        git_commit: Option<String>,
        tool_version: &str,
    ) -> Result<Self, serde_json::Error> {
        let digest = digest(&serde_json::to_value(&plan)?);
        Ok(Self { plan, digest, git_commit, tool_version: tool_version.to_owned() })
    }

    /// The text of the file.
    ///
    /// # Errors
    ///
    /// When the plan cannot be written as JSON, which does not happen.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let sealed = Sealed {
            bundle: FORMAT,
            digest: format!("sha256:{}", self.digest),
            git_commit: self.git_commit.clone(),
            tool_version: self.tool_version.clone(),
            plan: serde_json::to_value(&self.plan)?,
        };
        serde_json::to_string(&sealed)
    }
}

impl Carried {
    /// Reads a plan or a bundle.
    ///
    /// # Errors
    ///
    /// When the text is neither, was cut or changed, or is of a version that is not known here.
    pub fn from_json(text: &str) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            bundle: Option<u32>,
        }
        let head: Result<Head, _> = serde_json::from_str(text);
        match head {
            Err(error) if error.is_eof() && !text.trim().is_empty() => Err(BundleError::Cut(error)),
            Ok(Head { bundle: Some(FORMAT) }) => unseal(text).map(Self::Bundle),
            Ok(Head { bundle: Some(found) }) => Err(BundleError::Format { found }),
            Ok(Head { bundle: None }) | Err(_) => Ok(Self::Plan(PlanFile::from_json(text)?)),
        }
    }

    /// The plan.
    #[must_use]
    pub fn into_plan(self) -> PlanFile {
        match self {
            Self::Plan(plan) => plan,
            Self::Bundle(bundle) => bundle.plan,
        }
    }
}

fn unseal(text: &str) -> Result<Bundle, BundleError> {
    let sealed: Sealed = serde_json::from_str(text).map_err(PlanError::from)?;
    let found = digest(&sealed.plan);
    let made = sealed.digest.trim_start_matches("sha256:").to_owned();
    if found != made {
        return Err(BundleError::Changed { made, found });
    }
    Ok(Bundle {
        plan: PlanFile::from_json(&sealed.plan.to_string())?,
        digest: made,
        git_commit: sealed.git_commit,
        tool_version: sealed.tool_version,
    })
}

fn digest(plan: &Value) -> String {
    let digest = Sha256::digest(plan.to_string());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{HistoryName, Plan};

    fn bundle() -> Bundle {
        let history = HistoryName { schema: "ops".to_owned(), table: "changes".to_owned() };
        let plan = PlanFile { plan: Plan::empty(), history: Some(history) };
        Bundle::of(plan, Some("abc".to_owned()), "0.1.0").unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let text = bundle().to_json().unwrap();
        assert_eq!(Carried::from_json(&text).unwrap(), Carried::Bundle(bundle()));
        // Blanks between its parts are of no meaning.
        let value: Value = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        assert_eq!(Carried::from_json(&pretty).unwrap(), Carried::Bundle(bundle()));
        let plain = serde_json::to_string(&bundle().plan).unwrap();
        assert_eq!(Carried::from_json(&plain).unwrap(), Carried::Plan(bundle().plan));
    }

    #[test]
    fn what_was_cut_or_changed_is_refused() {
        let text = bundle().to_json().unwrap();
        for end in 1..text.len() {
            assert!(Carried::from_json(&text[..end]).is_err(), "{end}");
        }
        let refused = |text: &str| Carried::from_json(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused(&text[..text.len() - 9]), @"it ends in the middle: it was cut");
        insta::assert_snapshot!(refused(&text.replace("changes", "others")), @"its plan is not the one that it was made with: it was changed after that");
        insta::assert_snapshot!(refused(&text.replace("\"bundle\":1", "\"bundle\":2")), @"the bundle has format 2; this version reads format 1");
        insta::assert_snapshot!(refused("{}"), @"the plan cannot be read");
        insta::assert_snapshot!(refused(""), @"the plan cannot be read");
    }
}
