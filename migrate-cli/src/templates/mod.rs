//! What is written into a project: a migration, a crate of migrations.

mod column;
pub mod files;
mod migration;
mod types;

pub use column::ColumnSpec;
pub use migration::{Shape, rust};
