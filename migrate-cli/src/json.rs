//! What `--json` prints: lines, each an object that says by `event` what it is.
//!
//! The events of the work are the engine's ([`Event`]); what a command has done, or would do, is a struct in
//! that command's file. `migrate-cli/JSON.md` is written from all of these types.

use migrate_core::Event;
use migrate_core::plan::Step;
use serde::Serialize;

/// The version of the format, which changes when a script that reads it would have to.
const FORMAT: u8 = 1;

/// A line.
#[derive(Serialize)]
pub struct Line<'a, T> {
    format: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(flatten)]
    what: &'a T,
}

impl<'a, T: Serialize> Line<'a, T> {
    /// Reports what a command has done.
    pub fn summary(what: &'a T) -> Self {
        Self { format: FORMAT, event: Some("summary"), what }
    }

    /// Reports what a command would do.
    pub fn dry_run(what: &'a T) -> Self {
        Self { format: FORMAT, event: Some("dry_run"), what }
    }
}

impl<'a> Line<'a, Event> {
    /// Reports what happens meanwhile.
    pub fn event(what: &'a Event) -> Self {
        Self { format: FORMAT, event: None, what }
    }
}

impl<'a> Line<'a, Output> {
    /// Reports what a migration prints, or how the command has failed.
    pub fn output(what: &'a Output) -> Self {
        Self { format: FORMAT, event: None, what }
    }
}

/// What commands print besides the events of the work.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Output {
    /// A Rust function of a migration has printed a line.
    Printed {
        /// That line.
        line: String,
    },
    /// The command has failed. It is the last line.
    Error {
        /// The exit code of the process.
        exit_code: u8,
        /// At least one.
        errors: Vec<Failure>,
    },
}

/// Why a command has failed.
#[derive(Debug, Default, Serialize)]
pub struct Failure {
    /// The server's or the compiler's, or a word of ours.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The source file, where it is about one.
    pub file: Option<String>,
    /// The line, counted from 1; none where the file is no longer what was applied.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// The statement, where it is about one.
    pub sql: Option<String>,
    /// Where in that, in bytes.
    pub offset: Option<usize>,
    /// What else is to be known, such as the server's detail.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
    /// The line of the data that the statement reads, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataLine>,
}

/// A line of data.
#[derive(Debug, Serialize)]
pub struct DataLine {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// A migration that is reverted, or would be.
#[derive(Serialize)]
pub struct Revert<'a> {
    /// The migration.
    pub name: &'a str,
    /// The steps of its inverse, as in a plan.
    pub down: &'a [Step],
}

impl<'a> Revert<'a> {
    /// Those of these migrations.
    pub fn of(reverts: &'a [(String, Vec<Step>)]) -> Vec<Self> {
        reverts.iter().map(|(name, down)| Self { name, down }).collect()
    }
}
