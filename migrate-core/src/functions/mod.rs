//! The runner of the Rust functions of migrations: this very program, or that of the migrations.

#[cfg(feature = "program")]
mod folder;
mod linked;
#[cfg(feature = "program")]
mod program;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

pub use linked::Linked;
/// What a function requests, and how it fails.
pub use migrate_dsl::{Connection, FunctionError};
#[cfg(feature = "program")]
pub use program::{Printed, Program};

use crate::plan::Function;

/// Runs Rust functions of migrations.
pub trait Functions: Send + Sync {
    /// Makes ready to run them. Called before a migration that has some touches anything.
    ///
    /// # Errors
    ///
    /// When they cannot be had.
    fn prepare(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    /// Runs one to its end. `is_over` returns true when the result is no longer needed, as far as that
    /// can be detected from outside.
    ///
    /// # Errors
    ///
    /// When it fails, panics, or does not get to its end.
    fn run(
        &self,
        function: &Function,
        connection: &mut dyn Connection,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), FunctionError>;
}

/// Functions, in a migrator that can be printed; none where there is just a plan.
#[derive(Clone, Default)]
pub(crate) struct Runner(pub(crate) Option<Arc<dyn Functions>>);

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Functions" } else { "None" })
    }
}
