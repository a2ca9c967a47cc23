//! What a step takes away or changes, brought back from the catalog.

mod back;

mod other;
mod rows;
mod table;

pub(crate) use back::step;
