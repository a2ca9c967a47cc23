//! What happens while a plan is made.

use std::time::Duration;

/// Something that happens while the migrations are compiled. Nothing is reported where nothing had to
/// be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildEvent {
    /// Something must end first: another `migrate`, or another cargo.
    Waiting {
        /// For what, in a few words.
        what: String,
    },
    /// Cargo is called.
    Started {
        /// How many migrations are compiled.
        changed: usize,
        /// How many there are.
        all: usize,
    },
    /// A word of cargo's: "Compiling sea-query v1.0.2".
    Progress(String),
    /// A warning of the compiler's about the migrations, as it is to be shown.
    Warning(String),
    /// A line that a migration printed for itself.
    Output(String),
    /// The plan is there.
    Finished {
        /// How long it took.
        elapsed: Duration,
    },
}
