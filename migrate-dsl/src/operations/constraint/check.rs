//! [Check constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS).

use super::{AddConstraint, Constraint};
use crate::operations::macros::{operation, options};
use crate::{Expression, Identifier, IntoExpression, Name, Pgm, Writer, expr};

operation! {
    /// `CHECK (lat BETWEEN -90 AND 90)`.
    pub struct Check(condition: Expression) {
        name: Option<Identifier>,
        no_inherit: bool,
        not_valid: bool,
        not_enforced: bool,
        comment: Option<String>,
    }
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

options! { Check {
    /// Names the constraint.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Leaves out tables that inherit from this one.
    pub fn no_inherit(&mut self) { self.no_inherit = true }

    /// Checks new rows only; `validate_constraint` checks the others later, without blocking
    /// writes.
    pub fn not_valid(&mut self) { self.not_valid = true }

    /// Checks no rows at all: a word to those who read the schema; from PostgreSQL 18.
    pub fn not_enforced(&mut self) { self.not_enforced = true }

    /// The comment that tools show beside the constraint.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Constraint for Check {
    fn verb(&self) -> &'static str {
        "add_check"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
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
        if self.not_enforced {
            sql.text("NOT ENFORCED").requires(18, "not_enforced");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_check("posts", "few", "likes < 10")
                .no_inherit()
                .not_valid()
                .comment("it's few");
            pgm.add_check("posts", "many", "likes > 10").not_enforced();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ADD CONSTRAINT "few" CHECK (likes < 10) NO INHERIT NOT VALID;
        COMMENT ON CONSTRAINT "few" ON "posts" IS 'it''s few';
        ALTER TABLE "posts" ADD CONSTRAINT "many" CHECK (likes > 10) NOT ENFORCED;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "posts" DROP CONSTRAINT "many";
        ALTER TABLE "posts" DROP CONSTRAINT "few";
        "#);
    }
}
