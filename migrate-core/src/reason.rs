//! Why something does not go on, where a message and the advice on it depend on that.

use std::fmt;

/// What prevents a partially applied migration from being continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnfinishedReason {
    /// Its file is missing.
    FileMissing,
    /// What it has done is not what its file begins with.
    FileChanged,
    /// What it has reverted is not what its inverse begins with.
    InverseChanged,
    /// The history has it as applied, too.
    AlsoApplied,
    /// It is to be finished in the other direction.
    Reverting,
    /// Another one is requested, and it comes before that.
    NotFirst,
    /// Another runner was at work on it.
    ChangedMeanwhile,
}

impl fmt::Display for UnfinishedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileMissing => "its file is missing",
            Self::FileChanged => "its file was modified after it was applied",
            Self::InverseChanged => "what it has reverted is no longer what its inverse says",
            Self::AlsoApplied => "it is recorded as applied as well, and both cannot be",
            Self::Reverting => "it was being reverted; `migrate down` resumes that",
            Self::NotFirst => "it has to be finished first",
            Self::ChangedMeanwhile => "another runner has changed how far it came",
        })
    }
}

/// Why a Rust function is not at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingFunction {
    /// There is no file of the migration.
    NoFile,
    /// The file of the migration does not have it.
    NotInFile,
    /// A plan in a file has no functions.
    PlanInFile,
}

impl fmt::Display for MissingFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFile => "there is no file of it at hand",
            Self::NotInFile => "its file does not have that any more",
            Self::PlanInFile => "a plan file contains no Rust functions",
        })
    }
}
