//! The engine of migrate.

pub mod cluster;
mod environment;

pub use environment::Environment;
