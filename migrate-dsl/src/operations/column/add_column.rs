//! [`ALTER TABLE … ADD COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Column, Inverse, Name, Operation, Pgm, Statement, Table, Writer};

/// Adds columns to a table.
pub struct AddColumn {
    table: Name,
    columns: Table,
    if_not_exists: bool,
}

impl Pgm {
    /// Adds the columns that `describe` gives, one or many, and their constraints.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.add_column("posts", |t| t.point("loc").not_null());
    /// });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" ADD COLUMN "loc" point NOT NULL;"#);
    /// ```
    #[track_caller]
    pub fn add_column<R>(
        &mut self,
        table: impl Into<Name>,
        describe: impl FnOnce(&mut Table) -> R,
    ) -> &mut AddColumn {
        self.record(AddColumn {
            table: table.into(),
            columns: Table::described(describe),
            if_not_exists: false,
        })
    }
}

impl AddColumn {
    /// Leaves out a column that is there; then `down` cannot know which columns are this
    /// migration's, and does not drop them.
    pub fn if_not_exists(&mut self) -> &mut Self {
        self.if_not_exists = true;
        self
    }

    fn names(&self) -> String {
        let names = self.columns.columns().map(|column| format!("`{}`", column.name()));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Operation for AddColumn {
    fn verb(&self) -> &'static str {
        "add_column"
    }

    fn describe(&self) -> String {
        format!("add {} to `{}`", self.names(), self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table);
        self.columns.write_additions(&mut sql, self.if_not_exists);
        if self.columns.columns().next().is_none() {
            sql.problem(format!("`add_column` adds no column to `{}`", self.table));
        }
        let mut statements = vec![sql.finish()];
        statements.extend(self.columns.comment_statements(&self.table));
        statements
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::maybe_older("if_not_exists", self.names());
        }
        // A constraint of the table goes with the columns that it is about.
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table);
        sql.list(self.columns.columns().rev().map(Column::name), |sql, name| {
            sql.text("DROP COLUMN").identifier(&name);
        });
        Inverse::by(sql.finish())
    }

    fn hints(&self) -> Vec<String> {
        self.columns.hints()
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_text, plan_text_down, prelude::*};

    fn add(pgm: &mut Pgm) {
        pgm.add_column("posts", |t| {
            t.double_precision("lat").comment("degrees");
            t.double_precision("lng");
            t.check("(lat IS NULL) = (lng IS NULL)").named("both or none");
        });
    }

    #[test]
    fn several_columns_are_one_statement() {
        insta::assert_snapshot!(plan_text(add), @r#"
        ALTER TABLE "posts" ADD COLUMN "lat" double precision, ADD COLUMN "lng" double precision, ADD CONSTRAINT "both or none" CHECK ((lat IS NULL) = (lng IS NULL));
        COMMENT ON COLUMN "posts"."lat" IS 'degrees';
        "#);
        insta::assert_snapshot!(plan_text_down(add), @r#"ALTER TABLE "posts" DROP COLUMN "lng", DROP COLUMN "lat";"#);
    }
}
