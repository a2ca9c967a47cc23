//! Extended statistics, see
//! [Statistics Used by the Planner](https://www.postgresql.org/docs/current/planner-stats.html#PLANNER-STATS-EXTENDED).

mod alter_statistics;
mod create_statistics;

pub use alter_statistics::AlterStatistics;
pub use create_statistics::CreateStatistics;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops extended statistics.
    ///
    /// See [`DROP STATISTICS`](https://www.postgresql.org/docs/current/sql-dropstatistics.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_statistics("posts_city_zip"); });
    /// assert_eq!(plan, r#"DROP STATISTICS "posts_city_zip";"#);
    /// ```
    pub fn drop_statistics(name: impl Into<Name>) -> DropObject => (Object::statistics(name));

    /// Renames extended statistics; it stays in its schema.
    ///
    /// See [`ALTER STATISTICS … RENAME`](https://www.postgresql.org/docs/current/sql-alterstatistics.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_statistics(("app", "posts_city_zip"), "new_posts_city_zip");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER STATISTICS "app"."posts_city_zip" RENAME TO "new_posts_city_zip";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER STATISTICS "app"."new_posts_city_zip" RENAME TO "posts_city_zip";"#);
    /// ```
    pub fn rename_statistics(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::statistics(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_statistics() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_statistics(("app", "posts_city_zip")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP STATISTICS IF EXISTS "app"."posts_city_zip" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: statistics `app.posts_city_zip`");
    }
}
