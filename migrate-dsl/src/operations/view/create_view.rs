//! [`CREATE VIEW`](https://www.postgresql.org/docs/current/sql-createview.html).

use super::{write_parameters, write_query};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Expression, Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm,
    Statement, Writer, expr,
};

operation! {
    /// Creates a view.
    pub struct CreateView(name: Name, query: Expression) {
        or_replace: bool,
        temporary: bool,
        recursive: bool,
        columns: Vec<Identifier>,
        parameters: Vec<(Identifier, String)>,
        check_option: Choice<&'static str>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a view of a query: SQL, or a sea-query `SELECT`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_view("popular_posts", "SELECT id, title FROM posts WHERE likes > 100");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE VIEW "popular_posts" AS SELECT id, title FROM posts WHERE likes > 100;"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP VIEW "popular_posts";"#);
    /// ```
    #[track_caller]
    pub fn create_view(
        &mut self,
        name: impl Into<Name>,
        query: impl IntoExpression,
    ) -> &mut CreateView {
        self.record(CreateView::new(name.into(), expr(query)))
    }
}

options! { CreateView {
    /// Takes the place of a view that is there, if its columns begin the same; when it is reverted
    /// that view is restored.
    pub fn or_replace(&mut self) { self.or_replace = true }

    /// Creates it for this session only: it is gone when the migration has run.
    pub fn temporary(&mut self) { self.temporary = true }

    /// Lets the query name the view itself; its columns have to be named.
    pub fn recursive(&mut self) { self.recursive = true }

    /// Names the columns, in place of the query's names.
    pub fn columns(&mut self, columns: impl IntoIdentifiers) {
        self.columns = columns.into_identifiers()
    }

    /// Sets a [parameter](https://www.postgresql.org/docs/current/sql-createview.html), such as
    /// `security_barrier` or, from PostgreSQL 15, `security_invoker`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Refuses inserts and updates through the view of rows that it would not show.
    pub fn check_option(&mut self) {
        self.check_option.set("check_option", "WITH CASCADED CHECK OPTION")
    }

    /// The same, without a look at the conditions of the views below.
    pub fn local_check_option(&mut self) {
        self.check_option.set("local_check_option", "WITH LOCAL CHECK OPTION")
    }

    /// The comment that tools show beside the view.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateView {
    fn verb(&self) -> &'static str {
        "create_view"
    }

    fn describe(&self) -> String {
        format!("create view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.check_option);
            sql.text("CREATE")
                .flag(self.or_replace, "OR REPLACE")
                .flag(self.temporary, "TEMPORARY")
                .flag(self.recursive, "RECURSIVE")
                .text("VIEW")
                .name(&self.name);
            if !self.columns.is_empty() {
                sql.columns(&self.columns);
            } else if self.recursive {
                sql.problem(format!(
                    "`{}` is recursive: name its columns with `columns`",
                    self.name
                ));
            }
            write_parameters(sql, &self.parameters);
            write_query(sql, &self.name, &self.query);
            if let Some(check_option) = *self.check_option {
                sql.text(check_option);
            }
            sql
        });
        phrases::commented(create, &Object::view(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        if self.temporary {
            return Inverse::by(phrases::drop_temporary(Object::view, &self.name));
        }
        if self.or_replace {
            return Inverse::capture([Object::view(&self.name)]);
        }
        Inverse::by(phrases::drop(&Object::view(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::sea_query::{Expr, ExprTrait, Query};
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_view(
                ("app", "numbers"),
                "SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9; -- enough",
            )
            .or_replace()
            .recursive()
            .columns("n")
            .parameter("security_barrier", false)
            .comment("one to nine");
            pgm.create_view("mine", "SELECT * FROM posts WHERE mine -- only").check_option();
            pgm.create_view("ours", "SELECT * FROM mine").local_check_option();
            pgm.create_view("passing", "SELECT 1").temporary();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE OR REPLACE RECURSIVE VIEW "app"."numbers" ("n") WITH ("security_barrier" = 'false') AS SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9;
        COMMENT ON VIEW "app"."numbers" IS 'one to nine';
        CREATE VIEW "mine" AS SELECT * FROM posts WHERE mine WITH CASCADED CHECK OPTION;
        CREATE VIEW "ours" AS SELECT * FROM mine WITH LOCAL CHECK OPTION;
        CREATE TEMPORARY VIEW "passing" AS SELECT 1;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP VIEW IF EXISTS "pg_temp"."passing";
        DROP VIEW "ours";
        DROP VIEW "mine";
        -- as it was: view `app.numbers`
        "#);
    }

    #[test]
    fn a_query_of_sea_query() {
        let plan = plan_text(|pgm| {
            let query = Query::select()
                .column("id")
                .from("posts")
                .and_where(Expr::col("title").eq("Łódź's"))
                .take();
            pgm.create_view("named", query);
        });
        insta::assert_snapshot!(plan, @r#"CREATE VIEW "named" AS (SELECT "id" FROM "posts" WHERE "title" = E'Łódź\'s');"#);
    }

    #[test]
    fn a_view_has_one_query() {
        let problems = plan_problems(|pgm| {
            pgm.create_view("a", "SELECT 1; SELECT 2");
            pgm.create_view("b", " -- later");
            pgm.create_view("c", "SELECT 1").recursive();
        });
        insta::assert_snapshot!(problems, @"
        the query of `a` has to be one statement, not 2
        the query of `b` has to be one statement, not 0
        `c` is recursive: name its columns with `columns`
        ");
    }
}
