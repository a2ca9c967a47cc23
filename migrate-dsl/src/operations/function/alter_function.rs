//! [`ALTER FUNCTION`](https://www.postgresql.org/docs/current/sql-alterfunction.html).

use super::AlterRoutine;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Changes what is said of a function: its volatility, its costs, its settings. Its body is
    /// changed by [`create_function`](Pgm::create_function) with `or_replace`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_function("slug").arguments(["text"]).immutable().parallel_safe();
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER FUNCTION "slug" (text) IMMUTABLE PARALLEL SAFE;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: function `slug`");
    /// ```
    #[track_caller]
    pub fn alter_function(&mut self, name: impl Into<Name>) -> &mut AlterRoutine {
        self.record(AlterRoutine::new("alter_function", Object::function(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_function(("app", "f"))
                .no_arguments()
                .stable()
                .strict()
                .leakproof()
                .parallel_restricted()
                .cost(0.5)
                .rows(0)
                .support("helper")
                .security_definer()
                .set("search_path", ["app", "it's"])
                .set_from_current("work_mem")
                .reset("TimeZone");
            pgm.alter_function("g").volatile().called_on_null_input().not_leakproof();
            pgm.alter_function("g").parallel_unsafe().security_invoker().reset_all();
            pgm.alter_function("h")
                .immutable()
                .parallel_safe()
                .depends_on_extension("hstore")
                .no_depends_on_extension("pg_trgm");
            pgm.alter_function("h").depends_on_extension("hstore");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER FUNCTION "app"."f" () STABLE STRICT LEAKPROOF PARALLEL RESTRICTED COST 0.5 ROWS 0 SUPPORT "helper" SECURITY DEFINER SET "search_path" TO 'app', 'it''s' SET "work_mem" FROM CURRENT RESET "TimeZone";
        ALTER FUNCTION "g" VOLATILE CALLED ON NULL INPUT NOT LEAKPROOF;
        ALTER FUNCTION "g" PARALLEL UNSAFE SECURITY INVOKER RESET ALL;
        ALTER FUNCTION "h" IMMUTABLE PARALLEL SAFE;
        ALTER FUNCTION "h" DEPENDS ON EXTENSION "hstore";
        ALTER FUNCTION "h" NO DEPENDS ON EXTENSION "pg_trgm";
        ALTER FUNCTION "h" DEPENDS ON EXTENSION "hstore";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: function `h`
        -- as it was: function `h`
        -- as it was: function `g`
        -- as it was: function `g`
        -- as it was: function `app.f`
        ");
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.alter_function("f");
            pgm.alter_function("f").cost(f64::NAN).rows(-1).set::<&str>("work_mem", []);
        });
        insta::assert_snapshot!(problems, @"
        `alter_function` changes nothing about function `f`
        `cost` takes a number from 0 on
        `rows` takes a number from 0 on
        `set` gives `work_mem` no value
        ");
    }
}
