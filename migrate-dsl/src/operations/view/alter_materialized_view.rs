//! [`ALTER MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-altermaterializedview.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes how a materialized view is stored.
    pub struct AlterMaterializedView(name: Name) {
        if_exists: bool,
        actions: Vec<Action>,
        extensions: Vec<(&'static str, Identifier)>,
    }
}

#[derive(Debug, Clone)]
enum Action {
    SetParameter(Identifier, String),
    ResetParameter(Identifier),
    /// `SET TABLESPACE`, `SET ACCESS METHOD`, `CLUSTER ON`.
    Name(&'static str, Identifier),
    WithoutCluster,
    ColumnStorage(Identifier, String),
    ColumnCompression(Identifier, String),
    ColumnStatistics(Identifier, i32),
    SetColumnParameter(Identifier, Identifier, String),
    ResetColumnParameter(Identifier, Identifier),
}

impl Pgm {
    /// Changes how a materialized view and its columns are stored; its query cannot be changed.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_materialized_view("totals").set_parameter("fillfactor", 70).cluster_on("totals_at_idx");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER MATERIALIZED VIEW "totals" SET ("fillfactor" = '70'), CLUSTER ON "totals_at_idx";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: materialized view `totals`");
    /// ```
    #[track_caller]
    pub fn alter_materialized_view(&mut self, name: impl Into<Name>) -> &mut AlterMaterializedView {
        self.record(AlterMaterializedView::new(name.into()))
    }
}

options! { AlterMaterializedView {
    /// Does nothing if there is no such materialized view.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Goes when this extension is dropped.
    pub fn depends_on_extension(&mut self, extension: impl Into<Identifier>) {
        self.extensions.push(("DEPENDS ON EXTENSION", extension.into()))
    }

    /// Stays when this extension is dropped.
    pub fn no_depends_on_extension(&mut self, extension: impl Into<Identifier>) {
        self.extensions.push(("NO DEPENDS ON EXTENSION", extension.into()))
    }
}}

impl AlterMaterializedView {
    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS),
    /// such as `fillfactor`.
    pub fn set_parameter(
        &mut self,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> &mut Self {
        self.action(Action::SetParameter(name.into(), value.to_string()))
    }

    /// Sets a storage parameter back to PostgreSQL's default.
    pub fn reset_parameter(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::ResetParameter(name.into()))
    }

    /// Moves the rows to another tablespace.
    pub fn set_tablespace(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::Name("SET TABLESPACE", name.into()))
    }

    /// Stores the rows by another
    /// [table access method](https://www.postgresql.org/docs/current/tableam.html); from
    /// PostgreSQL 15.
    pub fn set_access_method(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::Name("SET ACCESS METHOD", name.into()))
    }

    /// Lets `CLUSTER` sort the rows by this index.
    pub fn cluster_on(&mut self, index: impl Into<Identifier>) -> &mut Self {
        self.action(Action::Name("CLUSTER ON", index.into()))
    }

    /// Lets `CLUSTER` leave the rows alone.
    pub fn without_cluster(&mut self) -> &mut Self {
        self.action(Action::WithoutCluster)
    }

    /// How a column's long values are [stored](https://www.postgresql.org/docs/current/storage-toast.html):
    /// `plain`, `external`, `extended` or `main`.
    pub fn set_column_storage(
        &mut self,
        column: impl Into<Identifier>,
        storage: impl Into<String>,
    ) -> &mut Self {
        self.action(Action::ColumnStorage(column.into(), storage.into()))
    }

    /// How a column's long values are compressed: `pglz` or `lz4`; from PostgreSQL 14.
    pub fn set_column_compression(
        &mut self,
        column: impl Into<Identifier>,
        method: impl Into<String>,
    ) -> &mut Self {
        self.action(Action::ColumnCompression(column.into(), method.into()))
    }

    /// How much `ANALYZE` notes of a column's values, 0 to 10000; -1 for PostgreSQL's default.
    pub fn set_column_statistics(
        &mut self,
        column: impl Into<Identifier>,
        target: i32,
    ) -> &mut Self {
        self.action(Action::ColumnStatistics(column.into(), target))
    }

    /// Sets a parameter of a column: `n_distinct`, what the planner takes for the number of its
    /// values.
    pub fn set_column_parameter(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> &mut Self {
        self.action(Action::SetColumnParameter(column.into(), name.into(), value.to_string()))
    }

    /// Sets a parameter of a column back to PostgreSQL's default.
    pub fn reset_column_parameter(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
    ) -> &mut Self {
        self.action(Action::ResetColumnParameter(column.into(), name.into()))
    }

    fn action(&mut self, action: Action) -> &mut Self {
        self.actions.push(action);
        self
    }
}

