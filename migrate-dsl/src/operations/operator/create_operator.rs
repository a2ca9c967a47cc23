//! [`CREATE OPERATOR`](https://www.postgresql.org/docs/current/sql-createoperator.html).

use super::sides::{Sides, sides};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an operator.
    pub struct CreateOperator(name: Name, function: Name) {
        sides: Sides,
        commutator: Option<Name>,
        negator: Option<Name>,
        restrict: Option<Name>,
        join: Option<Name>,
        hashes: bool,
        merges: bool,
        comment: Option<String>,
    }
}

sides!(CreateOperator);

impl Pgm {
    /// Creates an operator, which calls a function with what stands on its sides. Its name
    /// consists of the characters ``+ - * / < > = ~ ! @ # % ^ & | ` ?``.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_operator("===", "same").leftarg("text").rightarg("text").commutator("===");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE OPERATOR === (FUNCTION = "same", LEFTARG = text, RIGHTARG = text, COMMUTATOR = ===);"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "DROP OPERATOR === (text, text);");
    /// ```
    #[track_caller]
    pub fn create_operator(
        &mut self,
        name: impl Into<Name>,
        function: impl Into<Name>,
    ) -> &mut CreateOperator {
        self.record(CreateOperator::new(name.into(), function.into()))
    }
}

options! { CreateOperator {
    /// The operator that gives the same with its sides swapped, as `>` does for `<`. PostgreSQL
    /// notes one that is not there yet as still to come, also when this one is dropped again.
    pub fn commutator(&mut self, operator: impl Into<Name>) {
        self.commutator = Some(operator.into())
    }

    /// The operator that gives the opposite, as `<>` does for `=`; for one that is not there yet,
    /// see [`commutator`](Self::commutator).
    pub fn negator(&mut self, operator: impl Into<Name>) {
        self.negator = Some(operator.into())
    }

    /// The function that estimates how many rows it leaves, such as `eqsel`.
    pub fn restrict(&mut self, function: impl Into<Name>) {
        self.restrict = Some(function.into())
    }

    /// The function that estimates how many rows a join by it gives, such as `eqjoinsel`.
    pub fn join(&mut self, function: impl Into<Name>) { self.join = Some(function.into()) }

    /// Can be used for a hash join.
    pub fn hashes(&mut self) { self.hashes = true }

    /// Can be used for a merge join.
    pub fn merges(&mut self) { self.merges = true }

    /// The comment that tools show beside the operator.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateOperator {
    fn verb(&self) -> &'static str {
        "create_operator"
    }

    fn describe(&self) -> String {
        format!("create {}", self.sides.object(&self.name))
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE OPERATOR").operator(&self.name).parenthesized(|sql| {
                sql.text("FUNCTION =").name(&self.function);
                for (side, data_type) in
                    [("LEFTARG =", &self.sides.left), ("RIGHTARG =", &self.sides.right)]
                {
                    if let Some(data_type) = data_type {
                        sql.glued(",").text(side).data_type(data_type);
                    }
                }
                for (option, operator) in
                    [("COMMUTATOR =", &self.commutator), ("NEGATOR =", &self.negator)]
                {
                    if let Some(operator) = operator {
                        sql.glued(",").text(option).operator_reference(operator);
                    }
                }
                for (option, function) in [("RESTRICT =", &self.restrict), ("JOIN =", &self.join)] {
                    if let Some(function) = function {
                        sql.glued(",").text(option).name(function);
                    }
                }
                for (flag, given) in [("HASHES", self.hashes), ("MERGES", self.merges)] {
                    if given {
                        sql.glued(",").text(flag);
                    }
                }
            });
            self.sides.note_problem(sql, &self.name);
            sql
        });
        let operator = self.sides.object(&self.name);
        phrases::commented(create, &operator, self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop_object(&self.sides.object(&self.name), false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_operator(("app", "=="), ("app", "same"))
                .leftarg("text")
                .rightarg(("app", "Mood"))
                .commutator(("app", "=="))
                .negator("!==")
                .restrict("eqsel")
                .join(("pg_catalog", "eqjoinsel"))
                .hashes()
                .merges()
                .comment("it's the same");
            pgm.create_operator("@-", "minus").rightarg("integer");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OPERATOR "app".== (FUNCTION = "app"."same", LEFTARG = text, RIGHTARG = "app"."Mood", COMMUTATOR = OPERATOR ("app".==), NEGATOR = !==, RESTRICT = "eqsel", JOIN = "pg_catalog"."eqjoinsel", HASHES, MERGES);
        COMMENT ON OPERATOR "app".== (text, "app"."Mood") IS 'it''s the same';
        CREATE OPERATOR @- (FUNCTION = "minus", RIGHTARG = integer);
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP OPERATOR @- (NONE, integer);
        DROP OPERATOR "app".== (text, "app"."Mood");
        "#);
    }

    #[test]
    fn what_is_no_operator() {
        let up = |pgm: &mut Pgm| {
            pgm.create_operator("= (int, int); DROP TABLE posts --", "same").rightarg("int");
            pgm.create_operator("same", "same").rightarg("int").negator("<\"");
            pgm.create_operator("==", "same").leftarg("int");
        };
        insta::assert_snapshot!(plan_problems(up), @r#"
        `= (int, int); DROP TABLE posts --` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?
        `same` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?
        `<"` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?
        operator `==` requires `rightarg`
        "#);
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OPERATOR "= (int, int); DROP TABLE posts --" (FUNCTION = "same", RIGHTARG = int);
        CREATE OPERATOR "same" (FUNCTION = "same", RIGHTARG = int, NEGATOR = "<""");
        CREATE OPERATOR == (FUNCTION = "same", LEFTARG = int);
        "#);
    }
}
