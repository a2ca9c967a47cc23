//! [`CREATE TYPE … AS RANGE`](https://www.postgresql.org/docs/current/sql-createtype.html#SQL-CREATETYPE-RANGE).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a range.
    pub struct CreateRange(name: Name, subtype: DataType) {
        operator_class: Option<Name>,
        collation: Option<Name>,
        canonical: Option<Name>,
        subtype_diff: Option<Name>,
        multirange: Option<Identifier>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a range: a type whose values reach from one value of another type to a second one.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_range("float_range", "float8").subtype_diff("float8mi");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE TYPE "float_range" AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = "float8mi");"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TYPE "float_range";"#);
    /// ```
    #[track_caller]
    pub fn create_range(
        &mut self,
        name: impl Into<Name>,
        subtype: impl Into<DataType>,
    ) -> &mut CreateRange {
        self.record(CreateRange::new(name.into(), subtype.into()))
    }
}

options! { CreateRange {
    /// Orders the values by this B-tree operator class.
    pub fn operator_class(&mut self, class: impl Into<Name>) {
        self.operator_class = Some(class.into())
    }

    /// Compares and sorts the values by this collation.
    pub fn collate(&mut self, collation: impl Into<Name>) {
        self.collation = Some(collation.into())
    }

    /// The function that writes equal ranges the same way. It takes the range itself, which
    /// therefore has to be there as a shell before: `CREATE TYPE name`. PostgreSQL drops such a
    /// range only together with the function, so that there is no inverse without a `down`.
    pub fn canonical(&mut self, function: impl Into<Name>) {
        self.canonical = Some(function.into())
    }

    /// The function that tells how far two values are apart; it makes GiST indexes good.
    pub fn subtype_diff(&mut self, function: impl Into<Name>) {
        self.subtype_diff = Some(function.into())
    }

    /// Names the multirange that comes with it, from PostgreSQL 14; without it, `range` in the
    /// name becomes `multirange`, or `_multirange` follows it.
    pub fn multirange_type_name(&mut self, name: impl Into<Identifier>) {
        self.multirange = Some(name.into())
    }

    /// The comment that tools show beside the type.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateRange {
    fn verb(&self) -> &'static str {
        "create_range"
    }

    fn describe(&self) -> String {
        format!("create range `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let multirange = self.multirange.as_ref().map(|name| self.name.sibling(name));
        let options = [
            ("SUBTYPE_OPCLASS", &self.operator_class),
            ("COLLATION", &self.collation),
            ("CANONICAL", &self.canonical),
            ("SUBTYPE_DIFF", &self.subtype_diff),
            ("MULTIRANGE_TYPE_NAME", &multirange),
        ];
        let create = Writer::statement(|sql| {
            sql.text("CREATE TYPE").name(&self.name).text("AS RANGE");
            sql.parenthesized(|sql| {
                sql.text("SUBTYPE =").data_type(&self.subtype);
                for (option, name) in options {
                    if let Some(name) = name {
                        sql.glued(",").text(option).text("=").name(name);
                    }
                }
            });
            if self.multirange.is_some() {
                sql.requires(14, "multirange_type_name");
            }
            sql
        });
        phrases::commented(create, &Object::user_type(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        match &self.canonical {
            Some(function) => Inverse::none(format!(
                "PostgreSQL drops `{}` only together with `{function}`, which takes it; write a \
                 `pub fn down` with `drop_type(..).cascade()`",
                self.name
            )),
            None => Inverse::by(phrases::drop(&Object::user_type(&self.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_range(("app", "words"), "text")
                .operator_class("text_pattern_ops")
                .collate(("pg_catalog", "C"))
                .subtype_diff(("app", "apart"))
                .multirange_type_name("many_words")
                .comment("from a to b");
            pgm.create_range("steps", "integer").canonical("to_steps");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE TYPE "app"."words" AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = "text_pattern_ops", COLLATION = "pg_catalog"."C", SUBTYPE_DIFF = "app"."apart", MULTIRANGE_TYPE_NAME = "app"."many_words");
        COMMENT ON TYPE "app"."words" IS 'from a to b';
        CREATE TYPE "steps" AS RANGE (SUBTYPE = integer, CANONICAL = "to_steps");
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- cannot be reverted: PostgreSQL drops `steps` only together with `to_steps`, which takes it; write a `pub fn down` with `drop_type(..).cascade()`
        DROP TYPE "app"."words";
        "#);
    }
}
