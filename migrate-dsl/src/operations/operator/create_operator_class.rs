//! [`CREATE OPERATOR CLASS`](https://www.postgresql.org/docs/current/sql-createopclass.html).

use super::OperatorClass;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an operator class.
    pub struct CreateOperatorClass(
        name: Name,
        method: Identifier,
        data_type: DataType,
        class: OperatorClass,
    ) {
        default: bool,
        family: Option<Name>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an operator class: what an index method does with a type. Only a superuser can.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_operator_class("abs_ops", "hash", "integer", |c| {
    ///         c.operator(1, "==");
    ///         c.function(1, "hash_abs").arguments(["integer"]);
    ///     })
    ///     .family("integer_ops");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE OPERATOR CLASS \"abs_ops\" FOR TYPE integer USING \"hash\" FAMILY \"integer_ops\" \
    ///      AS OPERATOR 1 ==, FUNCTION 1 \"hash_abs\" (integer);"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP OPERATOR CLASS "abs_ops" USING "hash";"#);
    /// ```
    #[track_caller]
    pub fn create_operator_class<R>(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
        data_type: impl Into<DataType>,
        describe: impl FnOnce(&mut OperatorClass) -> R,
    ) -> &mut CreateOperatorClass {
        self.record(CreateOperatorClass::new(
            name.into(),
            method.into(),
            data_type.into(),
            OperatorClass::described(describe),
        ))
    }
}

options! { CreateOperatorClass {
    /// Is the one that an index takes where none is said.
    pub fn default(&mut self) { self.default = true }

    /// Puts it into a family that is there. Without it, it goes into the one of its own name,
    /// which PostgreSQL creates if it is not there.
    pub fn family(&mut self, family: impl Into<Name>) { self.family = Some(family.into()) }

    /// The comment that tools show beside the operator class.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateOperatorClass {
    fn object(&self) -> Object {
        Object::operator_class(&self.name, self.method.clone())
    }
}

impl Operation for CreateOperatorClass {
    fn verb(&self) -> &'static str {
        "create_operator_class"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE OPERATOR CLASS").name(&self.name).flag(self.default, "DEFAULT");
            sql.text("FOR TYPE").data_type(&self.data_type);
            sql.text("USING").identifier(&self.method);
            if let Some(family) = &self.family {
                sql.text("FAMILY").name(family);
            }
            if self.class.items.is_empty() {
                sql.problem(format!(
                    "the operator class `{}` is empty: give it an `operator` or a `function`",
                    self.name
                ));
            }
            self.class.write(sql.text("AS"));
            sql
        });
        phrases::commented(create, &self.object(), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        if self.family.is_some() {
            return Inverse::by(phrases::drop_object(&self.object(), false, false));
        }
        // Whether the family of its name is older, only the catalog knows.
        let family = Object::operator_family(&self.name, self.method.clone());
        Inverse::capture([self.object(), family])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_operator_class(("app", "abs_ops"), "gist", ("app", "Mood"), |c| {
                c.operator(1, ("app", "<<")).types("integer", "bigint");
                c.operator(15, "<->").order_by(("pg_catalog", "float_ops"));
                c.function(1, "compare");
                c.function(2, ("app", "f")).types("integer", "bigint").arguments(["internal"]);
                c.storage("bigint");
            })
            .default()
            .family(("app", "families"))
            .comment("it's new");
            pgm.create_operator_class("own_ops", "btree", "integer", |c| _ = c.operator(0, "<"));
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OPERATOR CLASS "app"."abs_ops" DEFAULT FOR TYPE "app"."Mood" USING "gist" FAMILY "app"."families" AS OPERATOR 1 "app".<< (integer, bigint), OPERATOR 15 <-> FOR ORDER BY "pg_catalog"."float_ops", FUNCTION 1 "compare", FUNCTION 2 (integer, bigint) "app"."f" ("internal"), STORAGE bigint;
        COMMENT ON OPERATOR CLASS "app"."abs_ops" USING "gist" IS 'it''s new';
        CREATE OPERATOR CLASS "own_ops" FOR TYPE integer USING "btree" AS OPERATOR 0 <;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- as it was: operator class `own_ops` of `btree`, operator family `own_ops` of `btree`
        DROP OPERATOR CLASS "app"."abs_ops" USING "gist";
        "#);
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_operator_class("a", "btree", "integer", |_| {});
            pgm.create_operator_class("b", "btree", "integer", |c| _ = c.operator(1, "lt"));
        });
        insta::assert_snapshot!(problems, @"
        the operator class `a` is empty: give it an `operator` or a `function`
        `lt` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?
        ");
    }
}
