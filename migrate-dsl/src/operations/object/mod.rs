//! Owner and schema of objects of any kind.

mod set_owner;
mod set_schema;

pub use set_owner::SetOwner;
pub use set_schema::SetSchema;
