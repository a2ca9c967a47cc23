//! [`CREATE DOMAIN`](https://www.postgresql.org/docs/current/sql-createdomain.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    DataType, DefaultValue, Expression, Identifier, IntoExpression, Inverse, Name, Object,
    Operation, Pgm, Statement, Writer, expr,
};

operation! {
    /// Creates a domain.
    pub struct CreateDomain(name: Name, data_type: DataType) {
        collation: Option<Name>,
        default: Option<DefaultValue>,
        not_null: bool,
        checks: Vec<(Option<Identifier>, Expression)>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a domain: a type with rules of its own, which call the value `VALUE`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_domain("email", "text").check("VALUE LIKE '%@%'").not_null();
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE DOMAIN "email" AS text NOT NULL CHECK (VALUE LIKE '%@%');"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP DOMAIN "email";"#);
    /// ```
    #[track_caller]
    pub fn create_domain(
        &mut self,
        name: impl Into<Name>,
        data_type: impl Into<DataType>,
    ) -> &mut CreateDomain {
        self.record(CreateDomain::new(name.into(), data_type.into()))
    }
}

options! { CreateDomain {
    /// Compares and sorts by this collation.
    pub fn collate(&mut self, collation: impl Into<Name>) {
        self.collation = Some(collation.into())
    }

    /// The value of a column of this type whose row gives none: a constant, or an expression
    /// given by [`expr`].
    pub fn default(&mut self, value: impl Into<DefaultValue>) {
        self.default = Some(value.into())
    }

    /// Refuses nulls.
    pub fn not_null(&mut self) { self.not_null = true }

    /// Refuses values for which the expression is false; may be called more than once.
    pub fn check(&mut self, sql: impl IntoExpression) { self.checks.push((None, expr(sql))) }

    /// Refuses values for which the expression is false, with a name to drop the rule by.
    pub fn check_named(&mut self, name: impl Into<Identifier>, sql: impl IntoExpression) {
        self.checks.push((Some(name.into()), expr(sql)))
    }

    /// The comment that tools show beside the domain.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateDomain {
    fn verb(&self) -> &'static str {
        "create_domain"
    }

    fn describe(&self) -> String {
        format!("create domain `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE DOMAIN").name(&self.name);
            sql.text("AS").data_type(&self.data_type);
            if let Some(collation) = &self.collation {
                sql.text("COLLATE").name(collation);
            }
            if let Some(default) = &self.default {
                sql.text("DEFAULT").default_value(default);
            }
            sql.flag(self.not_null, "NOT NULL");
            for (name, check) in &self.checks {
                if let Some(name) = name {
                    sql.text("CONSTRAINT").identifier(name);
                }
                sql.text("CHECK").parenthesized(|sql| {
                    sql.expression(check);
                });
            }
            sql
        });
        phrases::commented(create, &Object::domain(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::domain(&self.name)))
    }

    fn hints(&self) -> Vec<String> {
        self.default.iter().filter_map(DefaultValue::hint).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{DataType, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.create_domain(("app", "rank"), DataType::varchar(9))
                .collate("C")
                .default("it's new")
                .not_null()
                .check("VALUE <> ''")
                .check_named("short enough", "length(VALUE) < 9")
                .comment("from best to worst");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE DOMAIN "app"."rank" AS varchar(9) COLLATE "C" DEFAULT 'it''s new' NOT NULL CHECK (VALUE <> '') CONSTRAINT "short enough" CHECK (length(VALUE) < 9);
        COMMENT ON DOMAIN "app"."rank" IS 'from best to worst';
        "#);
    }
}
