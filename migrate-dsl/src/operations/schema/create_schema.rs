//! [`CREATE SCHEMA`](https://www.postgresql.org/docs/current/sql-createschema.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Only, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a schema.
    pub struct CreateSchema(name: Identifier) {
        if_not_exists: bool,
        authorization: Option<Identifier>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_schema("reporting");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE SCHEMA "reporting";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP SCHEMA "reporting";"#);
    /// ```
    #[track_caller]
    pub fn create_schema(&mut self, name: impl Into<Identifier>) -> &mut CreateSchema {
        self.record(CreateSchema::new(name.into()))
    }
}

options! { CreateSchema {
    /// Does nothing if the schema is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// The role that owns it; without it, the one that runs the migration.
    pub fn authorization(&mut self, role: impl Into<Identifier>) {
        self.authorization = Some(role.into())
    }

    /// The comment that tools show beside the schema.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateSchema {
    fn verb(&self) -> &'static str {
        "create_schema"
    }

    fn describe(&self) -> String {
        format!("create schema `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE SCHEMA")
                .flag(self.if_not_exists, "IF NOT EXISTS")
                .identifier(&self.name);
            if let Some(role) = &self.authorization {
                sql.text("AUTHORIZATION").identifier(role);
            }
            sql
        });
        phrases::commented(create, &Object::schema(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::capture_only(Only::Itself, [Object::schema(&self.name)]);
        }
        Inverse::by(phrases::drop(&Object::schema(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_schema("app").if_not_exists().authorization("web app").comment("ours");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE SCHEMA IF NOT EXISTS "app" AUTHORIZATION "web app";
        COMMENT ON SCHEMA "app" IS 'ours';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: schema `app`");
    }
}
