//! Functions, procedures and aggregates, see
//! [User-Defined Functions](https://www.postgresql.org/docs/current/xfunc.html).

mod aggregate;
mod alter_function;
mod alter_procedure;
mod alter_routine;
mod argument;
mod attributes;
mod create_aggregate;
mod create_function;
mod create_procedure;
mod create_routine;
mod drop_aggregate;
mod drop_function;
mod drop_procedure;
mod drop_routine;
mod rename_aggregate;
mod rename_function;
mod rename_procedure;
mod rename_routine;
mod routine;
mod signature;

pub use aggregate::{Aggregate, FinalModify};
pub use alter_routine::AlterRoutine;
pub use argument::Argument;
pub use create_aggregate::CreateAggregate;
pub use create_routine::CreateRoutine;
pub use drop_routine::DropRoutine;
pub use rename_routine::RenameRoutine;
pub use routine::Routine;
pub(crate) use signature::Signature;
