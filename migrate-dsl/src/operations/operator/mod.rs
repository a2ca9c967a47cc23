//! Operators, and the classes and families that tell an index what they mean, see
//! [User-Defined Operators](https://www.postgresql.org/docs/current/xoper.html) and
//! [Interfacing Extensions to Indexes](https://www.postgresql.org/docs/current/xindex.html).

mod add_to_operator_family;
mod alter_operator;
mod create_operator;
mod create_operator_class;
mod create_operator_family;
mod drop_operator;
mod drop_operator_class;
mod drop_operator_family;
mod items;
mod remove_from_operator_family;
mod rename_operator_class;
mod rename_operator_family;
mod sides;

pub use add_to_operator_family::AddToOperatorFamily;
pub use alter_operator::AlterOperator;
pub use create_operator::CreateOperator;
pub use create_operator_class::CreateOperatorClass;
pub use create_operator_family::CreateOperatorFamily;
pub use drop_operator::DropOperator;
pub use items::{OperatorClass, OperatorClassFunction, OperatorClassOperator};
pub use remove_from_operator_family::{OperatorFamilyNumbers, RemoveFromOperatorFamily};
