//! [Check constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS).

use super::{AddConstraint, Constraint};
use crate::{Expression, Identifier, IntoExpression, Name, Pgm, Writer, expr};

/// `CHECK (lat BETWEEN -90 AND 90)`.
pub struct Check {
    name: Option<Identifier>,
    condition: Expression,
    no_inherit: bool,
    not_valid: bool,
}

impl Pgm {
    /// Refuses rows for which the expression is false. The name is needed: PostgreSQL would make
    /// one from the columns, which only it knows.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.add_check("posts", "lat_on_earth", "lat BETWEEN -90 AND 90").not_valid();
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"ALTER TABLE "posts" ADD CONSTRAINT "lat_on_earth" CHECK (lat BETWEEN -90 AND 90) NOT VALID;"#
    /// );
    /// ```
    #[track_caller]
    pub fn add_check(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
        condition: impl IntoExpression,
    ) -> &mut Check {
        let mut check = Check::new(expr(condition));
        check.named(name);
        &mut self.record(AddConstraint::new(table.into(), check)).constraint
    }
}

impl Check {
    pub(crate) fn new(condition: Expression) -> Self {
        Self { name: None, condition, no_inherit: false, not_valid: false }
    }

    /// Names the constraint.
    pub fn named(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Leaves out tables that inherit from this one.
    pub fn no_inherit(&mut self) -> &mut Self {
        self.no_inherit = true;
        self
    }

    /// Checks new rows only; `validate_constraint` checks the others later, without blocking
    /// writes.
    pub fn not_valid(&mut self) -> &mut Self {
        self.not_valid = true;
        self
    }
}

impl Constraint for Check {
    fn verb(&self) -> &'static str {
        "add_check"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        // Which columns it is about is known to PostgreSQL only.
        let hash = crate::name::short_hash(self.condition.sql());
        crate::generated_name([table.name.as_str(), &hash, "check"])
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("CHECK").parenthesized(|sql| {
            sql.expression(&self.condition);
        });
        sql.flag(self.no_inherit, "NO INHERIT").flag(self.not_valid, "NOT VALID");
    }
}
