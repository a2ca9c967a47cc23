//! [Not-null constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL).

use super::name_from_columns;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Refuses nulls in a column.
    pub struct AddNotNull(table: Name, column: Identifier) {
        name: Option<Identifier>,
        no_inherit: bool,
        not_valid: bool,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Refuses nulls in a column, after a look at every row. From PostgreSQL 18 that is a
    /// constraint with a name, which can be added `not_valid` and validated later; before, it is
    /// what `alter_column(..).set_not_null()` does.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.add_not_null("posts", "title"); });
    /// assert_eq!(
    ///     plan,
    ///     "ALTER TABLE \"posts\" ADD CONSTRAINT \"posts_title_not_null\" NOT NULL \"title\";\n\
    ///      ALTER TABLE \"posts\" ALTER COLUMN \"title\" SET NOT NULL;"
    /// );
    /// ```
    #[track_caller]
    pub fn add_not_null(
        &mut self,
        table: impl Into<Name>,
        column: impl Into<Identifier>,
    ) -> &mut AddNotNull {
        self.record(AddNotNull::new(table.into(), column.into()))
    }
}

options! { AddNotNull {
    /// Names the constraint; without it, it is called `<table>_<column>_not_null`. Before
    /// PostgreSQL 18 it has no name.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Leaves out tables that inherit from this one; from PostgreSQL 18.
    pub fn no_inherit(&mut self) { self.no_inherit = true }

    /// Checks new rows only; `validate_constraint` checks the others later, without blocking
    /// writes. From PostgreSQL 18.
    pub fn not_valid(&mut self) { self.not_valid = true }

    /// The comment that tools show beside the constraint; from PostgreSQL 18.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl AddNotNull {
    fn name(&self) -> Identifier {
        self.name.clone().unwrap_or_else(|| {
            name_from_columns(&self.table, std::slice::from_ref(&self.column), "not_null")
        })
    }
}

impl Operation for AddNotNull {
    fn verb(&self) -> &'static str {
        "add_not_null"
    }

    fn describe(&self) -> String {
        format!("refuse nulls in `{}` of `{}`", self.column, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let constraint = Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table);
            sql.text("ADD CONSTRAINT").identifier(&self.name());
            sql.text("NOT NULL").identifier(&self.column);
            let options = [
                ("NO INHERIT", "no_inherit", self.no_inherit),
                ("NOT VALID", "not_valid", self.not_valid),
            ];
            for (words, option, _) in options.into_iter().filter(|(_, _, given)| *given) {
                sql.text(words).requires(18, option);
            }
            sql
        });
        if self.no_inherit || self.not_valid || self.comment.is_some() {
            let comment = self.comment.as_ref().map(|comment| {
                Writer::statement(|sql| {
                    sql.text("COMMENT ON");
                    Object::constraint(&self.table, self.name()).write(sql);
                    sql.text("IS").literal(comment).requires(18, "comment")
                })
            });
            return [constraint].into_iter().chain(comment).collect();
        }
        let column = Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table);
            sql.text("ALTER COLUMN").identifier(&self.column).text("SET NOT NULL")
        });
        vec![constraint.since(18), column.until(18)]
    }

    fn inverse(&self) -> Inverse {
        // Before PostgreSQL 18 nothing is said about a column that refuses nulls already.
        Inverse::capture([Object::column(&self.table, &self.column)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan_text, plan_text_down};

    fn versions(operation: &AddNotNull) -> Vec<(u32, u32)> {
        operation.statements().iter().map(|statement| (statement.since, statement.until)).collect()
    }

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            let constraint = pgm.add_not_null(("app", "posts"), "title").named("titled");
            assert_eq!(versions(constraint), [(18, 0), (0, 18)]);
            let constraint =
                pgm.add_not_null("posts", "body").no_inherit().not_valid().comment("a");
            assert_eq!(versions(constraint), [(0, 0), (0, 0)]);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "app"."posts" ADD CONSTRAINT "titled" NOT NULL "title";
        ALTER TABLE "app"."posts" ALTER COLUMN "title" SET NOT NULL;
        ALTER TABLE "posts" ADD CONSTRAINT "posts_body_not_null" NOT NULL "body" NO INHERIT NOT VALID;
        COMMENT ON CONSTRAINT "posts_body_not_null" ON "posts" IS 'a';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r"
        -- as it was: column `body` of `posts`
        -- as it was: column `title` of `app.posts`
        ");
    }
}
