//! [Exclusion constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-EXCLUSION).

use super::{AddConstraint, Constraint, Timing, write_index_options};
use crate::operations::index::{name_part, write_element};
use crate::operations::macros::options;
use crate::{Expression, Identifier, IntoExpression, IntoIdentifiers, Name, Pgm, Writer, expr};

/// `EXCLUDE USING gist ("room" WITH =, "during" WITH &&)`.
#[derive(Debug, Clone)]
pub struct Exclusion {
    name: Option<Identifier>,
    method: Identifier,
    elements: Vec<(Expression, String)>,
    condition: Option<Expression>,
    include: Vec<Identifier>,
    parameters: Vec<(Identifier, String)>,
    tablespace: Option<Identifier>,
    timing: Timing,
    comment: Option<String>,
}

impl Pgm {
    /// Refuses a row that overlaps another: each element is a column or an expression, and the
    /// operator by which two rows are compared.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.add_exclusion("bookings", "gist", [(col("room"), "="), (col("during"), "&&")]);
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"ALTER TABLE "bookings" ADD CONSTRAINT "bookings_room_during_excl" EXCLUDE USING "gist" ("room" WITH =, "during" WITH &&);"#
    /// );
    /// ```
    #[track_caller]
    pub fn add_exclusion<O: Into<String>, const N: usize>(
        &mut self,
        table: impl Into<Name>,
        method: impl Into<Identifier>,
        elements: [(Expression, O); N],
    ) -> &mut Exclusion {
        let exclusion = Exclusion::new(method.into(), elements);
        &mut self.record(AddConstraint::new(table.into(), exclusion)).constraint
    }
}

impl Exclusion {
    pub(crate) fn new<O: Into<String>, const N: usize>(
        method: Identifier,
        elements: [(Expression, O); N],
    ) -> Self {
        let elements = elements.into_iter().map(|(element, operator)| (element, operator.into()));
        Self {
            name: None,
            method,
            elements: elements.collect(),
            condition: None,
            include: Vec::new(),
            parameters: Vec::new(),
            tablespace: None,
            timing: Timing::default(),
            comment: None,
        }
    }
}

options! { Exclusion {
    /// Names the constraint; without it, it is called `<table>_<columns>_excl`.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Looks only at rows for which the expression is true.
    pub fn only_where(&mut self, condition: impl IntoExpression) {
        self.condition = Some(expr(condition))
    }

    /// Adds columns to the constraint's index without making them part of it.
    pub fn include(&mut self, columns: impl IntoIdentifiers) {
        self.include = columns.into_identifiers()
    }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS)
    /// of the constraint's index, such as `fillfactor`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Where the constraint's index is stored.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) { self.timing.deferrable() }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) { self.timing.initially_deferred() }

    /// The comment that tools show beside the constraint.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Constraint for Exclusion {
    fn verb(&self) -> &'static str {
        "add_exclusion"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        let parts: Vec<_> = self.elements.iter().map(|(element, _)| name_part(element)).collect();
        let parts = parts.iter().map(String::as_str);
        crate::generated_name(std::iter::once(table.name.as_str()).chain(parts).chain(["excl"]))
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("EXCLUDE USING").identifier(&self.method).parenthesized(|sql| {
            sql.list(&self.elements, |sql, (element, operator)| {
                write_element(sql, element);
                sql.text("WITH").expression(&expr(operator.as_str()));
            });
        });
        write_index_options(sql, &self.include, &self.parameters, self.tablespace.as_ref());
        if let Some(condition) = &self.condition {
            sql.text("WHERE").parenthesized(|sql| {
                sql.expression(condition);
            });
        }
        self.timing.write(sql);
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_text, plan_text_down, prelude::*};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_exclusion("bookings", "gist", [(col("during"), "&&")])
                .named("one at a time")
                .include("room")
                .parameter("fillfactor", 70)
                .tablespace("fast")
                .only_where("NOT cancelled")
                .initially_deferred()
                .comment("it's booked");
            pgm.add_exclusion("bookings", "gist", [(expr("lower(room)"), "=")]).deferrable();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "bookings" ADD CONSTRAINT "one at a time" EXCLUDE USING "gist" ("during" WITH &&) INCLUDE ("room") WITH ("fillfactor" = '70') USING INDEX TABLESPACE "fast" WHERE (NOT cancelled) DEFERRABLE INITIALLY DEFERRED;
        COMMENT ON CONSTRAINT "one at a time" ON "bookings" IS 'it''s booked';
        ALTER TABLE "bookings" ADD CONSTRAINT "bookings_expr_27323294_excl" EXCLUDE USING "gist" ((lower(room)) WITH =) DEFERRABLE;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "bookings" DROP CONSTRAINT "bookings_expr_27323294_excl";
        ALTER TABLE "bookings" DROP CONSTRAINT "one at a time";
        "#);
    }
}
