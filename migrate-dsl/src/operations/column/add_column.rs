//! [`ALTER TABLE … ADD COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Table, Writer};

operation! {
    /// Adds columns to a table.
    pub struct AddColumn(table: Name, columns: Table) {
        if_not_exists: bool,
    }
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
        self.record(AddColumn::new(table.into(), Table::described(describe)))
    }
}

options! { AddColumn {
    /// Leaves out a column that is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }
}}

impl AddColumn {
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
        self.columns.write_additions(&mut sql, &self.table, self.if_not_exists);
        if self.columns.columns().next().is_none() {
            sql.problem(format!("`add_column` adds no column to `{}`", self.table));
        }
        let mut statements = vec![sql.finish()];
        statements.extend(self.columns.storage_statements(&self.table));
        statements.extend(self.columns.comment_statements(&self.table));
        statements
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::capture([Object::table(&self.table)]);
        }
        let mut sql = Writer::new();
        sql.text("ALTER TABLE").name(&self.table);
        self.columns.write_removals(&mut sql, &self.table);
        Inverse::by(sql.finish())
    }

    fn merged_by_children_of(&self) -> Option<Object> {
        Some(Object::table(&self.table))
    }

    fn hints(&self) -> Vec<String> {
        self.columns.hints()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Storage, plan_text, plan_text_down, prelude::*};

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
        insta::assert_snapshot!(plan_text_down(add), @r#"ALTER TABLE "posts" DROP CONSTRAINT IF EXISTS "both or none", DROP COLUMN "lng", DROP COLUMN "lat";"#);
    }

    #[test]
    fn constraints_over_older_columns_are_restored_too() {
        let add = |pgm: &mut Pgm| {
            pgm.add_column("posts", |t| {
                t.text("new");
                t.unique(["old"]);
                t.check("b > 0");
                t.check("b < 9");
                t.foreign_key("old", "users", "id");
                t.foreign_key("old", "guests", "id");
            });
        };
        insta::assert_snapshot!(plan_text(add), @r#"ALTER TABLE "posts" ADD COLUMN "new" text, ADD CONSTRAINT "posts_old_key" UNIQUE ("old"), ADD CONSTRAINT "posts_51d8458b_check" CHECK (b > 0), ADD CONSTRAINT "posts_5591b28e_check" CHECK (b < 9), ADD CONSTRAINT "posts_old_fkey" FOREIGN KEY ("old") REFERENCES "users" ("id"), ADD CONSTRAINT "posts_old_fkey1" FOREIGN KEY ("old") REFERENCES "guests" ("id");"#);
        insta::assert_snapshot!(plan_text_down(add), @r#"ALTER TABLE "posts" DROP CONSTRAINT IF EXISTS "posts_old_fkey1", DROP CONSTRAINT IF EXISTS "posts_old_fkey", DROP CONSTRAINT IF EXISTS "posts_5591b28e_check", DROP CONSTRAINT IF EXISTS "posts_51d8458b_check", DROP CONSTRAINT IF EXISTS "posts_old_key", DROP COLUMN "new";"#);
    }

    #[test]
    fn checks_of_columns_have_names_to_be_dropped_by() {
        let add = |pgm: &mut Pgm| {
            pgm.add_column("posts", |t| t.text("a").check("a <> ''").check("old > 0"));
        };
        insta::assert_snapshot!(plan_text(add), @r#"ALTER TABLE "posts" ADD COLUMN "a" text CONSTRAINT "posts_a_check" CHECK (a <> '') CONSTRAINT "posts_a_check1" CHECK (old > 0);"#);
        insta::assert_snapshot!(plan_text_down(add), @r#"ALTER TABLE "posts" DROP CONSTRAINT IF EXISTS "posts_a_check1", DROP CONSTRAINT IF EXISTS "posts_a_check", DROP COLUMN "a";"#);
    }

    #[test]
    fn what_is_there_already() {
        let add = |pgm: &mut Pgm| {
            pgm.add_column("posts", |t| t.text("a").storage(Storage::Main)).if_not_exists();
        };
        insta::assert_snapshot!(plan_text(add), @r#"
        ALTER TABLE "posts" ADD COLUMN IF NOT EXISTS "a" text;
        ALTER TABLE "posts" ALTER COLUMN "a" SET STORAGE MAIN;
        "#);
        insta::assert_snapshot!(plan_text_down(add), @"-- as it was: table `posts`");
    }
}
