//! What every command gets.

use migrate_core::Environment;

use crate::printer::Printer;

/// What every command gets: the outside, and where to print.
pub struct Context {
    /// Variables, home and working folder; `.env` is read into it already.
    pub environment: Environment,
    /// The one that prints.
    pub printer: Printer,
}
