//! Functions that are part of this program.

use migrate_dsl::{Connection, FunctionError, Migrations};

use super::Functions;
use crate::plan::Function;

/// The functions of migrations that are linked into this program.
///
/// A function cannot be ended from outside: its next statement is refused.
#[derive(Debug, Clone)]
pub struct Linked(Migrations);

impl Linked {
    /// The functions of these migrations: `my_migrations::all()`.
    #[must_use]
    pub fn new(migrations: Migrations) -> Self {
        Self(migrations)
    }
}

impl Functions for Linked {
    fn run(
        &self,
        function: &Function,
        connection: &mut dyn Connection,
        _: &dyn Fn() -> bool,
    ) -> Result<(), FunctionError> {
        self.0.run(function, connection)
    }
}
