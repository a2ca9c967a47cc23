//! [`CREATE MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-creatematerializedview.html).

use super::write_query;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Expression, Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm,
    Statement, Writer, expr,
};

operation! {
    /// Creates a materialized view.
    pub struct CreateMaterializedView(name: Name, query: Expression) {
        if_not_exists: bool,
        columns: Vec<Identifier>,
        method: Option<Identifier>,
        parameters: Vec<(Identifier, String)>,
        tablespace: Option<Identifier>,
        with_no_data: bool,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a materialized view: a query whose rows are kept until the next
    /// [`refresh_materialized_view`](Pgm::refresh_materialized_view).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_materialized_view("totals", "SELECT sum(likes) AS likes FROM posts").with_no_data();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE MATERIALIZED VIEW "totals" AS SELECT sum(likes) AS likes FROM posts WITH NO DATA;"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP MATERIALIZED VIEW "totals";"#);
    /// ```
    #[track_caller]
    pub fn create_materialized_view(
        &mut self,
        name: impl Into<Name>,
        query: impl IntoExpression,
    ) -> &mut CreateMaterializedView {
        self.record(CreateMaterializedView::new(name.into(), expr(query)))
    }
}

options! { CreateMaterializedView {
    /// Does nothing if a relation of that name is there, which then stays when it is reverted.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Names the columns, in place of the query's names.
    pub fn columns(&mut self, columns: impl IntoIdentifiers) {
        self.columns = columns.into_identifiers()
    }

    /// The [table access method](https://www.postgresql.org/docs/current/tableam.html); `heap`
    /// without it.
    pub fn using(&mut self, method: impl Into<Identifier>) { self.method = Some(method.into()) }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS),
    /// such as `fillfactor`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Where the rows are stored.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }

    /// Runs the query now (PostgreSQL's default).
    pub fn with_data(&mut self) { self.with_no_data = false }

    /// Does not run the query yet: the view cannot be read before the first refresh.
    pub fn with_no_data(&mut self) { self.with_no_data = true }

    /// The comment that tools show beside the view.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateMaterializedView {
    fn verb(&self) -> &'static str {
        "create_materialized_view"
    }

    fn describe(&self) -> String {
        format!("create materialized view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE MATERIALIZED VIEW")
                .flag(self.if_not_exists, "IF NOT EXISTS")
                .name(&self.name);
            if !self.columns.is_empty() {
                sql.columns(&self.columns);
            }
            if let Some(method) = &self.method {
                sql.text("USING").identifier(method);
            }
            sql.storage_parameters(&self.parameters);
            if let Some(tablespace) = &self.tablespace {
                sql.text("TABLESPACE").identifier(tablespace);
            }
            write_query(sql, &self.name, &self.query);
            sql.flag(self.with_no_data, "WITH NO DATA")
        });
        phrases::commented(create, &Object::materialized_view(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::materialized_view(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_materialized_view(("app", "totals"), "SELECT 1;")
                .if_not_exists()
                .columns(["likes"])
                .using("heap")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .with_no_data()
                .comment("once a night");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE MATERIALIZED VIEW IF NOT EXISTS "app"."totals" ("likes") USING "heap" WITH ("fillfactor" = '70') TABLESPACE "pg_default" AS SELECT 1 WITH NO DATA;
        COMMENT ON MATERIALIZED VIEW "app"."totals" IS 'once a night';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: materialized view `app.totals`");
    }
}
