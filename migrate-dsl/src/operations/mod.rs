//! Every operation, by the object that it works on: a file a verb, its whole life inside, always
//! in the same order: data, verb, options, SQL, inverse, tests.

pub mod column;
pub mod comment;
pub mod constraint;
pub mod extension;
pub mod foreign;
pub mod function;
pub mod index;
pub mod object;
pub mod policy;
pub mod privilege;
pub mod publication;
pub mod raw;
pub mod role;
pub mod schema;
pub mod sequence;
pub mod subscription;
pub mod table;
pub mod trigger;
pub mod user_type;
pub mod view;

pub(crate) mod phrases;

#[cfg(test)]
mod tests;
