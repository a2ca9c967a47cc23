//! Sequences, see [Sequence Manipulation Functions](https://www.postgresql.org/docs/current/functions-sequence.html).

mod alter_sequence;
mod create_sequence;
mod drop_sequence;
mod options;
mod rename_sequence;
mod restart_sequence;

pub use alter_sequence::AlterSequence;
pub use create_sequence::CreateSequence;
pub use drop_sequence::DropSequence;
pub(crate) use options::{SequenceOptions, sequence_options};
pub use rename_sequence::RenameSequence;
pub use restart_sequence::RestartSequence;
