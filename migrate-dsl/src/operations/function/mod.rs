//! Functions and procedures, see
//! [User-Defined Functions](https://www.postgresql.org/docs/current/xfunc.html).

mod argument;
mod create_function;
mod create_procedure;
mod drop_function;
mod drop_procedure;
mod rename_function;
mod rename_procedure;
mod routine;
mod signature;

pub use argument::Argument;
pub use create_function::CreateFunction;
pub use create_procedure::CreateProcedure;
pub use drop_function::DropFunction;
pub use drop_procedure::DropProcedure;
pub use rename_function::RenameFunction;
pub use rename_procedure::RenameProcedure;
pub use routine::Routine;
pub(crate) use signature::Signature;
