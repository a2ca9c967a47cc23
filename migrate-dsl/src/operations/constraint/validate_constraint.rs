//! [`ALTER TABLE … VALIDATE CONSTRAINT`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

/// Checks the rows that were there before a constraint.
#[derive(Debug, Clone)]
pub struct ValidateConstraint {
    table: Name,
    name: Identifier,
}

impl Pgm {
    /// Checks the rows that were there before a constraint which was added with `not_valid`,
    /// while others go on writing.
    ///
    /// On the inverse the constraint is added again as `NOT VALID`, if it was that before.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.validate_constraint("posts", "lat_on_earth");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" VALIDATE CONSTRAINT "lat_on_earth";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: constraint `lat_on_earth` of `posts`");
    /// ```
    #[track_caller]
    pub fn validate_constraint(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut ValidateConstraint {
        self.record(ValidateConstraint { table: table.into(), name: name.into() })
    }
}

impl Operation for ValidateConstraint {
    fn verb(&self) -> &'static str {
        "validate_constraint"
    }

    fn describe(&self) -> String {
        format!("validate constraint `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table);
            sql.text("VALIDATE CONSTRAINT").identifier(&self.name)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::constraint(&self.table, &self.name)])
    }
}
