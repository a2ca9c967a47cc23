//! The plan: what the migrations ask for, as data.
//!
//! Everything downstream (applying, printing, checking) reads the plan and nothing else. Its JSON
//! carries [`FORMAT`]; the engine refuses one that it does not know. With the feature `serde`, which only
//! an engine turns on, the types are read and written by serde as well.

mod record;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Function, Identifier};
pub use crate::{Only, Place, Requirement, Secret};

/// The version of the plan's JSON.
pub const FORMAT: u32 = 1;

/// The plan of a migrations crate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plan {
    /// The version of this JSON.
    pub format: u32,
    /// The version of `migrate-dsl` that made it.
    pub generator: String,
    /// What the build was given to tell this plan from an older one.
    pub hash: String,
    /// The migrations, in the order of their timestamps.
    pub migrations: Vec<Migration>,
}

/// A migration, both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Migration {
    /// Timestamp and words.
    pub name: String,
    /// The file, relative to the migrations crate.
    pub file: String,
    /// Tells one source text from another; line endings and trailing blanks aside.
    pub source_digest: String,
    /// Why the author says that it must not be reverted.
    pub irreversible: Option<Irreversible>,
    /// What it does.
    pub up: Vec<Step>,
    /// What the written `down` does; none where the inverse is inferred.
    pub down: Option<Vec<Step>>,
    /// Files besides the Rust sources that were read to record it, relative to the crate.
    pub files: Vec<String>,
    /// Why it cannot be applied as it is written.
    pub problems: Vec<Problem>,
}

/// The author's word that there is no inverse.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Irreversible {
    /// Why.
    pub reason: String,
    /// Where it says so.
    pub place: Place,
}

/// One operation of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// The method of `pgm` that recorded it.
    pub verb: String,
    /// What it does, for a person.
    pub summary: String,
    /// Where the migration asks for it.
    pub place: Place,
    /// Whether it may run in the migration's transaction.
    pub transactional: bool,
    /// What it does, in order.
    pub statements: Vec<Statement>,
    /// How it is reverted.
    pub inverse: Inverse,
    /// The table whose partitions and children may have of their own what the step adds to it: where
    /// they have, the inverse is read from the catalog.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub merged_by_children_of: Option<Object>,
    /// Whether rows or values are lost with it for good.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub destroys: bool,
    /// Whether doing it twice is as good as once.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub idempotent: bool,
    /// A query whose first column is true once it was done.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub done_when: Option<String>,
    /// What the author may have meant otherwise.
    pub hints: Vec<String>,
}

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Statement {
    /// The text, without a closing semicolon.
    pub sql: String,
    /// Of raw SQL, the line of the given text on which it starts, from 0.
    pub line: usize,
    /// The major version of the server from which on this form is meant; 0 for any.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub since: u32,
    /// The major version of the server from which on another form is meant; 0 for never.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub until: u32,
    /// What of it older servers do not know.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub requires: Vec<Requirement>,
    /// What takes the place of psql's placeholders `:'NAME'` just before it is sent.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub secrets: Vec<Secret>,
    /// What is sent after a `COPY … FROM STDIN`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub input: Option<String>,
    /// The file that the input is of, relative to the migrations crate.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub input_file: Option<String>,
    /// What it does, for a person: of code that is not to be read for that.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub summary: Option<String>,
    /// The Rust function that runs in place of the text, which only tells of it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub rust: Option<Function>,
    /// Whether it was read from the catalog: what it names is qualified, and nothing in it is the
    /// author's. No plan says so: only what the history keeps is of the catalog.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub captured: bool,
}

#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(version: &u32) -> bool {
    *version == 0
}

impl Step {
    /// Whether its author says what is to be done when a runner did not see its end.
    #[must_use]
    pub fn says_what_after_crash(&self) -> bool {
        self.idempotent || self.done_when.is_some()
    }
}

impl Statement {
    /// A statement for any server.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            line: 0,
            since: 0,
            until: 0,
            requires: Vec::new(),
            secrets: Vec::new(),
            input: None,
            rust: None,
            input_file: None,
            summary: None,
            captured: false,
        }
    }

    /// Whether this form is meant for a server of this major version.
    #[must_use]
    pub fn is_for(&self, major: u32) -> bool {
        self.since <= major && (self.until == 0 || major < self.until)
    }
}

