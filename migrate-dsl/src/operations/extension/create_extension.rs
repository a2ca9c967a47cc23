//! [`CREATE EXTENSION`](https://www.postgresql.org/docs/current/sql-createextension.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Only, Operation, Pgm, Statement, Writer};

operation! {
    /// Installs an extension in the database.
    pub struct CreateExtension(name: Identifier) {
        if_not_exists: bool,
        schema: Option<Identifier>,
        version: Option<Identifier>,
        cascade: bool,
    }
}

impl Pgm {
    /// Installs an extension in the database; the server has to have its files.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_extension("uuid-ossp").schema("public");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE EXTENSION "uuid-ossp" SCHEMA "public";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP EXTENSION "uuid-ossp";"#);
    /// ```
    #[track_caller]
    pub fn create_extension(&mut self, name: impl Into<Identifier>) -> &mut CreateExtension {
        self.record(CreateExtension::new(name.into()))
    }
}

options! { CreateExtension {
    /// Does nothing if the extension is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// The schema that gets its objects; it has to exist.
    pub fn schema(&mut self, name: impl Into<Identifier>) { self.schema = Some(name.into()) }

    /// The version, such as `1.6`; the server's default one without it.
    pub fn version(&mut self, version: impl Into<Identifier>) {
        self.version = Some(version.into())
    }

    /// Installs the extensions that it needs too.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for CreateExtension {
    fn verb(&self) -> &'static str {
        "create_extension"
    }

    fn describe(&self) -> String {
        format!("create extension `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("CREATE EXTENSION")
                .flag(self.if_not_exists, "IF NOT EXISTS")
                .identifier(&self.name);
            if let Some(schema) = &self.schema {
                sql.text("SCHEMA").identifier(schema);
            }
            if let Some(version) = &self.version {
                sql.text("VERSION").identifier(version);
            }
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::capture_only(Only::Itself, [Object::extension(&self.name)]);
        }
        Inverse::by(phrases::drop(&Object::extension(&self.name)))
    }

    fn hints(&self) -> Vec<String> {
        let hint = format!(
            "what `cascade` installs besides `{}` stays when it is reverted: \
             give each extension that it needs a `create_extension` of its own before this one",
            self.name
        );
        self.cascade.then_some(hint).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_hints, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_extension("earthdistance")
                .if_not_exists()
                .schema("geo")
                .version("1.1")
                .cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"CREATE EXTENSION IF NOT EXISTS "earthdistance" SCHEMA "geo" VERSION "1.1" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: extension `earthdistance`");
        insta::assert_snapshot!(plan_hints(up), @"what `cascade` installs besides `earthdistance` stays when it is reverted: give each extension that it needs a `create_extension` of its own before this one");
    }
}
