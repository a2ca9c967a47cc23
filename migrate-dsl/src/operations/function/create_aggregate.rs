//! [`CREATE AGGREGATE`](https://www.postgresql.org/docs/current/sql-createaggregate.html).

use super::Aggregate;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an aggregate.
    pub struct CreateAggregate(name: Name, aggregate: Aggregate) {
        or_replace: bool,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an aggregate: its arguments, its state and the functions that work on it are said
    /// of the `a` that `describe` gets.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_aggregate("total", |a| {
    ///         a.argument("n", "integer");
    ///         a.sfunc("int4pl").stype("integer").initcond("0");
    ///     });
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE AGGREGATE "total" ("n" integer) (SFUNC = "int4pl", STYPE = integer, INITCOND = '0');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP AGGREGATE "total" (integer);"#);
    /// ```
    #[track_caller]
    pub fn create_aggregate<R>(
        &mut self,
        name: impl Into<Name>,
        describe: impl FnOnce(&mut Aggregate) -> R,
    ) -> &mut CreateAggregate {
        self.record(CreateAggregate::new(name.into(), Aggregate::described(describe)))
    }
}

options! { CreateAggregate {
    /// Takes the place of one that is there with the same arguments, which is restored by
    /// `down`.
    pub fn or_replace(&mut self) { self.or_replace = true }

    /// The comment that tools show beside the aggregate.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateAggregate {
    fn verb(&self) -> &'static str {
        "create_aggregate"
    }

    fn describe(&self) -> String {
        format!("create aggregate `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE").flag(self.or_replace, "OR REPLACE").text("AGGREGATE");
            self.aggregate.write(sql, &self.name);
            sql
        });
        phrases::commented(create, &self.aggregate.object(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        let aggregate = self.aggregate.object(&self.name);
        if self.or_replace {
            return Inverse::capture([aggregate]);
        }
        Inverse::by(phrases::drop_object(&aggregate, false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::FinalModify;
    use crate::{DataType, Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_aggregate(("app", "total"), |a| {
                a.unnamed_argument("numeric");
                a.sfunc("s").stype("internal").sspace(0);
                a.finalfunc("f").finalfunc_extra().finalfunc_modify(FinalModify::ReadWrite);
                a.combinefunc("c").serialfunc("to_bytes").deserialfunc(("app", "of_bytes"));
                a.initcond("it's");
                a.msfunc("ms").minvfunc("mi").mstype("bigint").msspace(8);
                a.mfinalfunc("mf").mfinalfunc_extra().mfinalfunc_modify(FinalModify::ReadOnly);
                a.minitcond("0").sortop(("app", "<")).parallel_safe();
            })
            .or_replace()
            .comment("of all");
            pgm.create_aggregate("seen", |a| {
                _ = a.sfunc("int8inc").stype("bigint").parallel_unsafe()
            });
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OR REPLACE AGGREGATE "app"."total" (numeric) (SFUNC = "s", STYPE = "internal", SSPACE = 0, FINALFUNC = "f", FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, COMBINEFUNC = "c", SERIALFUNC = "to_bytes", DESERIALFUNC = "app"."of_bytes", INITCOND = 'it''s', MSFUNC = "ms", MINVFUNC = "mi", MSTYPE = bigint, MSSPACE = 8, MFINALFUNC = "mf", MFINALFUNC_EXTRA, MFINALFUNC_MODIFY = READ_ONLY, MINITCOND = '0', SORTOP = OPERATOR ("app".<), PARALLEL = SAFE);
        COMMENT ON AGGREGATE "app"."total" (numeric) IS 'of all';
        CREATE AGGREGATE "seen" (*) (SFUNC = "int8inc", STYPE = bigint, PARALLEL = UNSAFE);
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP AGGREGATE "seen" (*);
        -- as it was: aggregate `app.total`
        "#);
    }

    #[test]
    fn ordered_sets() {
        let up = |pgm: &mut Pgm| {
            pgm.create_aggregate("share", |a| {
                a.argument("fraction", "float8");
                a.order_by("value", "anyelement");
                a.sfunc("s").stype("internal").finalfunc("f");
                a.finalfunc_modify(FinalModify::Shareable).parallel_restricted();
            });
            pgm.create_aggregate("place", |a| {
                a.argument("args", DataType::named("any")).variadic();
                a.order_by("args", DataType::named("any")).variadic();
                a.sfunc("s").stype("internal").hypothetical();
            });
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE AGGREGATE "share" ("fraction" float8 ORDER BY "value" "anyelement") (SFUNC = "s", STYPE = "internal", FINALFUNC = "f", FINALFUNC_MODIFY = SHAREABLE, PARALLEL = RESTRICTED);
        CREATE AGGREGATE "place" (VARIADIC "args" "any" ORDER BY VARIADIC "args" "any") (SFUNC = "s", STYPE = "internal", HYPOTHETICAL);
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP AGGREGATE "place" ("any");
        DROP AGGREGATE "share" (float8, "anyelement");
        "#);
    }

    #[test]
    fn an_aggregate_has_a_state() {
        let problems = plan_problems(|pgm| {
            pgm.create_aggregate("total", |a| _ = a.sortop("; DROP"));
        });
        insta::assert_snapshot!(problems, @"
        `; DROP` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?
        the aggregate `total` has no state: say its `sfunc`
        the aggregate `total` has no state: say its `stype`
        ");
    }
}
