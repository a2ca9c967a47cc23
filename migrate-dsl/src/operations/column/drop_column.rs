//! [`ALTER TABLE … DROP COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::macros::{operation, options};
use crate::operations::{keep, phrases};
use crate::{
    Capture, Identifier, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm, Statement, Writer,
    kept_name,
};

operation! {
    /// Drops columns of a table.
    pub struct DropColumn(table: Name, columns: Vec<Identifier>) {
        if_exists: bool,
        cascade: bool,
        keep_data: bool,
    }
}

impl Pgm {
    /// Drops columns, one or many, with their values, and the indexes and constraints that they
    /// are part of. On the inverse they stand last, and are empty; with
    /// [`keep_data`](DropColumn::keep_data) they keep their values and their place.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_column("posts", ["lat", "lng"]); });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" DROP COLUMN "lat", DROP COLUMN "lng";"#);
    /// ```
    #[track_caller]
    pub fn drop_column(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut DropColumn {
        self.record(DropColumn::new(table.into(), columns.into_identifiers()))
    }
}

options! { DropColumn {
    /// Leaves out a column that is not there.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on the columns too: views, and the foreign keys that point at them.
    pub fn cascade(&mut self) { self.cascade = true }

    /// Sets the columns aside instead, under their [`kept_name`]: `loc` becomes `kept_loc`, without
    /// its constraints, indexes, default and `NOT NULL`, so that inserts go on. The inverse is
    /// with all values; [`purge_column`](Pgm::purge_column) drops them for good, later.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.drop_column("posts", "loc").keep_data();
    /// }
    ///
    /// assert!(migrate_dsl::plan_text(up).ends_with(r#"ALTER TABLE "posts" RENAME COLUMN "loc" TO "kept_loc";"#));
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER TABLE \"posts\" RENAME COLUMN \"kept_loc\" TO \"loc\";\n-- as it was: column `loc` of `posts`"
    /// );
    /// ```
    pub fn keep_data(&mut self) { self.keep_data = true }
}}

impl DropColumn {
    fn names(&self) -> String {
        let names = self.columns.iter().map(|column| format!("`{column}`"));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Operation for DropColumn {
    fn verb(&self) -> &'static str {
        "drop_column"
    }

    fn describe(&self) -> String {
        if self.keep_data {
            let names = self.columns.iter().map(|column| (column.to_string(), column));
            return format!("{} of `{}`", keep::described("column", names), self.table);
        }
        format!("drop {} of `{}`", self.names(), self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        if self.keep_data && !self.columns.is_empty() {
            let mut take_off = keep::take_off_columns(&self.table, &self.columns, self.cascade);
            if self.if_exists {
                take_off.problems.push(keep::problem_of_if_exists(&self.names()));
            }
            let aside = self.columns.iter().map(|column| {
                phrases::rename_part(&self.table, "COLUMN", column, &kept_name(column.as_str()))
            });
            return [take_off].into_iter().chain(aside).collect();
        }
        vec![Writer::statement(|sql| {
            if self.columns.is_empty() {
                sql.problem(format!("`drop_column` drops no column of `{}`", self.table));
            }
            sql.text("ALTER TABLE").name(&self.table);
            sql.list(&self.columns, |sql, column| {
                sql.text("DROP COLUMN").flag(self.if_exists, "IF EXISTS");
                sql.identifier(column).flag(self.cascade, "CASCADE");
            })
        })]
    }

    fn inverse(&self) -> Inverse {
        let columns = self.columns.iter().map(|column| Object::column(&self.table, column));
        if !self.keep_data {
            return Inverse::capture_without(
                columns,
                "its values are not restored, and it becomes the last column",
            );
        }
        let back = self.columns.iter().rev().map(|column| {
            phrases::rename_part(&self.table, "COLUMN", &kept_name(column.as_str()), column)
        });
        Inverse::Captured(Capture {
            objects: columns.collect(),
            must_exist: false,
            lost: None,
            through: Some(1),
            first: back.collect(),
            only: None,
        })
    }

    fn destroys(&self) -> bool {
        !self.keep_data
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_column() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_column(("app", "posts"), "loc").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TABLE "app"."posts" DROP COLUMN IF EXISTS "loc" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: column `loc` of `app.posts`; its values are not restored, and it becomes the last column");
    }

    #[test]
    fn what_is_kept() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_column("posts", ["it's", "loc"]).keep_data();
        };
        let plan = plan_text(up);
        let (code, renames) = plan.split_at(plan.rfind("$$;\n").unwrap() + 4);
        assert!(code.contains("pg_catalog.format('%I', 'posts')::pg_catalog.regclass"), "{code}");
        assert!(code.contains("attname IN ('it''s', 'loc')"), "{code}");
        insta::assert_snapshot!(renames, @r#"
        ALTER TABLE "posts" RENAME COLUMN "it's" TO "kept_it's";
        ALTER TABLE "posts" RENAME COLUMN "loc" TO "kept_loc";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "posts" RENAME COLUMN "kept_loc" TO "loc";
        ALTER TABLE "posts" RENAME COLUMN "kept_it's" TO "it's";
        -- as it was: column `it's` of `posts`, column `loc` of `posts`
        "#);
        let problems = plan_problems(|pgm| _ = pgm.drop_column("a", "b").if_exists().keep_data());
        insta::assert_snapshot!(problems, @"`keep_data` sets aside what is there: leave out `if_exists` of `b`");
    }
}
