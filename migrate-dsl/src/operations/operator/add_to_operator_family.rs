//! [`ALTER OPERATOR FAMILY … ADD`](https://www.postgresql.org/docs/current/sql-alteropfamily.html).

use super::OperatorClass;
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

/// Adds operators and functions to an operator family.
#[derive(Debug, Clone)]
pub struct AddToOperatorFamily {
    name: Name,
    method: Identifier,
    added: OperatorClass,
}

impl Pgm {
    /// Adds operators and functions to an operator family, such as those between two of its
    /// types; the types of each have to be said. Only a superuser can.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.add_to_operator_family("abs_ops", "btree", |f| {
    ///         f.operator(1, "<").types("integer", "bigint");
    ///         f.function(1, "btint48cmp").types("integer", "bigint");
    ///     });
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER OPERATOR FAMILY \"abs_ops\" USING \"btree\" ADD OPERATOR 1 < (integer, bigint), \
    ///      FUNCTION 1 (integer, bigint) \"btint48cmp\";"
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER OPERATOR FAMILY \"abs_ops\" USING \"btree\" DROP OPERATOR 1 (integer, bigint), \
    ///      FUNCTION 1 (integer, bigint);"
    /// );
    /// ```
    #[track_caller]
    pub fn add_to_operator_family<R>(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
        describe: impl FnOnce(&mut OperatorClass) -> R,
    ) -> &mut AddToOperatorFamily {
        self.record(AddToOperatorFamily {
            name: name.into(),
            method: method.into(),
            added: OperatorClass::described(describe),
        })
    }
}

impl AddToOperatorFamily {
    fn object(&self) -> Object {
        Object::operator_family(&self.name, self.method.clone())
    }
}

impl Operation for AddToOperatorFamily {
    fn verb(&self) -> &'static str {
        "add_to_operator_family"
    }

    fn describe(&self) -> String {
        format!("add to {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            self.object().write(sql.text("ALTER"));
            self.added.write(sql.text("ADD"));
            for problem in self.added.items.iter().filter_map(|item| item.problem_in_a_family()) {
                sql.problem(problem);
            }
            if self.added.items.is_empty() {
                sql.problem(format!(
                    "adding to `{}` requires an `operator` or a `function`",
                    self.name
                ));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(Writer::statement(|sql| {
            self.object().write(sql.text("ALTER"));
            sql.text("DROP").list(&self.added.items, |sql, item| item.write_number(sql))
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_to_operator_family(("app", "abs_ops"), "gist", |f| {
                f.operator(15, ("app", "<->")).types("point", "circle").order_by("float_ops");
                f.function(8, ("app", "far")).types("point", "circle").arguments(["internal"]);
            });
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER OPERATOR FAMILY "app"."abs_ops" USING "gist" ADD OPERATOR 15 "app".<-> (point, circle) FOR ORDER BY "float_ops", FUNCTION 8 (point, circle) "app"."far" ("internal");"#);
        insta::assert_snapshot!(plan_text_down(up), @r#"ALTER OPERATOR FAMILY "app"."abs_ops" USING "gist" DROP OPERATOR 15 (point, circle), FUNCTION 8 (point, circle);"#);
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.add_to_operator_family("a", "btree", |_| {});
            pgm.add_to_operator_family("b", "btree", |f| {
                f.operator(1, "<");
                f.function(1, "compare");
                f.storage("integer");
            });
        });
        insta::assert_snapshot!(problems, @"
        adding to `a` requires an `operator` or a `function`
        operator 1 requires `types`
        function 1 requires `types`
        `storage` belongs to an operator class, not to a family
        ");
    }
}
