//! Constraints, see [Constraints](https://www.postgresql.org/docs/current/ddl-constraints.html).

use std::any::Any;
use std::fmt;

use crate::{Identifier, Inverse, Name, Object, Operation, Statement, Writer};

mod add_not_null;
mod alter_constraint;
pub mod check;
mod drop_constraint;
pub mod exclusion;
pub mod foreign_key;
pub mod primary_key;
pub mod unique;
mod validate_constraint;

pub use add_not_null::AddNotNull;
pub use alter_constraint::AlterConstraint;
pub use check::Check;
pub use drop_constraint::DropConstraint;
pub use exclusion::Exclusion;
pub use foreign_key::ForeignKey;
pub use primary_key::PrimaryKey;
pub use unique::Unique;
pub use validate_constraint::ValidateConstraint;

/// What every constraint that can be cloned can: be cloned without its type being known.
pub trait CloneBoxed {
    /// A clone of it.
    fn clone_boxed(&self) -> Box<dyn Constraint>;
}

impl<T: Constraint + Clone> CloneBoxed for T {
    fn clone_boxed(&self) -> Box<dyn Constraint> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Constraint> {
    fn clone(&self) -> Self {
        self.as_ref().clone_boxed()
    }
}

/// A constraint of a table, as `create_table` and the `add_…` verbs have it in common.
pub trait Constraint: Any + fmt::Debug + CloneBoxed {
    /// The verb that adds it to a table which is there already.
    fn verb(&self) -> &'static str;

    /// The name that the migration gave it.
    fn name(&self) -> Option<&Identifier>;

    /// The name that it gets when the migration gave none.
    fn default_name(&self, table: &Name) -> Identifier;

    /// The comment that tools show beside it.
    fn comment(&self) -> Option<&str>;

    /// Writes the constraint without its name: `UNIQUE ("a", "b")`.
    fn write_definition(&self, sql: &mut Writer);

    /// What has to be read for the inverse, where dropping the constraint is not all of it.
    fn captures(&self, _table: &Name) -> Option<Object> {
        None
    }

    /// The comment as a statement of its own, where there is one.
    fn comment_statement(&self, table: &Name, name: &Identifier) -> Option<Statement> {
        let comment = self.comment()?;
        Some(Writer::statement(|sql| {
            sql.text("COMMENT ON");
            Object::constraint(table, name).write(sql);
            sql.text("IS").literal(comment)
        }))
    }
}

/// Adds a constraint to a table that is there already.
#[derive(Debug, Clone)]
pub struct AddConstraint<C> {
    table: Name,
    pub(crate) constraint: C,
}

impl<C: Constraint> AddConstraint<C> {
    pub(crate) fn new(table: Name, constraint: C) -> Self {
        Self { table, constraint }
    }

    /// Always named by us, so that the inverse knows what to drop.
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
        let comment = self.constraint.comment_statement(&self.table, &self.name());
        [sql.finish()].into_iter().chain(comment).collect()
    }

    fn inverse(&self) -> Inverse {
        if let Some(object) = self.constraint.captures(&self.table) {
            return Inverse::capture([object]);
        }
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table).text("DROP CONSTRAINT").identifier(&self.name());
        Inverse::by(sql.finish())
    }

    fn merged_by_children_of(&self) -> Option<Object> {
        Some(Object::table(&self.table))
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

/// `("room", "during" WITHOUT OVERLAPS)`: the columns of a key.
fn write_key(sql: &mut Writer, columns: &[Identifier], without_overlaps: bool) {
    sql.parenthesized(|sql| {
        sql.list(columns, |sql, column| _ = sql.identifier(column));
        if without_overlaps {
            sql.text("WITHOUT OVERLAPS").requires(18, "without_overlaps");
        }
    });
}

/// `INCLUDE ("c") WITH ("fillfactor" = '70') USING INDEX TABLESPACE "fast"`: what is said of the
/// index behind a constraint.
fn write_index_options(
    sql: &mut Writer,
    include: &[Identifier],
    parameters: &[(Identifier, String)],
    tablespace: Option<&Identifier>,
) {
    if !include.is_empty() {
        sql.text("INCLUDE").columns(include);
    }
    sql.storage_parameters(parameters);
    if let Some(tablespace) = tablespace {
        sql.text("USING INDEX TABLESPACE").identifier(tablespace);
    }
}

/// Notes that an index which is there already has what would be said of a new one.
fn note_problems_of_index(sql: &mut Writer, index: &Identifier, said: &[(&str, bool)]) {
    for (option, _) in said.iter().filter(|(_, said)| *said) {
        sql.problem(format!(
            "`{option}` is not supported with `using_index`: it belongs to the `create_index` of `{index}`"
        ));
    }
}

/// The name of a constraint over columns, as PostgreSQL itself would make it.
fn name_from_columns(table: &Name, columns: &[Identifier], suffix: &str) -> Identifier {
    let table = std::iter::once(table.name.as_str());
    let columns = columns.iter().map(Identifier::as_str);
    crate::generated_name(table.chain(columns).chain([suffix]))
}

use crate::operations::RenamePart;
use crate::operations::macros::plain_verbs;

plain_verbs! {
    /// Renames a constraint, and the index behind it.
    ///
    /// See [`ALTER TABLE … RENAME CONSTRAINT`](https://www.postgresql.org/docs/current/sql-altertable.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_constraint("posts", "posts_title_key", "one_post_a_title");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" RENAME CONSTRAINT "posts_title_key" TO "one_post_a_title";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "posts" RENAME CONSTRAINT "one_post_a_title" TO "posts_title_key";"#);
    /// ```
    pub fn rename_constraint(
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenamePart => (Object::table(table), "CONSTRAINT", from.into(), to.into());
}
