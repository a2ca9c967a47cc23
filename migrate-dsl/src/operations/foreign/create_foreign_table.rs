//! [`CREATE FOREIGN TABLE`](https://www.postgresql.org/docs/current/sql-createforeigntable.html).

use super::alter_foreign_table::alter_column;
use super::options::{OptionChanges, Options, wrapper_options};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Identifier, Inverse, Name, Object, Operation, OptionValue, Pgm, Statement, Table, Writer,
};

operation! {
    /// Creates a foreign table.
    pub struct CreateForeignTable(name: Name, server: Identifier, table: Table) {
        if_not_exists: bool,
        inherits: Vec<Name>,
        options: Options,
        column_options: Vec<(Identifier, OptionChanges)>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a table whose rows are on a foreign server.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_foreign_table("invoices", "billing", |t| t.bigint("id").not_null())
    ///         .option("schema_name", "public");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE FOREIGN TABLE "invoices" (
    ///     "id" bigint NOT NULL
    /// ) SERVER "billing" OPTIONS ("schema_name" 'public');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP FOREIGN TABLE "invoices";"#);
    /// ```
    #[track_caller]
    pub fn create_foreign_table<R>(
        &mut self,
        name: impl Into<Name>,
        server: impl Into<Identifier>,
        describe: impl FnOnce(&mut Table) -> R,
    ) -> &mut CreateForeignTable {
        self.record(CreateForeignTable::new(name.into(), server.into(), Table::described(describe)))
    }
}

wrapper_options!(CreateForeignTable);

options! { CreateForeignTable {
    /// Does nothing if a relation of that name is there.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Takes over the columns of another table and shows its rows there too; may be called more
    /// than once.
    pub fn inherits(&mut self, parent: impl Into<Name>) { self.inherits.push(parent.into()) }

    /// The comment that tools show beside the table.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateForeignTable {
    /// Gives an option of a column, such as the name that it has on the server.
    pub fn column_option(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
        value: impl Into<OptionValue>,
    ) -> &mut Self {
        let mut options = OptionChanges::default();
        options.add(name.into(), value.into());
        self.column_options.push((column.into(), options));
        self
    }
}

impl Operation for CreateForeignTable {
    fn verb(&self) -> &'static str {
        "create_foreign_table"
    }

    fn describe(&self) -> String {
        format!("create foreign table `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE FOREIGN TABLE").flag(self.if_not_exists, "IF NOT EXISTS");
            sql.name(&self.name);
            self.table.write(sql, &self.name, false);
            if !self.inherits.is_empty() {
                sql.text("INHERITS").parenthesized(|sql| {
                    sql.list(&self.inherits, |sql, parent| _ = sql.name(parent));
                });
            }
            sql.text("SERVER").identifier(&self.server);
            self.options.write(sql);
            sql
        });
        let comment = self.comment.as_deref();
        let mut statements =
            phrases::commented(create, &Object::foreign_table(&self.name), comment);
        let columns = self.column_options.iter();
        statements
            .extend(columns.map(|(column, options)| alter_column(&self.name, column, options)));
        statements.extend(self.table.comment_statements(&self.name));
        statements
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::foreign_table(&self.name), self.if_not_exists)
    }

    fn hints(&self) -> Vec<String> {
        self.table.hints()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_foreign_table(("app", "invoices"), "billing", |t| {
                t.bigint("id").not_null().comment("of the bill");
                t.check("id > 0").named("positive");
            })
            .if_not_exists()
            .inherits("papers")
            .option("table_name", "it's")
            .column_option("id", "column_name", "no")
            .comment("what they owe");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE FOREIGN TABLE IF NOT EXISTS "app"."invoices" (
            "id" bigint NOT NULL,
            CONSTRAINT "positive" CHECK (id > 0)
        ) INHERITS ("papers") SERVER "billing" OPTIONS ("table_name" 'it''s');
        COMMENT ON FOREIGN TABLE "app"."invoices" IS 'what they owe';
        ALTER FOREIGN TABLE "app"."invoices" ALTER COLUMN "id" OPTIONS (ADD "column_name" 'no');
        COMMENT ON COLUMN "app"."invoices"."id" IS 'of the bill';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: foreign table `app.invoices`");
    }
}