impl Action {
    fn write(&self, sql: &mut Writer) {
        match self {
            Self::SetParameter(name, value) => write_set(sql, name, value),
            Self::ResetParameter(name) => _ = sql.text("RESET").columns([name]),
            Self::Name(words, name) => {
                sql.text(words).identifier(name);
                if *words == "SET ACCESS METHOD" {
                    sql.requires(15, "set_access_method");
                }
            }
            Self::WithoutCluster => _ = sql.text("SET WITHOUT CLUSTER"),
            Self::ColumnStorage(column, storage) => {
                write_column(sql, column);
                sql.text("SET STORAGE").identifier(&storage.to_ascii_lowercase().into());
            }
            Self::ColumnCompression(column, method) => {
                write_column(sql, column);
                sql.text("SET COMPRESSION").identifier(&method.to_ascii_lowercase().into());
                sql.requires(14, "set_column_compression");
            }
            Self::ColumnStatistics(column, target) => {
                write_column(sql, column);
                sql.text("SET STATISTICS").text(&target.to_string());
            }
            Self::SetColumnParameter(column, name, value) => {
                write_column(sql, column);
                write_set(sql, name, value);
            }
            Self::ResetColumnParameter(column, name) => {
                write_column(sql, column);
                sql.text("RESET").columns([name]);
            }
        }
    }
}

fn write_column(sql: &mut Writer, column: &Identifier) {
    sql.text("ALTER COLUMN").identifier(column);
}

fn write_set(sql: &mut Writer, name: &Identifier, value: &str) {
    sql.text("SET").parenthesized(|sql| _ = sql.identifier(name).text("=").literal(value));
}

impl Operation for AlterMaterializedView {
    fn verb(&self) -> &'static str {
        "alter_materialized_view"
    }

    fn describe(&self) -> String {
        format!("alter materialized view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        if !self.actions.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.text("ALTER MATERIALIZED VIEW").flag(self.if_exists, "IF EXISTS");
                sql.name(&self.name).list(&self.actions, |sql, action| action.write(sql))
            }));
        }
        statements.extend(self.extensions.iter().map(|(words, extension)| {
            Writer::statement(|sql| {
                sql.text("ALTER MATERIALIZED VIEW").name(&self.name);
                sql.text(words).identifier(extension)
            })
        }));
        if statements.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.problem(format!(
                    "`alter_materialized_view` changes nothing about `{}`",
                    self.name
                ))
            }));
        }
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::materialized_view(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_materialized_view(("app", "totals"))
                .if_exists()
                .set_parameter("fillfactor", 70)
                .reset_parameter("autovacuum_enabled")
                .set_tablespace("fast")
                .set_access_method("heap")
                .cluster_on("totals_idx")
                .set_column_storage("title", "EXTERNAL")
                .set_column_compression("title", "lz4")
                .set_column_statistics("likes", 0)
                .set_column_parameter("likes", "n_distinct", -0.5)
                .reset_column_parameter("title", "n_distinct");
            pgm.alter_materialized_view("totals")
                .without_cluster()
                .depends_on_extension("hstore")
                .no_depends_on_extension("pg_trgm");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER MATERIALIZED VIEW IF EXISTS "app"."totals" SET ("fillfactor" = '70'), RESET ("autovacuum_enabled"), SET TABLESPACE "fast", SET ACCESS METHOD "heap", CLUSTER ON "totals_idx", ALTER COLUMN "title" SET STORAGE "external", ALTER COLUMN "title" SET COMPRESSION "lz4", ALTER COLUMN "likes" SET STATISTICS 0, ALTER COLUMN "likes" SET ("n_distinct" = '-0.5'), ALTER COLUMN "title" RESET ("n_distinct");
        ALTER MATERIALIZED VIEW "totals" SET WITHOUT CLUSTER;
        ALTER MATERIALIZED VIEW "totals" DEPENDS ON EXTENSION "hstore";
        ALTER MATERIALIZED VIEW "totals" NO DEPENDS ON EXTENSION "pg_trgm";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: materialized view `totals`
        -- as it was: materialized view `app.totals`
        ");
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_materialized_view("totals"));
        insta::assert_snapshot!(problems, @"`alter_materialized_view` changes nothing about `totals`");
    }
}
