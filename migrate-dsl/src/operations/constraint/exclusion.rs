//! [Exclusion constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-EXCLUSION).

use super::{AddConstraint, Constraint, Timing};
use crate::operations::index::{name_part, write_element};
use crate::{Expression, Identifier, IntoExpression, Name, Pgm, Writer, expr};

/// `EXCLUDE USING gist ("room" WITH =, "during" WITH &&)`.
pub struct Exclusion {
    name: Option<Identifier>,
    method: Identifier,
    elements: Vec<(Expression, String)>,
    condition: Option<Expression>,
    timing: Timing,
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
            timing: Timing::default(),
        }
    }

    /// Names the constraint; without it, it is called `<table>_<columns>_excl`.
    pub fn named(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Looks only at rows for which the expression is true.
    pub fn only_where(&mut self, condition: impl IntoExpression) -> &mut Self {
        self.condition = Some(expr(condition));
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

impl Constraint for Exclusion {
    fn verb(&self) -> &'static str {
        "add_exclusion"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
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
        if let Some(condition) = &self.condition {
            sql.text("WHERE").parenthesized(|sql| {
                sql.expression(condition);
            });
        }
        self.timing.write(sql);
    }
}
