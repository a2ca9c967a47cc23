//! A plan to be carried to where it is applied: one file, with a digest of its contents.
//!
//! The digest is SHA-256 over the plan's JSON without whitespace between its parts. It detects a file
//! that was truncated or changed in transit; against an attacker, who would recompute it, it
//! helps where it is compared with the digest that `migrate bundle` printed.
//!
//! The fingerprint that shows whether all of the plan is applied precedes its migrations, so that
//! those are read only if one is pending.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::plan::{Fingerprint, HistoryName, Migration, PlanError, PlanFile};

/// The version of a bundle's JSON.
const FORMAT: u32 = 1;

/// A plan, with what tells whether it is still the same.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// 64 hexadecimal digits.
    pub digest: String,
    /// The commit that it was made of.
    pub git_commit: Option<String>,
    /// The version of the tool that made it.
    pub tool_version: String,
    /// The history that the plan is for.
    pub history: Option<HistoryName>,
    /// What tells whether all of the plan is applied.
    pub fingerprint: Fingerprint,
    text: String,
    /// Where the plan is in the text.
    plan: Range<usize>,
}

/// A file that holds a plan.
#[derive(Debug, Clone)]
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
    #[error("it is truncated")]
    Cut(#[source] serde_json::Error),
    /// A bundle whose plan is not the one that it was made with.
    #[error("its plan does not match its digest: it was modified after the bundle was created")]
    Changed {
        /// The digest of the plan that it was made with.
        made: String,
        /// The digest of the plan that it has.
        found: String,
    },
    /// Something stands behind it.
    #[error("there is text after the end of the bundle")]
    Trailing(#[source] serde_json::Error),
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

/// A bundle, but for its plan.
#[derive(Serialize, Deserialize)]
struct Head {
    bundle: u32,
    digest: String,
    #[serde(default)]
    git_commit: Option<String>,
    #[serde(default)]
    tool_version: String,
}

/// A plan, but for its migrations.
#[derive(Serialize, Deserialize)]
struct PlanHead {
    format: u32,
    generator: String,
    hash: String,
    history: Option<HistoryName>,
    fingerprint: Fingerprint,
}

/// What stands before the plan, and before its migrations. Within a string, its quotes would be escaped.
const PLAN: &str = ",\"plan\":";
const MIGRATIONS: &str = ",\"migrations\":";

impl Bundle {
    /// A bundle of a plan.
    ///
    /// # Errors
    ///
    /// When the plan cannot be written as JSON, which does not happen.
    pub fn of(
        file: &PlanFile,
        git_commit: Option<String>,
        tool_version: &str,
    ) -> Result<Self, serde_json::Error> {
        let PlanFile { plan, history } = file;
        let head = PlanHead {
            format: plan.format,
            generator: plan.generator.clone(),
            hash: plan.hash.clone(),
            history: history.clone(),
            fingerprint: Fingerprint::of_plan(plan),
        };
        let migrations: &[Migration] = &plan.migrations;
        let plan = with(&head, MIGRATIONS, &serde_json::to_string(migrations)?)?;
        let digest = digest(&plan);
        let tool_version = tool_version.to_owned();
        let seal = Head {
            bundle: FORMAT,
            digest: format!("sha256:{digest}"),
            git_commit: git_commit.clone(),
            tool_version: tool_version.clone(),
        };
        let text = with(&seal, PLAN, &plan)?;
        let end = text.len() - 1;
        let PlanHead { history, fingerprint, .. } = head;
        let plan = end - plan.len()..end;
        Ok(Self { digest, git_commit, tool_version, history, fingerprint, text, plan })
    }

    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> &str {
        &self.text
    }

    /// The plan, and the history that it is for.
    ///
    /// # Errors
    ///
    /// As [`PlanFile::from_json`].
    pub fn plan(&self) -> Result<PlanFile, PlanError> {
        PlanFile::from_json(&self.text[self.plan.clone()])
    }

    /// The bundle in a text that is, byte for byte, one that [`of`](Self::of) made.
    fn untouched(text: String) -> Result<Self, String> {
        match Self::untouched_parts(&text) {
            Some(bundle) => Ok(Self { text, ..bundle }),
            None => Err(text),
        }
    }

    /// The same, but for the text itself.
    fn untouched_parts(text: &str) -> Option<Self> {
        let start = text.find(PLAN)? + PLAN.len();
        let end = text.trim_end().strip_suffix('}')?.len();
        let seal = before::<Head>(text, PLAN)?;
        let plan = text.get(start..end)?;
        let PlanHead { format, history, fingerprint, .. } = before(plan, MIGRATIONS)?;
        let digest = seal.digest.strip_prefix("sha256:")?.to_owned();
        let is_known = seal.bundle == FORMAT && format == migrate_dsl::FORMAT;
        (is_known && self::digest(plan) == digest).then(|| Self {
            digest,
            git_commit: seal.git_commit,
            tool_version: seal.tool_version,
            history,
            fingerprint,
            text: String::new(),
            plan: start..end,
        })
    }

    /// The bundle in any other text.
    fn written_otherwise(text: &str) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Whole {
            #[serde(flatten)]
            head: Head,
            plan: Value,
        }
        let Whole { head, plan } = serde_json::from_str(text).map_err(PlanError::from)?;
        let plan = plan.to_string();
        let found = digest(&plan);
        let made = head.digest.trim_start_matches("sha256:").to_owned();
        if found != made {
            return Err(BundleError::Changed { made, found });
        }
        let PlanFile { plan: read, history } = PlanFile::from_json(&plan)?;
        Ok(Self {
            digest: made,
            git_commit: head.git_commit,
            tool_version: head.tool_version,
            history,
            fingerprint: Fingerprint::of_plan(&read),
            plan: 0..plan.len(),
            text: plan,
        })
    }
}

impl Carried {
    /// Reads a plan or a bundle.
    ///
    /// # Errors
    ///
    /// When the text is neither, was cut or changed, or is of a version that is not known here.
    pub fn from_json(text: String) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Format {
            bundle: Option<u32>,
        }
        impl Format {
            /// Whether there is a whole bundle, whatever comes after it.
            fn begins(text: &str) -> bool {
                let mut values = serde_json::Deserializer::from_str(text).into_iter::<Self>();
                values.next().is_some_and(|first| first.is_ok_and(|first| first.bundle.is_some()))
            }
        }
        let text = match Bundle::untouched(text) {
            Ok(bundle) => return Ok(Self::Bundle(bundle)),
            Err(text) => text,
        };
        let format: Result<Format, _> = serde_json::from_str(&text);
        match format {
            Err(error) if error.is_eof() && !text.trim().is_empty() => Err(BundleError::Cut(error)),
            Err(error) if Format::begins(&text) => Err(BundleError::Trailing(error)),
            Ok(Format { bundle: Some(FORMAT) }) => {
                Bundle::written_otherwise(&text).map(Self::Bundle)
            }
            Ok(Format { bundle: Some(found) }) => Err(BundleError::Format { found }),
            Ok(Format { bundle: None }) | Err(_) => Ok(Self::Plan(PlanFile::from_json(&text)?)),
        }
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// As [`PlanFile::from_json`].
    pub fn into_plan(self) -> Result<PlanFile, PlanError> {
        match self {
            Self::Plan(plan) => Ok(plan),
            Self::Bundle(bundle) => bundle.plan(),
        }
    }
}

/// The JSON of `head`, with one more member at its end.
fn with(head: &impl Serialize, member: &str, value: &str) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(head)?;
    text.pop();
    Ok(text + member + value + "}")
}

