//! [`ALTER INDEX`](https://www.postgresql.org/docs/current/sql-alterindex.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes how an index is stored.
    pub struct AlterIndex(name: Name) {
        if_exists: bool,
        changes: Vec<Change>,
    }
}

/// In the order in which they were said.
#[derive(Debug, Clone)]
enum Change {
    Set(Identifier, String),
    Reset(Identifier),
    Tablespace(Identifier),
    Statistics(u16, i16),
}

impl Pgm {
    /// Changes how an index is stored, several things at once; what it is over never changes.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_index("posts_title_idx").set_parameter("fillfactor", 70);
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER INDEX "posts_title_idx" SET ("fillfactor" = '70');"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: index `posts_title_idx`");
    /// ```
    #[track_caller]
    pub fn alter_index(&mut self, name: impl Into<Name>) -> &mut AlterIndex {
        self.record(AlterIndex::new(name.into()))
    }
}

options! { AlterIndex {
    /// Does nothing if there is no such index.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl AlterIndex {
    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS),
    /// such as `fillfactor`; it holds for what is written from now on, for the rest after a
    /// `reindex`.
    pub fn set_parameter(
        &mut self,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> &mut Self {
        self.change(Change::Set(name.into(), value.to_string()))
    }

    /// Sets a storage parameter back to its default.
    pub fn reset_parameter(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.change(Change::Reset(name.into()))
    }

    /// Moves the index to another tablespace, while nobody can write to its table.
    pub fn set_tablespace(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.change(Change::Tablespace(name.into()))
    }

    /// How closely `ANALYZE` looks at an expression of the index, by its position from 1: 0 to
    /// 10000, or -1 for the server's default.
    pub fn set_statistics(&mut self, position: u16, target: i16) -> &mut Self {
        self.change(Change::Statistics(position, target))
    }

    fn change(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }
}

impl Operation for AlterIndex {
    fn verb(&self) -> &'static str {
        "alter_index"
    }

    fn describe(&self) -> String {
        format!("alter index `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.changes.is_empty() {
                sql.problem(format!("`alter_index` changes nothing about `{}`", self.name));
            }
            sql.text("ALTER INDEX").flag(self.if_exists, "IF EXISTS").name(&self.name);
            sql.list(&self.changes, |sql, change| match change {
                Change::Set(name, value) => _ = sql.text("SET").assignment(name, value),
                Change::Reset(name) => {
                    sql.text("RESET").parenthesized(|sql| _ = sql.storage_parameter(name));
                }
                Change::Tablespace(name) => _ = sql.text("SET TABLESPACE").identifier(name),
                Change::Statistics(position, target) => {
                    sql.text(&format!("ALTER COLUMN {position} SET STATISTICS {target}"));
                }
            })
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::index(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_index(("app", "posts_idx"))
                .if_exists()
                .set_parameter("fillfactor", 0)
                .reset_parameter("deduplicate_items")
                .set_tablespace("fast")
                .set_statistics(1, 0);
        });
        insta::assert_snapshot!(plan, @r#"ALTER INDEX IF EXISTS "app"."posts_idx" SET ("fillfactor" = '0'), RESET ("deduplicate_items"), SET TABLESPACE "fast", ALTER COLUMN 1 SET STATISTICS 0;"#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_index("posts_idx"));
        insta::assert_snapshot!(problems, @"`alter_index` changes nothing about `posts_idx`");
    }
}
