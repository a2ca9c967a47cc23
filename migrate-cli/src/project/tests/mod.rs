//! Real crates, real cargo.

mod errors;
mod freshness;
mod sandbox;
