//! [`CREATE FUNCTION`](https://www.postgresql.org/docs/current/sql-createfunction.html).

use super::Routine;
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

/// Creates a function.
pub struct CreateFunction {
    name: Name,
    routine: Routine,
    or_replace: bool,
    comment: Option<String>,
}

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
    ) -> &mut CreateFunction {
        self.record(CreateFunction {
            name: name.into(),
            routine: Routine::described(describe),
            or_replace: false,
            comment: None,
        })
    }
}

impl CreateFunction {
    /// Takes the place of a function that is there; then `down` cannot know what it was before, and
    /// does not drop it.
    pub fn or_replace(&mut self) -> &mut Self {
        self.or_replace = true;
        self
    }

    /// The comment that tools show beside the function.
    pub fn comment(&mut self, text: impl Into<String>) -> &mut Self {
        self.comment = Some(text.into());
        self
    }
}

impl Operation for CreateFunction {
    fn verb(&self) -> &'static str {
        "create_function"
    }

    fn describe(&self) -> String {
        format!("create function `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = self.routine.create("FUNCTION", &self.name, self.or_replace);
        let comment = self.comment.as_ref().map(|comment| {
            Writer::statement(|sql| {
                sql.text("COMMENT ON");
                self.routine.write_signature(sql, "FUNCTION", &self.name);
                sql.text("IS").literal(comment)
            })
        });
        [create].into_iter().chain(comment).collect()
    }

    fn inverse(&self) -> Inverse {
        if self.or_replace {
            return Inverse::maybe_older("or_replace", format_args!("`{}`", self.name));
        }
        Inverse::by(Writer::statement(|sql| {
            sql.text("DROP");
            self.routine.write_signature(sql, "FUNCTION", &self.name);
            sql
        }))
    }

    fn hints(&self) -> Vec<String> {
        self.routine.hints()
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
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be taken back: with `or_replace`, `app.search` may have been there before");
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
    fn a_function_has_a_body() {
        let problems = plan_problems(|pgm| {
            pgm.create_function("f", |f| _ = f.returns("integer"));
        });
        insta::assert_snapshot!(problems, @"`f` has no body: give it one with `sql`, `plpgsql`, `body`, `return_expr` or `atomic`");
    }
}
