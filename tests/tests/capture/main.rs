//! What a step takes away or changes, brought back from the catalog.

mod back;

mod table;

pub(crate) use back::step;
