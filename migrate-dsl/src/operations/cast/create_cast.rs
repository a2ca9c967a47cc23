//! [`CREATE CAST`](https://www.postgresql.org/docs/current/sql-createcast.html).

use crate::choice::Choice;
use crate::operations::function::Signature;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a cast.
    pub struct CreateCast(source: DataType, target: DataType) {
        manner: Choice<Manner>,
        arguments: Option<Vec<DataType>>,
        context: Choice<&'static str>,
        comment: Option<String>,
    }
}

#[derive(Debug, Clone)]
enum Manner {
    Function(Name),
    Words(&'static str),
}

impl Pgm {
    /// Creates a cast from one type to another, of which one has to be the author's own.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_cast("text", "mood").with_inout().as_assignment();
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE CAST (text AS "mood") WITH INOUT AS ASSIGNMENT;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP CAST (text AS "mood");"#);
    /// ```
    #[track_caller]
    pub fn create_cast(
        &mut self,
        source: impl Into<DataType>,
        target: impl Into<DataType>,
    ) -> &mut CreateCast {
        self.record(CreateCast::new(source.into(), target.into()))
    }
}

options! { CreateCast {
    /// Converts by this function.
    pub fn with_function(&mut self, function: impl Into<Name>) {
        self.manner.set("with_function", Manner::Function(function.into()))
    }

    /// Takes the bytes of the one for the other, as they are; only a superuser can say so.
    pub fn without_function(&mut self) {
        self.manner.set("without_function", Manner::Words("WITHOUT FUNCTION"))
    }

    /// Writes the one as text and reads the text as the other.
    pub fn with_inout(&mut self) { self.manner.set("with_inout", Manner::Words("WITH INOUT")) }

    /// Is made without being asked for where a value is stored in a column of the other type.
    pub fn as_assignment(&mut self) { self.context.set("as_assignment", "AS ASSIGNMENT") }

    /// Is made without being asked for wherever it helps.
    pub fn as_implicit(&mut self) { self.context.set("as_implicit", "AS IMPLICIT") }

    /// The comment that tools show beside the cast.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateCast {
    /// The types of the arguments of [`with_function`](Self::with_function), where several
    /// functions share the name.
    pub fn arguments<T: Into<DataType>>(
        &mut self,
        types: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.arguments = Some(types.into_iter().map(Into::into).collect());
        self
    }

    fn object(&self) -> Object {
        Object::cast(self.source.clone(), self.target.clone())
    }
}

impl Operation for CreateCast {
    fn verb(&self) -> &'static str {
        "create_cast"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.manner);
            sql.choice(&self.context);
            self.object().write(sql.text("CREATE"));
            match self.manner.as_ref() {
                Some(Manner::Words(words)) => _ = sql.text(words),
                Some(Manner::Function(name)) => {
                    let arguments = self.arguments.clone();
                    let function = Signature { name: name.clone(), arguments };
                    function.write(sql.text("WITH FUNCTION"));
                }
                None => {
                    sql.problem(format!(
                        "the {} requires a method: add `with_function`, \
                         `without_function` or `with_inout`",
                        self.object()
                    ));
                }
            }
            match *self.context {
                Some(context) => sql.text(context),
                None => sql,
            }
        });
        phrases::commented(create, &self.object(), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop_object(&self.object(), false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_cast("bigint", ("app", "Mood"))
                .with_function(("app", "to_mood"))
                .arguments(["bigint"])
                .as_implicit()
                .comment("it's a number");
            pgm.create_cast("mood", "text").without_function();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE CAST (bigint AS "app"."Mood") WITH FUNCTION "app"."to_mood" (bigint) AS IMPLICIT;
        COMMENT ON CAST (bigint AS "app"."Mood") IS 'it''s a number';
        CREATE CAST ("mood" AS text) WITHOUT FUNCTION;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP CAST ("mood" AS text);
        DROP CAST (bigint AS "app"."Mood");
        "#);
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| _ = pgm.create_cast("text", "bigint"));
        insta::assert_snapshot!(problems, @"the cast from `text` to `bigint` requires a method: add `with_function`, `without_function` or `with_inout`");
    }
}
