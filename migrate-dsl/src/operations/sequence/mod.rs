//! Sequences, see [Sequence Manipulation Functions](https://www.postgresql.org/docs/current/functions-sequence.html).

mod create_sequence;
mod drop_sequence;
mod options;
mod rename_sequence;

pub use create_sequence::CreateSequence;
pub use drop_sequence::DropSequence;
pub(crate) use options::SequenceOptions;
pub use rename_sequence::RenameSequence;
