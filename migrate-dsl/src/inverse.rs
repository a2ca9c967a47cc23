//! How an operation comes back.

use crate::Statement;

/// The way back of an operation: statements, or the reason why there is none; never a silent
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inverse {
    /// Follows from the operation itself: create and drop, rename there and back.
    Construction(Vec<Statement>),
    /// Given by the migration's author with `.down(..)`.
    Declaration(Vec<Statement>),
    /// There is none, and this is why.
    None(String),
}

impl Inverse {
    /// A way back by construction with a single statement.
    #[must_use]
    pub fn by(statement: Statement) -> Self {
        Self::Construction(vec![statement])
    }

    /// No way back, for this reason: a clause that can follow "cannot be taken back: ".
    pub fn none(reason: impl Into<String>) -> Self {
        Self::None(reason.into())
    }

    /// With such an option, such as `if_not_exists`, what is there afterwards may be older than the
    /// migration; dropping it would take away what others made.
    pub(crate) fn maybe_older(option: &str, what: impl std::fmt::Display) -> Self {
        Self::none(format!("with `{option}`, {what} may have been there before"))
    }

    /// What was there before is lost with the operation, and reading it from the catalog just
    /// before the step is the engine's work; until it does, the author has to say it.
    pub(crate) fn unknown_before(what: impl std::fmt::Display) -> Self {
        Self::none(format!("{what} is not known here; write a `pub fn down` that restores it"))
    }
}
