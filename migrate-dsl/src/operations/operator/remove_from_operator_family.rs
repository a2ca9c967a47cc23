//! [`ALTER OPERATOR FAMILY … DROP`](https://www.postgresql.org/docs/current/sql-alteropfamily.html).

use super::items::write_types;
use crate::operations::macros::options;
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

/// Takes operators and functions out of an operator family.
#[derive(Debug, Clone)]
pub struct RemoveFromOperatorFamily {
    name: Name,
    method: Identifier,
    removed: OperatorFamilyNumbers,
}

/// What is taken out of an operator family: the `f` in
/// `pgm.remove_from_operator_family("abs_ops", "btree", |f| ..)`.
#[derive(Debug, Clone, Default)]
pub struct OperatorFamilyNumbers(Vec<(&'static str, u16, (DataType, DataType))>);

impl Pgm {
    /// Takes operators and functions out of an operator family, each told by its number and its
    /// types. Only a superuser can.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.remove_from_operator_family("abs_ops", "btree", |f| {
    ///         f.operator(1, "integer", "bigint").function(1, "integer", "bigint");
    ///     });
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER OPERATOR FAMILY \"abs_ops\" USING \"btree\" DROP OPERATOR 1 (integer, bigint), \
    ///      FUNCTION 1 (integer, bigint);"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: operator family `abs_ops` of `btree`");
    /// ```
    #[track_caller]
    pub fn remove_from_operator_family<R>(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
        describe: impl FnOnce(&mut OperatorFamilyNumbers) -> R,
    ) -> &mut RemoveFromOperatorFamily {
        let mut removed = OperatorFamilyNumbers::default();
        describe(&mut removed);
        self.record(RemoveFromOperatorFamily { name: name.into(), method: method.into(), removed })
    }
}

options! { OperatorFamilyNumbers {
    /// The operator for a strategy between these types.
    pub fn operator(
        &mut self,
        strategy: u16,
        left: impl Into<DataType>,
        right: impl Into<DataType>,
    ) { self.0.push(("OPERATOR", strategy, (left.into(), right.into()))) }

    /// The support function of this number for these types.
    pub fn function(
        &mut self,
        number: u16,
        left: impl Into<DataType>,
        right: impl Into<DataType>,
    ) { self.0.push(("FUNCTION", number, (left.into(), right.into()))) }
}}

impl RemoveFromOperatorFamily {
    fn object(&self) -> Object {
        Object::operator_family(&self.name, self.method.clone())
    }
}

impl Operation for RemoveFromOperatorFamily {
    fn verb(&self) -> &'static str {
        "remove_from_operator_family"
    }

    fn describe(&self) -> String {
        format!("remove from {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            self.object().write(sql.text("ALTER"));
            sql.text("DROP").list(&self.removed.0, |sql, (word, number, types)| {
                sql.text(word).text(&number.to_string());
                write_types(sql, Some(types));
            });
            if self.removed.0.is_empty() {
                sql.problem(format!(
                    "removing from `{}` requires an `operator` or a `function`",
                    self.name
                ));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([self.object()])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn remove_from_operator_family() {
        let plan = plan_text(|pgm| {
            pgm.remove_from_operator_family(("app", "abs_ops"), "gist", |f| {
                f.function(8, "point", ("app", "Mood"));
            });
        });
        insta::assert_snapshot!(plan, @r#"ALTER OPERATOR FAMILY "app"."abs_ops" USING "gist" DROP FUNCTION 8 (point, "app"."Mood");"#);
    }

    #[test]
    fn something_is_taken_out() {
        let problems = plan_problems(|pgm| {
            pgm.remove_from_operator_family("a", "btree", |_| {});
        });
        insta::assert_snapshot!(problems, @"removing from `a` requires an `operator` or a `function`");
    }
}
