//! What a step takes away or changes, brought back from the catalog.

mod back;
mod other;
mod privilege;
mod rows;
mod sequence;
mod table;
mod types;

pub(crate) use back::step;
