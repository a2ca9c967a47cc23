//! [`ALTER FOREIGN TABLE`](https://www.postgresql.org/docs/current/sql-alterforeigntable.html).

use super::options::{LOST, OptionChanges, option_changes};
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, OptionValue, Pgm, Statement, Writer};

operation! {
    /// Changes the options of a foreign table.
    pub struct AlterForeignTable(name: Name) {
        options: OptionChanges,
        column_options: Vec<(Identifier, OptionChanges)>,
    }
}

impl Pgm {
    /// Changes the options of a foreign table and of its columns. Its columns themselves are
    /// changed as those of a table, with [`alter_column`](Pgm::alter_column) and the like.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_foreign_table("invoices").set_option("schema_name", "archive");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER FOREIGN TABLE "invoices" OPTIONS (SET "schema_name" 'archive');"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: foreign table `invoices`; options that may hold secrets are not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_foreign_table(&mut self, name: impl Into<Name>) -> &mut AlterForeignTable {
        self.record(AlterForeignTable::new(name.into()))
    }
}

option_changes!(AlterForeignTable);

options! { AlterForeignTable {
    /// Gives an option of a column that was not given before.
    pub fn add_column_option(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
        value: impl Into<OptionValue>,
    ) { self.of(column.into()).add(name.into(), value.into()) }

    /// Gives an option of a column another value.
    pub fn set_column_option(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
        value: impl Into<OptionValue>,
    ) { self.of(column.into()).set(name.into(), value.into()) }

    /// No longer gives an option of a column.
    pub fn drop_column_option(
        &mut self,
        column: impl Into<Identifier>,
        name: impl Into<Identifier>,
    ) { self.of(column.into()).drop(name.into()) }
}}

impl AlterForeignTable {
    fn of(&mut self, column: Identifier) -> &mut OptionChanges {
        let found = self.column_options.iter().position(|(name, _)| *name == column);
        let index = found.unwrap_or_else(|| {
            self.column_options.push((column, OptionChanges::default()));
            self.column_options.len() - 1
        });
        &mut self.column_options[index].1
    }
}

/// `ALTER FOREIGN TABLE "a" ALTER COLUMN "b" OPTIONS (…)`.
pub(super) fn alter_column(
    table: &Name,
    column: &Identifier,
    options: &OptionChanges,
) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER FOREIGN TABLE").name(table).text("ALTER COLUMN").identifier(column);
        options.write(sql);
        sql
    })
}

impl Operation for AlterForeignTable {
    fn verb(&self) -> &'static str {
        "alter_foreign_table"
    }

    fn describe(&self) -> String {
        format!("alter foreign table `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        if !self.options.is_empty() || self.column_options.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.text("ALTER FOREIGN TABLE").name(&self.name);
                self.options.write(sql);
                if self.options.is_empty() {
                    sql.problem(format!(
                        "`alter_foreign_table` changes nothing about `{}`",
                        self.name
                    ));
                }
                sql
            }));
        }
        let columns = self.column_options.iter();
        statements
            .extend(columns.map(|(column, options)| alter_column(&self.name, column, options)));
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::foreign_table(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_foreign_table(("app", "invoices"))
                .add_option("a", 0)
                .set_option("b", "it's")
                .drop_option("c")
                .add_column_option("id", "a", false)
                .set_column_option("no", "b", "x")
                .drop_column_option("id", "c");
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER FOREIGN TABLE "app"."invoices" OPTIONS (ADD "a" '0', SET "b" 'it''s', DROP "c");
        ALTER FOREIGN TABLE "app"."invoices" ALTER COLUMN "id" OPTIONS (ADD "a" 'false', DROP "c");
        ALTER FOREIGN TABLE "app"."invoices" ALTER COLUMN "no" OPTIONS (SET "b" 'x');
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_foreign_table("invoices");
        });
        insta::assert_snapshot!(problems, @"`alter_foreign_table` changes nothing about `invoices`");
    }
}
