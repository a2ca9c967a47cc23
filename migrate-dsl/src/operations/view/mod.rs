//! Views and materialized views, see
//! [Views](https://www.postgresql.org/docs/current/tutorial-views.html).

use crate::{Expression, Identifier, Name, Object, Writer, split};

mod alter_materialized_view;
mod alter_view;
mod create_materialized_view;
mod create_view;
mod refresh_materialized_view;

pub use alter_materialized_view::AlterMaterializedView;
pub use alter_view::AlterView;
pub use create_materialized_view::CreateMaterializedView;
pub use create_view::CreateView;
pub use refresh_materialized_view::RefreshMaterializedView;

/// Writes the query of a view, without a semicolon or a comment at its end: more follows.
fn write_query(sql: &mut Writer, view: &Name, query: &Expression) {
    match &split(query.sql())[..] {
        [query] => {
            sql.text("AS").text(query.sql);
        }
        statements => {
            sql.problem(format!(
                "the query of `{view}` has to be one statement, not {}",
                statements.len()
            ));
        }
    }
    sql.problems_of(query);
}

/// Writes the parameters of a view, and notes the one that is young.
fn write_parameters(sql: &mut Writer, parameters: &[(Identifier, String)]) {
    sql.parameters(parameters);
    if parameters.iter().any(|(name, _)| name.as_str() == "security_invoker") {
        sql.requires(15, "security_invoker");
    }
}

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject, RenamePart};

plain_verbs! {
    /// Drops a materialized view On the inverse it is filled again by its query.
    ///
    /// See [`DROP MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-dropmaterializedview.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_materialized_view("totals"); });
    /// assert_eq!(plan, r#"DROP MATERIALIZED VIEW "totals";"#);
    /// ```
    pub fn drop_materialized_view(name: impl Into<Name>) -> DropObject
        => (Object::materialized_view(name));

    /// Drops a view.
    ///
    /// See [`DROP VIEW`](https://www.postgresql.org/docs/current/sql-dropview.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_view("popular_posts"); });
    /// assert_eq!(plan, r#"DROP VIEW "popular_posts";"#);
    /// ```
    pub fn drop_view(name: impl Into<Name>) -> DropObject => (Object::view(name));

    /// Renames a materialized view; it stays in its schema.
    ///
    /// See [`ALTER MATERIALIZED VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_materialized_view(("app", "totals"), "new_totals");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER MATERIALIZED VIEW "app"."totals" RENAME TO "new_totals";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER MATERIALIZED VIEW "app"."new_totals" RENAME TO "totals";"#);
    /// ```
    pub fn rename_materialized_view(
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::materialized_view(from), to.into());

    /// Renames a column of a materialized view.
    ///
    /// See [`ALTER MATERIALIZED VIEW … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_materialized_view_column("totals", "likes", "hearts");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER MATERIALIZED VIEW "totals" RENAME COLUMN "likes" TO "hearts";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER MATERIALIZED VIEW "totals" RENAME COLUMN "hearts" TO "likes";"#
    /// );
    /// ```
    pub fn rename_materialized_view_column(
        view: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenamePart => (Object::materialized_view(view), "COLUMN", from.into(), to.into());

    /// Renames a view; it stays in its schema.
    ///
    /// See [`ALTER VIEW … RENAME`](https://www.postgresql.org/docs/current/sql-alterview.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_view(("app", "popular_posts"), "new_popular_posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER VIEW "app"."popular_posts" RENAME TO "new_popular_posts";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER VIEW "app"."new_popular_posts" RENAME TO "popular_posts";"#);
    /// ```
    pub fn rename_view(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::view(from), to.into());

    /// Renames a column of a view.
    ///
    /// See [`ALTER VIEW … RENAME COLUMN`](https://www.postgresql.org/docs/current/sql-alterview.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_view_column("popular_posts", "likes", "hearts");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER VIEW "popular_posts" RENAME COLUMN "likes" TO "hearts";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER VIEW "popular_posts" RENAME COLUMN "hearts" TO "likes";"#
    /// );
    /// ```
    pub fn rename_view_column(
        view: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenamePart => (Object::view(view), "COLUMN", from.into(), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_materialized_view() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_materialized_view(("app", "totals")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP MATERIALIZED VIEW IF EXISTS "app"."totals" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: materialized view `app.totals`");
    }

    #[test]
    fn drop_view() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_view(("app", "popular_posts")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP VIEW IF EXISTS "app"."popular_posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: view `app.popular_posts`");
    }
}
