//! Schemas, see [Schemas](https://www.postgresql.org/docs/current/ddl-schemas.html).

mod create_schema;

pub use create_schema::CreateSchema;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Object};

plain_verbs! {
    /// Drops a schema; without [`cascade`](DropObject::cascade) only an empty one.
    ///
    /// See [`DROP SCHEMA`](https://www.postgresql.org/docs/current/sql-dropschema.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_schema("archive"); });
    /// assert_eq!(plan, r#"DROP SCHEMA "archive";"#);
    /// ```
    pub fn drop_schema(name: impl Into<Identifier>) -> DropObject
        => (Object::schema(name)).losing_by_cascade("the rows of its tables are not restored, and columns of its types in other tables stand last");

    /// Renames a schema.
    ///
    /// Bodies of functions that name the schema are text and do not follow.
    ///
    /// See [`ALTER SCHEMA … RENAME`](https://www.postgresql.org/docs/current/sql-alterschema.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_schema("app", "blog");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SCHEMA "app" RENAME TO "blog";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SCHEMA "blog" RENAME TO "app";"#);
    /// ```
    pub fn rename_schema(from: impl Into<Identifier>, to: impl Into<Identifier>) -> RenameObject
        => (Object::schema(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_schema("archive").if_exists().cascade();
    }

    #[test]
    fn drop_schema() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP SCHEMA IF EXISTS "archive" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: schema `archive`; the rows of its tables are not restored, and columns of its types in other tables stand last");
    }
}
