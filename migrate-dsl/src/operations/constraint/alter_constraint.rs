//! [`ALTER TABLE … ALTER CONSTRAINT`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes when a constraint is checked, and for which tables.
    pub struct AlterConstraint(table: Name, name: Identifier) {
        deferrable: Choice<bool>,
        initially_deferred: Choice<bool>,
        enforced: Choice<bool>,
        inherit: Choice<bool>,
    }
}

impl Pgm {
    /// Changes when a foreign key is checked, or whether at all; what it refers to never changes.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_constraint("comments", "comments_post_id_fkey").initially_deferred();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TABLE "comments" ALTER CONSTRAINT "comments_post_id_fkey" DEFERRABLE INITIALLY DEFERRED;"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: constraint `comments_post_id_fkey` of `comments`");
    /// ```
    #[track_caller]
    pub fn alter_constraint(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut AlterConstraint {
        self.record(AlterConstraint::new(table.into(), name.into()))
    }
}

options! { AlterConstraint {
    /// Checks at the end of each statement, whatever the transaction says.
    pub fn not_deferrable(&mut self) { self.deferrable.set("not_deferrable", false) }

    /// Checks at the end of each statement, unless the transaction says otherwise.
    pub fn initially_immediate(&mut self) {
        self.initially_deferred.set("initially_immediate", false)
    }

    /// Checks all rows, from now on and now; from PostgreSQL 18.
    pub fn enforced(&mut self) { self.enforced.set("enforced", true) }

    /// Checks no rows any more; from PostgreSQL 18.
    pub fn not_enforced(&mut self) { self.enforced.set("not_enforced", false) }

    /// Holds for tables that inherit from this one too; of a not-null constraint, from
    /// PostgreSQL 18.
    pub fn inherit(&mut self) { self.inherit.set("inherit", true) }

    /// Leaves out tables that inherit from this one; of a not-null constraint, from
    /// PostgreSQL 18.
    pub fn no_inherit(&mut self) { self.inherit.set("no_inherit", false) }
}}

impl AlterConstraint {
    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) -> &mut Self {
        if *self.deferrable != Some(true) {
            self.deferrable.set("deferrable", true);
        }
        self
    }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) -> &mut Self {
        if *self.deferrable != Some(true) {
            self.deferrable.set("initially_deferred", true);
        }
        self.initially_deferred.set("initially_deferred", true);
        self
    }

    fn alter(&self, write: impl FnOnce(&mut Writer) -> &mut Writer) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table);
            sql.text("ALTER CONSTRAINT").identifier(&self.name);
            write(sql)
        })
    }
}

impl Operation for AlterConstraint {
    fn verb(&self) -> &'static str {
        "alter_constraint"
    }

    fn describe(&self) -> String {
        format!("alter constraint `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let checked = [
            self.deferrable.map(|yes| if yes { "DEFERRABLE" } else { "NOT DEFERRABLE" }),
            self.initially_deferred
                .map(|yes| if yes { "INITIALLY DEFERRED" } else { "INITIALLY IMMEDIATE" }),
            self.enforced.map(|yes| if yes { "ENFORCED" } else { "NOT ENFORCED" }),
        ];
        let changes_checks = checked.iter().any(Option::is_some);
        if changes_checks || self.inherit.is_none() {
            statements.push(self.alter(|sql| {
                sql.choice(&self.deferrable);
                sql.choice(&self.initially_deferred);
                sql.choice(&self.enforced);
                checked.into_iter().flatten().for_each(|words| _ = sql.text(words));
                if let Some(enforced) = *self.enforced {
                    sql.requires(18, if enforced { "enforced" } else { "not_enforced" });
                }
                if !changes_checks {
                    sql.problem(format!(
                        "`alter_constraint` changes nothing about `{}`",
                        self.name
                    ));
                }
                sql
            }));
        }
        // PostgreSQL takes it alone only.
        if let Some(inherit) = *self.inherit {
            let (words, option) = match inherit {
                true => ("INHERIT", "inherit"),
                false => ("NO INHERIT", "no_inherit"),
            };
            statements
                .push(self.alter(|sql| sql.choice(&self.inherit).text(words).requires(18, option)));
        }
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::constraint(&self.table, &self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_constraint("a", "b").deferrable().initially_immediate().not_enforced();
            pgm.alter_constraint("a", "c").not_deferrable().enforced();
            pgm.alter_constraint("a", "d").initially_deferred();
            pgm.alter_constraint("a", "e").inherit();
            pgm.alter_constraint("a", "f").no_inherit();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE "a" ALTER CONSTRAINT "b" DEFERRABLE INITIALLY IMMEDIATE NOT ENFORCED;
        ALTER TABLE "a" ALTER CONSTRAINT "c" NOT DEFERRABLE ENFORCED;
        ALTER TABLE "a" ALTER CONSTRAINT "d" DEFERRABLE INITIALLY DEFERRED;
        ALTER TABLE "a" ALTER CONSTRAINT "e" INHERIT;
        ALTER TABLE "a" ALTER CONSTRAINT "f" NO INHERIT;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_constraint("a", "b"));
        insta::assert_snapshot!(problems, @"`alter_constraint` changes nothing about `b`");
    }
}
