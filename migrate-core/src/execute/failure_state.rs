//! What a failed migration leaves behind, and how that is reported.

use crate::count::count;
use crate::event::Direction;

/// What a failed migration left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureState {
    /// Nothing: the transaction was rolled back.
    RolledBack,
    /// Nothing: its first statement failed, outside a transaction.
    Nothing,
    /// Some statements are done for good, and the journal says so.
    Partial {
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// A statement outside a transaction was interrupted, and its remains still exist.
    Incomplete,
    /// A function or a procedure outside a transaction failed: what it did before that is done.
    Begun,
    /// A statement outside a transaction is done, and could not be recorded in the journal.
    Unrecorded,
    /// The server's answer was lost.
    Unknown,
}

impl FailureState {
    /// Describes the state of a migration that was going in this direction.
    pub(super) fn told(self, direction: Direction) -> String {
        let done = match direction {
            Direction::Up => "done",
            Direction::Down => "reverted",
        };
        match self {
            Self::RolledBack => {
                format!("the transaction was rolled back: nothing of this migration was {done}")
            }
            Self::Nothing => {
                format!("its first statement was not done: nothing of this migration was {done}")
            }
            Self::Partial { done, of } => {
                let of = count(of, "statement");
                let of = match direction {
                    Direction::Up => format!("its {of}"),
                    Direction::Down => format!("the {of} of its inverse"),
                };
                let (is, them) = if done == 1 { ("is", "it") } else { ("are", "them") };
                format!("{done} of {of} {is} done and recorded, the one after {them} is not")
            }
            Self::Unknown => {
                "the server's answer was lost: `migrate status` tells whether it was recorded"
                    .to_owned()
            }
            Self::Unrecorded => {
                "a statement outside a transaction is done, and not recorded: the journal says that it is \
                 running"
                    .to_owned()
            }
            Self::Begun => {
                "it ran outside a transaction: what it did for good before it failed is done"
                    .to_owned()
            }
            Self::Incomplete => {
                "a statement was interrupted, and what it has left is still there"
                    .to_owned()
            }
        }
    }
}

/// Whether the server refused a statement that commits as it runs before it began with it: it was not in
/// any procedure then, or was still parsing a block.
pub(super) fn is_refused(error: &postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else { return false };
    let at = error.where_().unwrap_or_default();
    let is_reading = "compilation of PL/pgSQL function \"inline_code_block\"";
    // The context may be in another language, the server's source is not.
    if ["pl_gram.y", "pl_comp.c", "pl_scanner.c"].iter().any(|file| error.file() == Some(file)) {
        return error.code().code().starts_with("42") && at.lines().count() <= 1;
    }
    error.code().code().starts_with("42")
        && (at.is_empty() || at.lines().count() == 1 && at.starts_with(is_reading))
}
