//! Every operation, by the object that it works on. A verb with anything of its own is a file with its
//! whole life inside, always in the same order: data, verb, options, SQL, inverse, tests. The others are
//! rows in the `mod.rs` of their object.
//!
//! The inverse of an operation is derived from it, captured from the catalog when it runs, or declared by
//! its author. Beside each stands what node-pg-migrate calls it.
#![doc = include_str!("../operations.md")]

mod drop_object;
mod rename_object;
mod rename_part;

pub use drop_object::DropObject;
pub use rename_object::RenameObject;
pub(crate) use rename_object::rename_back;
pub use rename_part::RenamePart;

pub mod cast;
pub mod collation;
pub mod column;
pub mod comment;
pub mod constraint;
pub mod event_trigger;
pub mod extension;
pub mod foreign;
pub mod function;
pub mod index;
pub mod object;
pub mod operator;
pub mod policy;
pub mod privilege;
pub mod publication;
pub mod raw;
pub mod role;
pub mod rule;
pub mod schema;
pub mod sequence;
pub mod statistics;
pub mod subscription;
pub mod table;
pub mod text_search;
pub mod trigger;
pub mod user_type;
pub mod view;

pub(crate) mod keep;
pub(crate) mod macros;
pub(crate) mod phrases;

#[cfg(any(test, feature = "every-verb"))]
#[doc(hidden)]
pub mod tests;
