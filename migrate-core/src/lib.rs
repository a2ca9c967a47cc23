//! The engine of migrate.

pub mod plan;

mod environment;

pub use environment::Environment;
/// How migration files are named and found, and statements split; what the engine's callers need
/// of the language.
pub use migrate_dsl::discover;
