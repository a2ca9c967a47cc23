//! [`CREATE TYPE … AS`](https://www.postgresql.org/docs/current/sql-createtype.html#SQL-CREATETYPE-COMPOSITE).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Table, Writer};

operation! {
    /// Creates a composite type.
    pub struct CreateCompositeType(name: Name, attributes: Table) {
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a composite type: a row of attributes, each with a type, maybe a collation and a
    /// comment.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_composite_type("address", |t| {
    ///         t.text("street");
    ///         t.varchar("zip", 10);
    ///     });
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE TYPE "address" AS ("street" text, "zip" varchar(10));"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TYPE "address";"#);
    /// ```
    #[track_caller]
    pub fn create_composite_type<R>(
        &mut self,
        name: impl Into<Name>,
        describe: impl FnOnce(&mut Table) -> R,
    ) -> &mut CreateCompositeType {
        self.record(CreateCompositeType::new(name.into(), Table::described(describe)))
    }
}

options! { CreateCompositeType {
    /// The comment that tools show beside the type.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateCompositeType {
    fn verb(&self) -> &'static str {
        "create_composite_type"
    }

    fn describe(&self) -> String {
        format!("create composite type `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE TYPE").name(&self.name).text("AS");
            sql.parenthesized(|sql| self.attributes.write_attributes(sql))
        });
        let comment = self.comment.as_deref();
        let mut statements = phrases::commented(create, &Object::user_type(&self.name), comment);
        statements.extend(self.attributes.comment_statements(&self.name));
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::user_type(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn comments_are_statements_of_their_own() {
        let plan = plan_text(|pgm| {
            pgm.create_composite_type(("app", "place"), |t| {
                t.text("name").collate("C").comment("as locals say it");
                t.timestamptz("seen").precision(0).array();
            })
            .comment("where");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TYPE "app"."place" AS ("name" text COLLATE "C", "seen" timestamptz(0)[]);
        COMMENT ON TYPE "app"."place" IS 'where';
        COMMENT ON COLUMN "app"."place"."name" IS 'as locals say it';
        "#);
    }

    #[test]
    fn an_attribute_is_no_column() {
        let problems = plan_problems(|pgm| {
            pgm.create_composite_type("place", |t| {
                t.text("name").not_null();
                t.unique("name");
            });
        });
        insta::assert_snapshot!(problems, @"
        the attribute `name` of a composite type has a type and a collation only; a domain as its type can say more
        a composite type has attributes, no constraints and no `like`
        ");
    }
}
