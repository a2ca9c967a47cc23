//! [`ALTER PROCEDURE`](https://www.postgresql.org/docs/current/sql-alterprocedure.html).

use super::AlterRoutine;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Changes what is said of a procedure: whose rights it has, its settings. Its body is changed
    /// by [`create_procedure`](Pgm::create_procedure) with `or_replace`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_procedure("forget").security_definer().set("search_path", ["app"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER PROCEDURE "forget" SECURITY DEFINER SET "search_path" TO 'app';"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: procedure `forget`");
    /// ```
    #[track_caller]
    pub fn alter_procedure(&mut self, name: impl Into<Name>) -> &mut AlterRoutine {
        self.record(AlterRoutine::new("alter_procedure", Object::procedure(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn alter_procedure() {
        let plan = plan_text(|pgm| {
            pgm.alter_procedure(("app", "forget")).arguments(["integer"]).security_invoker();
        });
        insta::assert_snapshot!(plan, @r#"ALTER PROCEDURE "app"."forget" (integer) SECURITY INVOKER;"#);
    }

    #[test]
    fn a_procedure_is_no_function() {
        let problems = plan_problems(|pgm| {
            pgm.alter_procedure("forget").immutable();
        });
        insta::assert_snapshot!(problems, @"the procedure `forget` is given what only a function has: volatility, `strict`, parallel safety, costs");
    }
}
