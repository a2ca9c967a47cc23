//! [`CREATE TYPE … AS ENUM`](https://www.postgresql.org/docs/current/sql-createtype.html#SQL-CREATETYPE-ENUM).

use super::write_enum_value;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an enum.
    pub struct CreateEnum(name: Name, values: Vec<String>) {
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an enum: a type with these values, in this order. Values can be added and renamed
    /// later, not removed.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_enum("mood", ["sad", "ok", "happy"]);
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE TYPE "mood" AS ENUM ('sad', 'ok', 'happy');"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TYPE "mood";"#);
    /// ```
    #[track_caller]
    pub fn create_enum<V: Into<String>>(
        &mut self,
        name: impl Into<Name>,
        values: impl IntoIterator<Item = V>,
    ) -> &mut CreateEnum {
        self.record(CreateEnum::new(name.into(), values.into_iter().map(Into::into).collect()))
    }
}

options! { CreateEnum {
    /// The comment that tools show beside the type.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateEnum {
    fn verb(&self) -> &'static str {
        "create_enum"
    }

    fn describe(&self) -> String {
        format!("create enum `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE TYPE").name(&self.name).text("AS ENUM");
            sql.parenthesized(|sql| {
                sql.list(&self.values, |sql, value| write_enum_value(sql, value));
            })
        });
        phrases::commented(create, &Object::user_type(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::user_type(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn values_are_literals() {
        let plan = plan_text(|pgm| {
            pgm.create_enum(("app", "Mood"), ["it's ok", r"a\b", "Łódź", ""])
                .comment("how it reads");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TYPE "app"."Mood" AS ENUM ('it''s ok', E'a\\b', 'Łódź', '');
        COMMENT ON TYPE "app"."Mood" IS 'how it reads';
        "#);
    }

    #[test]
    fn a_value_is_as_long_as_a_name() {
        let problems = plan_problems(|pgm| {
            pgm.create_enum("mood", ["x".repeat(63), "ł".repeat(32)]);
        });
        insta::assert_snapshot!(problems, @"the enum value `łłłłłłłłłłłłłłłłłłłłłłłłłłłłłłłł` has 64 bytes; PostgreSQL takes 63");
    }
}
