//! [Foreign keys](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK).

use super::{AddConstraint, Constraint, Timing, name_from_columns};
use crate::{Identifier, IntoIdentifiers, Name, Pgm, Writer};

/// `FOREIGN KEY ("post_id") REFERENCES "posts" ("id")`.
pub struct ForeignKey {
    name: Option<Identifier>,
    columns: Vec<Identifier>,
    target: Target,
    not_valid: bool,
}

/// What happens to a row when the one that it references is deleted or gets another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferentialAction {
    /// An error, at the latest at the end of the transaction (PostgreSQL's default).
    NoAction,
    /// An error at once.
    Restrict,
    /// The row goes, or changes, with the other.
    Cascade,
    /// The referencing columns become null.
    SetNull,
    /// The referencing columns take their default.
    SetDefault,
}

impl ReferentialAction {
    fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

/// The table and columns that are referenced, and what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    table: Name,
    columns: Vec<Identifier>,
    match_full: bool,
    pub(crate) on_delete: Option<ReferentialAction>,
    on_delete_columns: Vec<Identifier>,
    pub(crate) on_update: Option<ReferentialAction>,
    pub(crate) timing: Timing,
}

impl Target {
    pub(crate) fn new(table: Name, columns: Vec<Identifier>) -> Self {
        Self {
            table,
            columns,
            match_full: false,
            on_delete: None,
            on_delete_columns: Vec::new(),
            on_update: None,
            timing: Timing::default(),
        }
    }

    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.text("REFERENCES").name(&self.table);
        if !self.columns.is_empty() {
            sql.columns(&self.columns);
        }
        sql.flag(self.match_full, "MATCH FULL");
        if let Some(action) = self.on_delete {
            sql.text("ON DELETE").text(action.sql());
            if !self.on_delete_columns.is_empty() {
                sql.columns(&self.on_delete_columns);
            }
        }
        if let Some(action) = self.on_update {
            sql.text("ON UPDATE").text(action.sql());
        }
        self.timing.write(sql);
    }
}

impl Pgm {
    /// Refuses rows whose values are not in the other table's columns.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.add_foreign_key("comments", "post_id", "posts", "id").on_delete(Cascade).not_valid();
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"ALTER TABLE "comments" ADD CONSTRAINT "comments_post_id_fkey" FOREIGN KEY ("post_id") REFERENCES "posts" ("id") ON DELETE CASCADE NOT VALID;"#
    /// );
    /// ```
    #[track_caller]
    pub fn add_foreign_key(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
        referenced_table: impl Into<Name>,
        referenced_columns: impl IntoIdentifiers,
    ) -> &mut ForeignKey {
        let key = ForeignKey::new(
            columns.into_identifiers(),
            referenced_table.into(),
            referenced_columns.into_identifiers(),
        );
        &mut self.record(AddConstraint::new(table.into(), key)).constraint
    }
}

impl ForeignKey {
    pub(crate) fn new(columns: Vec<Identifier>, table: Name, referenced: Vec<Identifier>) -> Self {
        Self { name: None, columns, target: Target::new(table, referenced), not_valid: false }
    }

    /// Names the constraint; without it, it is called `<table>_<columns>_fkey`.
    pub fn named(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// With several columns: either all of them are null, or none.
    pub fn match_full(&mut self) -> &mut Self {
        self.target.match_full = true;
        self
    }

    /// What happens to this row when the referenced one is deleted.
    pub fn on_delete(&mut self, action: ReferentialAction) -> &mut Self {
        self.target.on_delete = Some(action);
        self
    }

    /// Sets only these columns to null, or to their default, when the referenced row is
    /// deleted; from PostgreSQL 15.
    pub fn on_delete_columns(&mut self, columns: impl IntoIdentifiers) -> &mut Self {
        self.target.on_delete_columns = columns.into_identifiers();
        self
    }

    /// What happens to this row when the referenced key changes.
    pub fn on_update(&mut self, action: ReferentialAction) -> &mut Self {
        self.target.on_update = Some(action);
        self
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) -> &mut Self {
        self.target.timing.deferrable();
        self
    }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) -> &mut Self {
        self.target.timing.initially_deferred();
        self
    }

    /// Checks new rows only; `validate_constraint` checks the others later, without blocking
    /// writes.
    pub fn not_valid(&mut self) -> &mut Self {
        self.not_valid = true;
        self
    }
}

impl Constraint for ForeignKey {
    fn verb(&self) -> &'static str {
        "add_foreign_key"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        name_from_columns(table, &self.columns, "fkey")
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("FOREIGN KEY").columns(&self.columns);
        self.target.write(sql);
        sql.flag(self.not_valid, "NOT VALID");
    }
}
