//! [`DROP TABLE`](https://www.postgresql.org/docs/current/sql-droptable.html).

use crate::operations::macros::{operation, options};
use crate::operations::{keep, phrases};
use crate::{
    Capture, IntoNames, Inverse, Name, Object, Operation, Pgm, Statement, Writer, kept_name,
};

operation! {
    /// Drops tables with their rows.
    pub struct DropTable(tables: Vec<Name>) {
        if_exists: bool,
        cascade: bool,
        keep_data: bool,
    }
}

impl Pgm {
    /// Drops tables, one or many, with their rows. On the inverse they are empty; with
    /// [`keep_data`](DropTable::keep_data) they keep their rows.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.drop_table(("archive", "posts")).cascade();
    ///     pgm.drop_table(["posts", "comments"]);
    /// });
    /// assert_eq!(plan, "DROP TABLE \"archive\".\"posts\" CASCADE;\nDROP TABLE \"posts\", \"comments\";");
    /// ```
    #[track_caller]
    pub fn drop_table(&mut self, tables: impl IntoNames) -> &mut DropTable {
        self.record(DropTable::new(tables.into_names()))
    }
}

options! { DropTable {
    /// Leaves out a table that is not there.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on the tables too: views, and the foreign keys that point at them.
    pub fn cascade(&mut self) { self.cascade = true }

    /// Sets the tables aside instead, under their [`kept_name`]: `posts` becomes `kept_posts`,
    /// without constraints, indexes, triggers and policies, and without the foreign keys that point
    /// at it. The inverse is with all rows; [`purge_table`](Pgm::purge_table) drops them for
    /// good, later.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.drop_table("posts").keep_data();
    /// }
    ///
    /// assert!(migrate_dsl::plan_text(up).ends_with(r#"ALTER TABLE "posts" RENAME TO "kept_posts";"#));
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER TABLE \"kept_posts\" RENAME TO \"posts\";\n-- as it was: table `posts`"
    /// );
    /// ```
    pub fn keep_data(&mut self) { self.keep_data = true }
}}

impl DropTable {
    fn names(&self) -> String {
        let names = self.tables.iter().map(|table| format!("`{table}`"));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Operation for DropTable {
    fn verb(&self) -> &'static str {
        "drop_table"
    }

    fn describe(&self) -> String {
        if self.keep_data {
            let names = self.tables.iter().map(|table| (table.to_string(), &table.name));
            return keep::described("table", names);
        }
        format!("drop table {}", self.names())
    }

    fn statements(&self) -> Vec<Statement> {
        if self.keep_data && !self.tables.is_empty() {
            let mut take_off = keep::take_off_tables(&self.tables, self.cascade);
            if self.if_exists {
                take_off.problems.push(keep::problem_of_if_exists(&self.names()));
            }
            let aside = self.tables.iter().map(|table| {
                phrases::rename_object(&Object::table(table), &kept_name(table.name.as_str()))
            });
            return [take_off].into_iter().chain(aside).collect();
        }
        vec![Writer::statement(|sql| {
            if self.tables.is_empty() {
                sql.problem("`drop_table` drops no table");
            }
            sql.text("DROP TABLE").flag(self.if_exists, "IF EXISTS");
            sql.list(&self.tables, |sql, table| _ = sql.name(table));
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        let tables = self.tables.iter().map(Object::table);
        if !self.keep_data {
            return Inverse::capture_without(tables, "its rows are not restored");
        }
        let back = self.tables.iter().rev().map(|table| {
            let kept = table.sibling(kept_name(table.name.as_str()));
            phrases::rename_object(&Object::table(kept), &table.name)
        });
        Inverse::Captured(Capture {
            objects: tables.collect(),
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
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_table([("app", "posts"), ("app", "users")]).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TABLE IF EXISTS "app"."posts", "app"."users" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: table `app.posts`, table `app.users`; its rows are not restored");
        let problems = plan_problems(|pgm| _ = pgm.drop_table([""; 0]));
        insta::assert_snapshot!(problems, @"`drop_table` drops no table");
    }

    #[test]
    fn what_is_kept() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_table([("app", "it's"), ("app", "users")]).keep_data().cascade();
        };
        let plan = plan_text(up);
        let (code, renames) = plan.split_at(plan.rfind("$$;\n").unwrap() + 4);
        let tables = "ARRAY[ pg_catalog.format('%I.%I', 'app', 'it''s')::pg_catalog.regclass, \
             pg_catalog.format('%I.%I', 'app', 'users')::pg_catalog.regclass]";
        assert!(code.contains(tables), "{code}");
        insta::assert_snapshot!(renames, @r#"
        ALTER TABLE "app"."it's" RENAME TO "kept_it's";
        ALTER TABLE "app"."users" RENAME TO "kept_users";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "app"."kept_users" RENAME TO "users";
        ALTER TABLE "app"."kept_it's" RENAME TO "it's";
        -- as it was: table `app.it's`, table `app.users`
        "#);
        let problems = plan_problems(|pgm| _ = pgm.drop_table("a").if_exists().keep_data());
        insta::assert_snapshot!(problems, @"`keep_data` sets aside what is there: leave out `if_exists` of `a`");
    }
}
