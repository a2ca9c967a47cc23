//! [`TRUNCATE`](https://www.postgresql.org/docs/current/sql-truncate.html).

use crate::operations::macros::{operation, options};
use crate::{IntoNames, Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Deletes all rows of tables.
    pub struct TruncateTable(tables: Vec<Name>) {
        restart_identity: bool,
        cascade: bool,
    }
}

impl Pgm {
    /// Deletes all rows of tables, one or many, at once. There is no inverse.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.truncate_table(["hits", "visits"]); });
    /// assert_eq!(plan, r#"TRUNCATE "hits", "visits";"#);
    /// ```
    #[track_caller]
    pub fn truncate_table(&mut self, tables: impl IntoNames) -> &mut TruncateTable {
        self.record(TruncateTable::new(tables.into_names()))
    }
}

options! { TruncateTable {
    /// Lets the sequences of their columns count from their start again.
    pub fn restart_identity(&mut self) { self.restart_identity = true }

    /// Deletes the rows of tables whose foreign keys point at them too.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl TruncateTable {
    fn names(&self) -> String {
        let names = self.tables.iter().map(|table| format!("`{table}`"));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Operation for TruncateTable {
    fn verb(&self) -> &'static str {
        "truncate_table"
    }

    fn describe(&self) -> String {
        format!("truncate table {}", self.names())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.tables.is_empty() {
                sql.problem("`truncate_table` truncates no table");
            }
            sql.text("TRUNCATE").list(&self.tables, |sql, table| _ = sql.name(table));
            sql.flag(self.restart_identity, "RESTART IDENTITY").flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none(format!("the rows of {} are deleted", self.names()))
    }

    fn destroys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.truncate_table(("app", "hits")).restart_identity().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"TRUNCATE "app"."hits" RESTART IDENTITY CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be reverted: the rows of `app.hits` are deleted");
        let problems = plan_problems(|pgm| _ = pgm.truncate_table([""; 0]));
        insta::assert_snapshot!(problems, @"`truncate_table` truncates no table");
    }
}
