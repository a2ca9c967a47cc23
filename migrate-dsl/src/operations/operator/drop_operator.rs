//! [`DROP OPERATOR`](https://www.postgresql.org/docs/current/sql-dropoperator.html).

use super::sides::{Sides, sides};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Inverse, Name, Operation, Pgm, Statement};

operation! {
    /// Drops an operator.
    pub struct DropOperator(name: Name) {
        sides: Sides,
        if_exists: bool,
        cascade: bool,
    }
}

sides!(DropOperator);

impl Pgm {
    /// Drops an operator; its function stays.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.drop_operator("===").leftarg("text").rightarg("text");
    /// });
    /// assert_eq!(plan, "DROP OPERATOR === (text, text);");
    /// ```
    #[track_caller]
    pub fn drop_operator(&mut self, name: impl Into<Name>) -> &mut DropOperator {
        self.record(DropOperator::new(name.into()))
    }
}

options! { DropOperator {
    /// Does nothing if there is no such operator.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on it too: views, indexes, operator classes.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for DropOperator {
    fn verb(&self) -> &'static str {
        "drop_operator"
    }

    fn describe(&self) -> String {
        format!("drop {}", self.sides.object(&self.name))
    }

    fn statements(&self) -> Vec<Statement> {
        let operator = self.sides.object(&self.name);
        vec![phrases::drop_object(&operator, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([self.sides.object(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_operator() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_operator(("app", "@-")).rightarg("integer").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP OPERATOR IF EXISTS "app".@- (NONE, integer) CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: operator `app.@- (none, integer)`");
    }

    #[test]
    fn what_is_no_operator() {
        let problems = plan_problems(|pgm| _ = pgm.drop_operator("minus").rightarg("integer"));
        insta::assert_snapshot!(problems, @"`minus` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?");
    }
}