/// How a step is reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "snake_case"))]
pub enum Inverse {
    /// Follows from the operation.
    #[cfg_attr(feature = "serde", serde(rename = "construction"))]
    Derived {
        /// The SQL.
        statements: Vec<Statement>,
    },
    /// Given by the author.
    #[cfg_attr(feature = "serde", serde(rename = "declaration"))]
    Declared {
        /// The SQL.
        statements: Vec<Statement>,
    },
    /// Read from the catalog when the step runs.
    #[cfg_attr(feature = "serde", serde(rename = "capture"))]
    Captured(Capture),
    /// Not at all.
    None {
        /// Why.
        reason: String,
    },
}

/// What is read from the catalog before and after a step, to know how it is reverted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Capture {
    /// The objects, each with all that belongs to it.
    pub objects: Vec<Object>,
    /// Whether one that is there neither before nor after is a mistake.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "std::ops::Not::not"))]
    pub must_exist: bool,
    /// What is not restored, as a sentence.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub lost: Option<String>,
    /// How many of the step's statements lie between the two readings; all without it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub through: Option<usize>,
    /// What reverts the statements after those; it runs first when it is reverted.
    pub first: Vec<Statement>,
    /// What the step can change of the objects; anything without it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub only: Option<Only>,
}

/// An object of the database, named as the migration names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Object {
    /// PostgreSQL's word for its kind: `materialized view`.
    pub kind: String,
    /// Its schema; without one, the first of `search_path` that has the object.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub schema: Option<String>,
    /// Its name; of what belongs to a table, the table's.
    pub name: String,
    /// What belongs to a table: a column, a trigger; to a server: a user.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub member: Option<String>,
    /// The types that tell it from others of its name.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub arguments: Option<Vec<String>>,
}

impl Object {
    /// Its schema and its name, as SQL writes them.
    #[must_use]
    pub fn path(&self) -> String {
        let quoted = |name: &String| Identifier::from(name.as_str()).quoted();
        self.schema.iter().chain([&self.name]).map(quoted).collect::<Vec<_>>().join(".")
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, schema, name, member, .. } = self;
        if kind == "default privileges" {
            let of = if name.is_empty() { "the current role" } else { &format!("`{name}`") };
            write!(f, "{kind} of {of}")?;
            return member.as_ref().map_or(Ok(()), |schema| write!(f, " in `{schema}`"));
        }
        let schema = schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        match member {
            Some(member) => write!(f, "{kind} `{member}` of `{schema}{name}`"),
            None => write!(f, "{kind} `{schema}{name}`"),
        }
    }
}

/// Something that keeps a migration from being applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Problem {
    /// The method that it is about, where it is about one.
    pub verb: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What to do about it, where the message does not say it; the plan itself has none.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub help: Option<String>,
}

impl Plan {
    /// The plan of no migrations.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            format: FORMAT,
            generator: String::new(),
            hash: String::new(),
            migrations: Vec::new(),
        }
    }

    /// The migration of this name.
    #[must_use]
    pub fn migration(&self, name: &str) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.name == name)
    }
}

impl Migration {
    /// The Rust functions that it runs, or that revert it.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        let steps = self.up.iter().chain(self.down.iter().flatten());
        steps.flat_map(|step| {
            let back = match &step.inverse {
                Inverse::Derived { statements } | Inverse::Declared { statements } => {
                    statements.as_slice()
                }
                Inverse::Captured(capture) => &capture.first,
                Inverse::None { .. } => &[],
            };
            step.statements.iter().chain(back).filter_map(|statement| statement.rust.as_ref())
        })
    }

    /// The words behind the timestamp.
    #[must_use]
    pub fn words(&self) -> &str {
        self.name.split_once('_').map_or(&self.name, |(_, words)| words)
    }

    /// The file as seen from the folder in which the migrations crate is.
    #[must_use]
    pub fn path(&self, crate_folder: &Path) -> PathBuf {
        crate_folder.join(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_privileges_are_somebodys() {
        let object = |name: &str, schema: Option<&str>| Object {
            kind: "default privileges".to_owned(),
            schema: None,
            name: name.to_owned(),
            member: schema.map(str::to_owned),
            arguments: None,
        };
        for (name, schema, told) in [
            ("", None, "default privileges of the current role"),
            ("", Some("app"), "default privileges of the current role in `app`"),
            ("ada", Some("app"), "default privileges of `ada` in `app`"),
        ] {
            assert_eq!(object(name, schema).to_string(), told);
        }
    }
}
