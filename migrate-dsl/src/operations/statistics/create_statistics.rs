//! [`CREATE STATISTICS`](https://www.postgresql.org/docs/current/sql-createstatistics.html).

use crate::operations::index::IntoIndexElements;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Expression, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates extended statistics.
    pub struct CreateStatistics(name: Name, table: Name, elements: Vec<Expression>) {
        if_not_exists: bool,
        kinds: Vec<&'static str>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates extended statistics: what the planner should know of several columns together, or,
    /// from PostgreSQL 14, of expressions. `ANALYZE` fills them.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_statistics("users_city_zip", "users", ["city", "zip"]).dependencies();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE STATISTICS "users_city_zip" (dependencies) ON "city", "zip" FROM "users";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP STATISTICS "users_city_zip";"#);
    /// ```
    #[track_caller]
    pub fn create_statistics(
        &mut self,
        name: impl Into<Name>,
        table: impl Into<Name>,
        elements: impl IntoIndexElements,
    ) -> &mut CreateStatistics {
        self.record(CreateStatistics::new(
            name.into(),
            table.into(),
            elements.into_index_elements(),
        ))
    }
}

options! { CreateStatistics {
    /// Does nothing if statistics of that name are there, which then stay when it is reverted.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// The comment that tools show beside the statistics.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateStatistics {
    /// Counts the distinct values of the columns together. Without a kind, all are kept.
    pub fn ndistinct(&mut self) -> &mut Self {
        self.kind("ndistinct")
    }

    /// Notes which columns follow from which, as a city does from its zip code.
    pub fn dependencies(&mut self) -> &mut Self {
        self.kind("dependencies")
    }

    /// Keeps the most common values.
    pub fn mcv(&mut self) -> &mut Self {
        self.kind("mcv")
    }

    fn kind(&mut self, kind: &'static str) -> &mut Self {
        self.kinds.push(kind);
        self
    }
}

impl Operation for CreateStatistics {
    fn verb(&self) -> &'static str {
        "create_statistics"
    }

    fn describe(&self) -> String {
        format!("create statistics `{}` on `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE STATISTICS").flag(self.if_not_exists, "IF NOT EXISTS");
            sql.name(&self.name);
            if !self.kinds.is_empty() {
                sql.parenthesized(|sql| _ = sql.list(&self.kinds, |sql, kind| _ = sql.text(kind)));
            }
            sql.text("ON").list(&self.elements, |sql, element| match element.column() {
                Some(column) if !element.has_index_options() => _ = sql.identifier(column),
                Some(_) => _ = sql.expression(element),
                None => {
                    sql.parenthesized(|sql| _ = sql.expression(element));
                    sql.requires(14, "expr");
                }
            });
            if self.elements.is_empty() {
                sql.problem(format!("the statistics `{}` are on no column", self.name));
            }
            sql.text("FROM").name(&self.table)
        });
        phrases::commented(create, &Object::statistics(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::statistics(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, col, expr, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_statistics(
                ("app", "posts_stats"),
                ("app", "posts"),
                [col("Title"), expr("lower(title)")],
            )
            .if_not_exists()
            .ndistinct()
            .dependencies()
            .mcv()
            .comment("it's skewed");
            pgm.create_statistics("one", "posts", [expr("a + b")]);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE STATISTICS IF NOT EXISTS "app"."posts_stats" (ndistinct, dependencies, mcv) ON "Title", (lower(title)) FROM "app"."posts";
        COMMENT ON STATISTICS "app"."posts_stats" IS 'it''s skewed';
        CREATE STATISTICS "one" ON (a + b) FROM "posts";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP STATISTICS "one";
        -- as it was: statistics `app.posts_stats`
        "#);
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_statistics("none", "posts", Vec::<&str>::new());
            pgm.create_statistics("sorted", "posts", [col("a").desc(), col("b")]);
        });
        insta::assert_snapshot!(problems, @r#"
        the statistics `none` are on no column
        order, collation and operator class of `"a"` have a meaning only in an index
        "#);
    }
}
