//! What a step takes away or changes, brought back from the catalog.

mod back;
mod index;
mod other;
mod partition;
mod privilege;
mod rows;
mod sequence;
mod table;
mod types;
mod view;

pub(crate) use back::step;
