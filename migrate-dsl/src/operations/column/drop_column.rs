//! [`ALTER TABLE … DROP COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Identifier, IntoIdentifiers, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Drops columns of a table.
pub struct DropColumn {
    table: Name,
    columns: Vec<Identifier>,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops columns, one or many, with their values, and the indexes and constraints that they
    /// are part of.
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
        self.record(DropColumn {
            table: table.into(),
            columns: columns.into_identifiers(),
            if_exists: false,
            cascade: false,
        })
    }
}

impl DropColumn {
    /// Leaves out a column that is not there.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on the columns too: views, and the foreign keys that point at them.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }

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
        format!("drop {} of `{}`", self.names(), self.table)
    }

    fn statements(&self) -> Vec<Statement> {
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
        Inverse::unknown_before(format_args!(
            "what {} of `{}` looked like",
            self.names(),
            self.table
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_column() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_column(("app", "posts"), "loc").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TABLE "app"."posts" DROP COLUMN IF EXISTS "loc" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be taken back: what `loc` of `app.posts` looked like is not known here; write a `pub fn down` that restores it");
    }
}
