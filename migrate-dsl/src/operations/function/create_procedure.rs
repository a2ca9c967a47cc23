//! [`CREATE PROCEDURE`](https://www.postgresql.org/docs/current/sql-createprocedure.html).

use super::{CreateRoutine, Routine};
use crate::{Name, Pgm};

impl Pgm {
    /// Creates a procedure, which is called with `CALL` and may end transactions; its arguments
    /// and body are said of the `f` that `describe` gets.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_procedure("forget", |f| {
    ///         f.argument("days", "integer");
    ///         f.sql("DELETE FROM visits WHERE at < now() - make_interval(days => days)");
    ///     });
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE PROCEDURE \"forget\" (\"days\" integer) LANGUAGE \"sql\" \
    ///      AS $$DELETE FROM visits WHERE at < now() - make_interval(days => days)$$;"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "DROP PROCEDURE \"forget\" (integer);");
    /// ```
    #[track_caller]
    pub fn create_procedure<R>(
        &mut self,
        name: impl Into<Name>,
        describe: impl FnOnce(&mut Routine) -> R,
    ) -> &mut CreateRoutine {
        self.record(CreateRoutine::procedure(name.into(), Routine::described(describe)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn the_modes_of_arguments_tell_procedures_apart() {
        let up = |pgm: &mut Pgm| {
            pgm.create_procedure(("app", "count"), |f| {
                f.argument("kind", "text");
                f.argument("found", "bigint").out();
                f.argument("seen", "bigint").inout();
                f.plpgsql("BEGIN found := 0; END");
            })
            .comment("how many");
            pgm.create_procedure("log", |f| {
                _ = f.sql("SELECT 1").security_definer().set("a.b", [""])
            })
            .or_replace();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE PROCEDURE "app"."count" ("kind" text, OUT "found" bigint, INOUT "seen" bigint) LANGUAGE "plpgsql" AS $$BEGIN found := 0; END$$;
        COMMENT ON PROCEDURE "app"."count" (text, OUT bigint, INOUT bigint) IS 'how many';
        CREATE OR REPLACE PROCEDURE "log" () LANGUAGE "sql" SECURITY DEFINER SET "a.b" TO '' AS $$SELECT 1$$;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- as it was: procedure `log`
        DROP PROCEDURE "app"."count" (text, OUT bigint, INOUT bigint);
        "#);
    }

    #[test]
    fn a_procedure_is_no_function() {
        let problems = plan_problems(|pgm| {
            pgm.create_procedure("p", |f| _ = f.returns("integer").sql("SELECT 1"));
        });
        insta::assert_snapshot!(problems, @"the procedure `p` is given what only a function has: a result, volatility, `strict`, parallel safety, costs");
    }
}
