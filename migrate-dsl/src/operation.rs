//! What an operation is.

use std::any::Any;

use crate::{AfterCrash, Inverse, Object, Statement};

/// One thing that a migration asks for: what it is called, the SQL that does it, and how it
/// is restored.
///
/// Each of ours stands whole in a file of [`operations`](crate::operations). An application may
/// have its own and hand them to [`Pgm::record`](crate::Pgm::record):
///
/// ```
/// use migrate_dsl::{Inverse, Operation, Statement, plan_text};
///
/// struct Notify(&'static str);
///
/// impl Operation for Notify {
///     fn verb(&self) -> &'static str { "notify" }
///     fn describe(&self) -> String { format!("notify `{}`", self.0) }
///     fn statements(&self) -> Vec<Statement> { vec![Statement::raw(format!("NOTIFY {}", self.0))] }
///     fn inverse(&self) -> Inverse { Inverse::none("a notification cannot be reverted") }
/// }
///
/// assert_eq!(plan_text(|pgm| { pgm.record(Notify("deployed")); }), "NOTIFY deployed;");
/// ```
pub trait Operation: Any {
    /// The method of [`Pgm`](crate::Pgm) that records it; messages underline it in the source.
    fn verb(&self) -> &'static str;

    /// What it does, in a few words for a person: "create table `posts`".
    fn describe(&self) -> String;

    /// The SQL, in the order in which it runs.
    fn statements(&self) -> Vec<Statement>;

    /// How it is reverted.
    fn inverse(&self) -> Inverse;

    /// The table to which it adds what its partitions, and the tables that inherit from it, may have
    /// of their own already. PostgreSQL then takes theirs for what they get from the table, and what
    /// drops the one drops the other: so where there is any, the inverse is read from the catalog.
    fn merged_by_children_of(&self) -> Option<Object> {
        None
    }

    /// Whether rows or values are lost with it for good, whatever inverse it has: what a
    /// protected database asks about first.
    fn destroys(&self) -> bool {
        false
    }

    /// Whether the SQL may run inside a transaction; `CREATE INDEX CONCURRENTLY` may not.
    fn transactional(&self) -> bool {
        true
    }

    /// What is done after a crash that hid how a statement outside a transaction ended.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Ask
    }

    /// What the writer of the migration may have meant otherwise; never stops anything.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Files outside the crate's Rust sources that were read to record it, relative to the crate.
    fn files(&self) -> Vec<String> {
        Vec::new()
    }
}
