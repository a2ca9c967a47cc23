//! [`ALTER TABLE … DROP COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html), of
//! what was kept.

use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm, Statement, Writer,
    kept_name,
};

operation! {
    /// Drops columns that were set aside.
    pub struct PurgeColumn(table: Name, columns: Vec<Identifier>) {
        if_exists: bool,
    }
}

impl Pgm {
    /// Drops for good columns that [`drop_column(..).keep_data()`](super::DropColumn::keep_data) has
    /// set aside; they are named as they were before.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.purge_column("posts", "loc");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" DROP COLUMN "kept_loc";"#);
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: column `kept_loc` of `posts`; its values are not restored, and it becomes the last column"
    /// );
    /// ```
    #[track_caller]
    pub fn purge_column(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut PurgeColumn {
        let columns = columns.into_identifiers().into_iter();
        self.record(PurgeColumn::new(
            table.into(),
            columns.map(|column| kept_name(column.as_str())).collect(),
        ))
    }
}

options! { PurgeColumn {
    /// Leaves out a column that is not there.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl PurgeColumn {
    fn names(&self) -> String {
        let names = self.columns.iter().map(|column| format!("`{column}`"));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Operation for PurgeColumn {
    fn verb(&self) -> &'static str {
        "purge_column"
    }

    fn describe(&self) -> String {
        format!("purge {} of `{}`", self.names(), self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.columns.is_empty() {
                sql.problem(format!("`purge_column` drops no column of `{}`", self.table));
            }
            sql.text("ALTER TABLE").name(&self.table);
            sql.list(&self.columns, |sql, column| {
                sql.text("DROP COLUMN").flag(self.if_exists, "IF EXISTS").identifier(column);
            })
        })]
    }

    fn inverse(&self) -> Inverse {
        let columns = self.columns.iter().map(|column| Object::column(&self.table, column));
        Inverse::capture_without(
            columns,
            "its values are not restored, and it becomes the last column",
        )
    }

    fn destroys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn purge_column() {
        let plan = plan_text(|pgm| {
            pgm.purge_column(("app", "posts"), ["lat", "lng"]).if_exists();
        });
        insta::assert_snapshot!(plan, @r#"ALTER TABLE "app"."posts" DROP COLUMN IF EXISTS "kept_lat", DROP COLUMN IF EXISTS "kept_lng";"#);
        let problems = plan_problems(|pgm| _ = pgm.purge_column("posts", [""; 0]));
        insta::assert_snapshot!(problems, @"`purge_column` drops no column of `posts`");
    }
}
