//! What a step takes away or changes, brought back from the catalog.

mod back;
mod child;
mod every;
mod foreign;
mod generated;
mod growth;
mod heir;
mod index;
mod inheritance;
mod internal_option;
mod limit;
mod other;
mod partition;
mod privilege;
mod reference;
mod renamed;
mod routine;
mod rows;
mod sequence;
mod table;
mod types;
mod view;

pub(crate) use back::step;
