//! The engine of migrate.

mod environment;

pub use environment::Environment;
