//! [`DROP TABLE`](https://www.postgresql.org/docs/current/sql-droptable.html), of what was kept.

use crate::operations::macros::{operation, options};
use crate::{IntoNames, Inverse, Name, Object, Operation, Pgm, Statement, Writer, kept_name};

operation! {
    /// Drops tables that were set aside.
    pub struct PurgeTable(tables: Vec<Name>) {
        if_exists: bool,
    }
}

impl Pgm {
    /// Drops for good tables that [`drop_table(..).keep_data()`](super::DropTable::keep_data) has
    /// set aside; they are named as they were before.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.purge_table("posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"DROP TABLE "kept_posts";"#);
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: table `kept_posts`; its rows are not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn purge_table(&mut self, tables: impl IntoNames) -> &mut PurgeTable {
        let kept = |table: Name| table.sibling(kept_name(table.name.as_str()));
        let tables = tables.into_names().into_iter().map(kept).collect();
        self.record(PurgeTable::new(tables))
    }
}

options! { PurgeTable {
    /// Leaves out a table that is not there.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl Operation for PurgeTable {
    fn verb(&self) -> &'static str {
        "purge_table"
    }

    fn describe(&self) -> String {
        let names = self.tables.iter().map(|table| format!("`{table}`"));
        format!("purge table {}", names.collect::<Vec<_>>().join(", "))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.tables.is_empty() {
                sql.problem("`purge_table` drops no table");
            }
            sql.text("DROP TABLE").flag(self.if_exists, "IF EXISTS");
            sql.list(&self.tables, |sql, table| _ = sql.name(table))
        })]
    }

    fn inverse(&self) -> Inverse {
        let tables = self.tables.iter().map(Object::table);
        Inverse::capture_without(tables, "its rows are not restored")
    }

    fn destroys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn purge_table() {
        let plan = plan_text(|pgm| {
            pgm.purge_table([("app", "posts"), ("app", "users")]).if_exists();
        });
        insta::assert_snapshot!(plan, @r#"DROP TABLE IF EXISTS "app"."kept_posts", "app"."kept_users";"#);
        let problems = plan_problems(|pgm| _ = pgm.purge_table([""; 0]));
        insta::assert_snapshot!(problems, @"`purge_table` drops no table");
    }
}
