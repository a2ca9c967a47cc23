//! Collations, see [Collation Support](https://www.postgresql.org/docs/current/collation.html).

mod create_collation;
mod refresh_collation_version;

pub use create_collation::CreateCollation;
pub use refresh_collation_version::RefreshCollationVersion;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a collation.
    ///
    /// See [`DROP COLLATION`](https://www.postgresql.org/docs/current/sql-dropcollation.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_collation("german"); });
    /// assert_eq!(plan, r#"DROP COLLATION "german";"#);
    /// ```
    pub fn drop_collation(name: impl Into<Name>) -> DropObject => (Object::collation(name));

    /// Renames a collation; it stays in its schema.
    ///
    /// See [`ALTER COLLATION … RENAME`](https://www.postgresql.org/docs/current/sql-altercollation.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_collation(("app", "german"), "new_german");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER COLLATION "app"."german" RENAME TO "new_german";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER COLLATION "app"."new_german" RENAME TO "german";"#);
    /// ```
    pub fn rename_collation(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::collation(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_collation() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_collation(("app", "german")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP COLLATION IF EXISTS "app"."german" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: collation `app.german`");
    }
}
