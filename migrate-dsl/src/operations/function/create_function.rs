//! [`CREATE FUNCTION`](https://www.postgresql.org/docs/current/sql-createfunction.html).

use super::{CreateRoutine, Routine};
use crate::{Name, Pgm};

impl Pgm {
    /// Creates a function: its arguments, result and body are said of the `f` that `describe` gets.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_function("add", |f| {
    ///         f.argument("a", "integer");
    ///         f.argument("b", "integer").default(0);
    ///         f.returns("integer").immutable().strict().sql("SELECT a + b");
    ///     });
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE FUNCTION \"add\" (\"a\" integer, \"b\" integer DEFAULT 0) RETURNS integer \
    ///      LANGUAGE \"sql\" IMMUTABLE STRICT AS $$SELECT a + b$$;"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "DROP FUNCTION \"add\" (integer, integer);");
    /// ```
    #[track_caller]
    pub fn create_function<R>(
        &mut self,
        name: impl Into<Name>,
        describe: impl FnOnce(&mut Routine) -> R,
    ) -> &mut CreateRoutine {
        self.record(CreateRoutine::function(name.into(), Routine::described(describe)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{DataType, Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_function(("app", "search"), |f| {
                f.argument("words", DataType::text().array()).variadic();
                f.argument("total", "bigint").out();
                f.returns_setof("bigint");
                f.stable().leakproof().parallel_safe().cost(1).rows(10);
                f.security_definer().set("search_path", ["app", "it's"]).set("work_mem", ["64MB"]);
                f.plpgsql("BEGIN RETURN QUERY EXECUTE $$SELECT 1$$; END");
            })
            .or_replace()
            .comment("finds posts");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OR REPLACE FUNCTION "app"."search" (VARIADIC "words" text[], OUT "total" bigint) RETURNS SETOF bigint LANGUAGE "plpgsql" STABLE LEAKPROOF PARALLEL SAFE COST 1 ROWS 10 SECURITY DEFINER SET "search_path" TO 'app', 'it''s' SET "work_mem" TO '64MB' AS $body$BEGIN RETURN QUERY EXECUTE $$SELECT 1$$; END$body$;
        COMMENT ON FUNCTION "app"."search" (VARIADIC text[]) IS 'finds posts';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: function `app.search`");
    }

    #[test]
    fn bodies_of_the_sql_standard() {
        let up = |pgm: &mut Pgm| {
            pgm.create_function("twice", |f| {
                f.argument("n", "integer").inout();
                f.return_expr("n * 2");
            });
            pgm.create_function("listed", |f| {
                f.returns_table(|t| {
                    t.bigint("id");
                    t.text("title");
                });
                f.atomic("SELECT 1, 'a;b'; -- first\n SELECT 2, 'b'");
            });
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE FUNCTION "twice" (INOUT "n" integer) RETURN n * 2;
        CREATE FUNCTION "listed" () RETURNS TABLE ("id" bigint, "title" text) BEGIN ATOMIC SELECT 1, 'a;b'; SELECT 2, 'b'; END;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP FUNCTION "listed" ();
        DROP FUNCTION "twice" (INOUT integer);
        "#);
    }

    #[test]
    fn functions_of_other_languages() {
        let plan = plan_text(|pgm| {
            pgm.create_function("nth", |f| {
                f.unnamed_argument("bigint").default(0);
                f.returns("bigint").window().security_invoker();
                f.called_on_null_input().not_leakproof().volatile().parallel_unsafe();
                f.c("$libdir/it's", "nth_value");
            });
            pgm.create_function("keys", |f| {
                f.argument("of", "hstore");
                f.returns(DataType::text().array()).immutable().strict().parallel_restricted();
                f.transform("hstore").transform(("app", "point"));
                f.support(("app", "helper")).set_from_current("search_path");
                f.body("plpython3u", "return list(of)");
            });
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE FUNCTION "nth" (bigint DEFAULT 0) RETURNS bigint LANGUAGE c WINDOW SECURITY INVOKER CALLED ON NULL INPUT NOT LEAKPROOF VOLATILE PARALLEL UNSAFE AS '$libdir/it''s', 'nth_value';
        CREATE FUNCTION "keys" ("of" "hstore") RETURNS text[] LANGUAGE "plpython3u" TRANSFORM FOR TYPE "hstore", FOR TYPE "app"."point" IMMUTABLE STRICT PARALLEL RESTRICTED SUPPORT "app"."helper" SET "search_path" FROM CURRENT AS $$return list(of)$$;
        "#);
    }

    #[test]
    fn a_function_has_a_body() {
        let problems = plan_problems(|pgm| {
            pgm.create_function("f", |f| _ = f.returns("integer"));
        });
        insta::assert_snapshot!(problems, @"`f` has no body: give it one with `sql`, `plpgsql`, `body`, `return_expr` or `atomic`");
    }
}
