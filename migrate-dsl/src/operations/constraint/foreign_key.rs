//! [Foreign keys](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK).

use super::{AddConstraint, Constraint, Timing, name_from_columns};
use crate::operations::macros::options;
use crate::{Identifier, IntoIdentifiers, Name, Pgm, Writer};

/// `FOREIGN KEY ("post_id") REFERENCES "posts" ("id")`.
#[derive(Debug, Clone)]
pub struct ForeignKey {
    name: Option<Identifier>,
    columns: Vec<Identifier>,
    target: Target,
    not_valid: bool,
    comment: Option<String>,
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
    period: bool,
    match_full: bool,
    pub(crate) on_delete: Option<ReferentialAction>,
    on_delete_columns: Vec<Identifier>,
    pub(crate) on_update: Option<ReferentialAction>,
    pub(crate) timing: Timing,
    pub(crate) not_enforced: bool,
}

impl Target {
    pub(crate) fn new(table: Name, columns: Vec<Identifier>) -> Self {
        Self {
            table,
            columns,
            period: false,
            match_full: false,
            on_delete: None,
            on_delete_columns: Vec::new(),
            on_update: None,
            timing: Timing::default(),
            not_enforced: false,
        }
    }

    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.text("REFERENCES").name(&self.table);
        if !self.columns.is_empty() {
            write_columns(sql, &self.columns, self.period);
        }
        sql.flag(self.match_full, "MATCH FULL");
        if let Some(action) = self.on_delete {
            sql.text("ON DELETE").text(action.sql());
            if !self.on_delete_columns.is_empty() {
                sql.columns(&self.on_delete_columns).requires(15, "on_delete_columns");
            }
        }
        let sets = matches!(
            self.on_delete,
            Some(ReferentialAction::SetNull | ReferentialAction::SetDefault)
        );
        if !self.on_delete_columns.is_empty() && !sets {
            sql.problem(
                "`on_delete_columns` belongs to `on_delete(SetNull)` or `on_delete(SetDefault)`",
            );
        }
        if let Some(action) = self.on_update {
            sql.text("ON UPDATE").text(action.sql());
        }
        self.timing.write(sql);
        if self.not_enforced {
            sql.text("NOT ENFORCED").requires(18, "not_enforced");
        }
    }
}

/// `("room", PERIOD "during")`.
fn write_columns(sql: &mut Writer, columns: &[Identifier], period: bool) {
    sql.parenthesized(|sql| {
        sql.list(columns.iter().enumerate(), |sql, (index, column)| {
            if period && index + 1 == columns.len() {
                sql.text("PERIOD").requires(18, "period");
            }
            sql.identifier(column);
        });
    });
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
        Self {
            name: None,
            columns,
            target: Target::new(table, referenced),
            not_valid: false,
            comment: None,
        }
    }
}

options! { ForeignKey {
    /// Names the constraint; without it, it is called `<table>_<columns>_fkey`.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// With several columns: either all of them are null, or none.
    pub fn match_full(&mut self) { self.target.match_full = true }

    /// Takes the last column on both sides for a range: what it spans has to be covered by
    /// referenced rows; from PostgreSQL 18.
    pub fn period(&mut self) { self.target.period = true }

    /// What happens to this row when the referenced one is deleted.
    pub fn on_delete(&mut self, action: ReferentialAction) {
        self.target.on_delete = Some(action)
    }

    /// Sets only these columns to null, or to their default, when the referenced row is
    /// deleted; from PostgreSQL 15.
    pub fn on_delete_columns(&mut self, columns: impl IntoIdentifiers) {
        self.target.on_delete_columns = columns.into_identifiers()
    }

    /// What happens to this row when the referenced key changes.
    pub fn on_update(&mut self, action: ReferentialAction) {
        self.target.on_update = Some(action)
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) { self.target.timing.deferrable() }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) { self.target.timing.initially_deferred() }

    /// Checks new rows only; `validate_constraint` checks the others later, without blocking
    /// writes.
    pub fn not_valid(&mut self) { self.not_valid = true }

    /// Checks no rows at all: a word to those who read the schema; from PostgreSQL 18.
    pub fn not_enforced(&mut self) { self.target.not_enforced = true }

    /// The comment that tools show beside the constraint.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Constraint for ForeignKey {
    fn verb(&self) -> &'static str {
        "add_foreign_key"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        name_from_columns(table, &self.columns, "fkey")
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("FOREIGN KEY");
        write_columns(sql, &self.columns, self.target.period);
        self.target.write(sql);
        sql.flag(self.not_valid, "NOT VALID");
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text, plan_text_down, prelude::*};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_foreign_key("posts", ["org", "author"], ("app", "users"), ["org", "id"])
                .named("written by")
                .match_full()
                .on_delete(SetNull)
                .on_delete_columns("author")
                .on_update(NoAction)
                .initially_deferred()
                .not_valid()
                .comment("it's hers");
            pgm.add_foreign_key("stays", ["room", "during"], "rooms", ["id", "during"])
                .period()
                .deferrable()
                .not_enforced();
            pgm.add_foreign_key("a", "b", "c", "d").on_delete(Restrict).on_update(SetDefault);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ADD CONSTRAINT "written by" FOREIGN KEY ("org", "author") REFERENCES "app"."users" ("org", "id") MATCH FULL ON DELETE SET NULL ("author") ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED NOT VALID;
        COMMENT ON CONSTRAINT "written by" ON "posts" IS 'it''s hers';
        ALTER TABLE "stays" ADD CONSTRAINT "stays_room_during_fkey" FOREIGN KEY ("room", PERIOD "during") REFERENCES "rooms" ("id", PERIOD "during") DEFERRABLE NOT ENFORCED;
        ALTER TABLE "a" ADD CONSTRAINT "a_b_fkey" FOREIGN KEY ("b") REFERENCES "c" ("d") ON DELETE RESTRICT ON UPDATE SET DEFAULT;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "a" DROP CONSTRAINT "a_b_fkey";
        ALTER TABLE "stays" DROP CONSTRAINT "stays_room_during_fkey";
        ALTER TABLE "posts" DROP CONSTRAINT "written by";
        "#);
    }

    #[test]
    fn columns_are_set_to_something() {
        let problems = plan_problems(|pgm| {
            pgm.add_foreign_key("a", "b", "c", "d").on_delete(Cascade).on_delete_columns("b");
        });
        insta::assert_snapshot!(problems, @"`on_delete_columns` belongs to `on_delete(SetNull)` or `on_delete(SetDefault)`");
    }
}
