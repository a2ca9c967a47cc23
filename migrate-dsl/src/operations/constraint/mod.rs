//! Constraints, see [Constraints](https://www.postgresql.org/docs/current/ddl-constraints.html).

use std::any::Any;

use crate::{Identifier, Inverse, Name, Operation, Statement, Writer};

pub mod check;
mod drop_constraint;
pub mod exclusion;
pub mod foreign_key;
pub mod primary_key;
mod rename_constraint;
pub mod unique;
mod validate_constraint;

pub use check::Check;
pub use drop_constraint::DropConstraint;
pub use exclusion::Exclusion;
pub use foreign_key::ForeignKey;
pub use primary_key::PrimaryKey;
pub use rename_constraint::RenameConstraint;
pub use unique::Unique;
pub use validate_constraint::ValidateConstraint;

/// A constraint of a table, as `create_table` and the `add_…` verbs have it in common.
pub trait Constraint: Any {
    /// The verb that adds it to a table which is there already.
    fn verb(&self) -> &'static str;

    /// The name that the migration gave it.
    fn name(&self) -> Option<&Identifier>;

    /// The name that it gets when the migration gave none.
    fn default_name(&self, table: &Name) -> Identifier;

    /// Writes the constraint without its name: `UNIQUE ("a", "b")`.
    fn write_definition(&self, sql: &mut Writer);

    /// Writes the constraint as it stands in `CREATE TABLE`.
    fn write(&self, sql: &mut Writer) {
        if let Some(name) = self.name() {
            sql.text("CONSTRAINT").identifier(name);
        }
        self.write_definition(sql);
    }
}

/// Adds a constraint to a table that is there already.
pub struct AddConstraint<C> {
    table: Name,
    pub(crate) constraint: C,
}

impl<C: Constraint> AddConstraint<C> {
    pub(crate) fn new(table: Name, constraint: C) -> Self {
        Self { table, constraint }
    }

    /// Always named by us, so that the way back knows what to drop.
    fn name(&self) -> Identifier {
        self.constraint.name().cloned().unwrap_or_else(|| self.constraint.default_name(&self.table))
    }
}

impl<C: Constraint> Operation for AddConstraint<C> {
    fn verb(&self) -> &'static str {
        self.constraint.verb()
    }

    fn describe(&self) -> String {
        format!("add constraint `{}` to `{}`", self.name(), self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table).text("ADD CONSTRAINT").identifier(&self.name());
        self.constraint.write_definition(&mut sql);
        vec![sql.finish()]
    }

    fn inverse(&self) -> Inverse {
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table).text("DROP CONSTRAINT").identifier(&self.name());
        Inverse::by(sql.finish())
    }
}

/// When a constraint is checked, see [`SET CONSTRAINTS`](https://www.postgresql.org/docs/current/sql-set-constraints.html).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    deferrable: bool,
    initially_deferred: bool,
}

impl Timing {
    pub(crate) fn deferrable(&mut self) {
        self.deferrable = true;
    }

    pub(crate) fn initially_deferred(&mut self) {
        self.deferrable = true;
        self.initially_deferred = true;
    }

    pub(crate) fn write(self, sql: &mut Writer) {
        sql.flag(self.deferrable, "DEFERRABLE").flag(self.initially_deferred, "INITIALLY DEFERRED");
    }
}

/// The name of a constraint over columns, as PostgreSQL itself would make it.
fn name_from_columns(table: &Name, columns: &[Identifier], suffix: &str) -> Identifier {
    let table = std::iter::once(table.name.as_str());
    let columns = columns.iter().map(Identifier::as_str);
    crate::generated_name(table.chain(columns).chain([suffix]))
}