/// Returns what precedes a member, as an object of its own.
fn before<T: DeserializeOwned>(text: &str, member: &str) -> Option<T> {
    let head = &text[..text.find(member)?];
    serde_json::from_str(&format!("{head}}}")).ok()
}

fn digest(plan: &str) -> String {
    Sha256::digest(plan).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn file() -> PlanFile {
        // Names that look like what is searched for.
        let history = HistoryName { schema: PLAN.to_owned(), table: MIGRATIONS.to_owned() };
        let migration = Migration {
            name: "20260101000000_a".to_owned(),
            file: "src/20260101000000_a.rs".to_owned(),
            source_digest: String::new(),
            irreversible: None,
            up: Vec::new(),
            down: None,
            files: Vec::new(),
            problems: Vec::new(),
        };
        let plan = Plan { migrations: vec![migration], ..Plan::empty() };
        PlanFile { plan, history: Some(history) }
    }

    fn bundle() -> Bundle {
        Bundle::of(&file(), Some(PLAN.to_owned()), "0.1.0").unwrap()
    }

    fn read(text: &str) -> Bundle {
        match Carried::from_json(text.to_owned()).unwrap() {
            Carried::Bundle(bundle) => bundle,
            Carried::Plan(_) => panic!("it is a bundle"),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let text = bundle().to_json().to_owned();
        // Blanks between its parts are of no meaning.
        let value: Value = serde_json::from_str(&text).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for text in [text.clone(), text + "\n", pretty] {
            let read = read(&text);
            assert_eq!(read.plan().unwrap(), file());
            assert_eq!(read.history, file().history);
            assert_eq!(read.fingerprint, Fingerprint::of_plan(&file().plan));
            assert_eq!((read.digest, read.git_commit), (bundle().digest, bundle().git_commit));
        }
        let plain = serde_json::to_string(&file()).unwrap();
        assert_eq!(Carried::from_json(plain).unwrap().into_plan().unwrap(), file());
    }

    #[test]
    fn a_bundle_as_it_is_made_is_read_without_its_migrations() {
        let text = bundle().to_json().to_owned();
        assert!(Bundle::untouched(text.clone()).is_ok());
        assert!(Bundle::untouched(text.replace(":1", ": 1")).is_err());
    }

    #[test]
    fn a_bundle_without_a_fingerprint_is_one() {
        let plan = serde_json::to_string(&file()).unwrap();
        let digest = digest(&plan);
        let text = format!(r#"{{"bundle":1,"digest":"sha256:{digest}","plan":{plan}}}"#);
        let read = read(&text);
        assert_eq!(read.plan().unwrap(), file());
        assert_eq!(read.fingerprint, Fingerprint::of_plan(&file().plan));
    }

    #[test]
    fn what_was_cut_or_changed_is_refused() {
        let text = bundle().to_json().to_owned();
        for end in 1..text.len() {
            assert!(Carried::from_json(text[..end].to_owned()).is_err(), "{end}");
        }
        let refused = |text: &str| Carried::from_json(text.to_owned()).unwrap_err().to_string();
        insta::assert_snapshot!(refused(&text[..text.len() - 9]), @"it is truncated");
        insta::assert_snapshot!(refused(&text.replace("_a", "_b")), @"its plan does not match its digest: it was modified after the bundle was created");
        insta::assert_snapshot!(refused(&text.replace("\"bundle\":1", "\"bundle\":2")), @"the bundle has format 2; this version reads format 1");
        insta::assert_snapshot!(refused("{}"), @"the plan cannot be read");
        insta::assert_snapshot!(refused(""), @"the plan cannot be read");
    }
}
