//! Real crates, real cargo.

mod errors;
mod freshness;
pub mod sandbox;
