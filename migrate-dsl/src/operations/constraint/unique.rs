//! [Unique constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS).

use super::{AddConstraint, Constraint, Timing, name_from_columns};
use crate::{Identifier, IntoIdentifiers, Name, Pgm, Writer};

/// `UNIQUE ("a", "b")`.
pub struct Unique {
    name: Option<Identifier>,
    columns: Vec<Identifier>,
    include: Vec<Identifier>,
    nulls_not_distinct: bool,
    timing: Timing,
}

impl Pgm {
    /// Refuses a row whose values in these columns another row has.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.add_unique("posts", "slug").named("one post a slug"); });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" ADD CONSTRAINT "one post a slug" UNIQUE ("slug");"#);
    /// ```
    #[track_caller]
    pub fn add_unique(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut Unique {
        let unique = Unique::new(columns.into_identifiers());
        &mut self.record(AddConstraint::new(table.into(), unique)).constraint
    }
}

impl Unique {
    pub(crate) fn new(columns: Vec<Identifier>) -> Self {
        Self {
            name: None,
            columns,
            include: Vec::new(),
            nulls_not_distinct: false,
            timing: Timing::default(),
        }
    }

    /// Names the constraint; without it, it is called `<table>_<columns>_key`.
    pub fn named(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Adds columns to the constraint's index without making them part of it.
    pub fn include(&mut self, columns: impl IntoIdentifiers) -> &mut Self {
        self.include = columns.into_identifiers();
        self
    }

    /// Counts two nulls as the same value; from PostgreSQL 15.
    pub fn nulls_not_distinct(&mut self) -> &mut Self {
        self.nulls_not_distinct = true;
        self
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) -> &mut Self {
        self.timing.deferrable();
        self
    }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) -> &mut Self {
        self.timing.initially_deferred();
        self
    }
}

impl Constraint for Unique {
    fn verb(&self) -> &'static str {
        "add_unique"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        name_from_columns(table, &self.columns, "key")
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("UNIQUE")
            .flag(self.nulls_not_distinct, "NULLS NOT DISTINCT")
            .columns(&self.columns);
        if !self.include.is_empty() {
            sql.text("INCLUDE").columns(&self.include);
        }
        self.timing.write(sql);
    }
}
