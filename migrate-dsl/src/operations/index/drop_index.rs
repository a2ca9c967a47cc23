//! [`DROP INDEX`](https://www.postgresql.org/docs/current/sql-dropindex.html).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Drops an index.
    pub struct DropIndex(name: Name) {
        concurrently: bool,
        if_exists: bool,
        cascade: bool,
    }
}

impl Pgm {
    /// Drops an index.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_index(("app", "posts_title_idx")).concurrently(); });
    /// assert_eq!(plan, r#"DROP INDEX CONCURRENTLY "app"."posts_title_idx";"#);
    /// ```
    #[track_caller]
    pub fn drop_index(&mut self, name: impl Into<Name>) -> &mut DropIndex {
        self.record(DropIndex::new(name.into()))
    }
}

options! { DropIndex {
    /// Drops the index without blocking reads and writes of its table, outside a transaction.
    pub fn concurrently(&mut self) { self.concurrently = true }

    /// Does nothing if there is no such index.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on the index too, such as a foreign key that points at its columns.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for DropIndex {
    fn verb(&self) -> &'static str {
        "drop_index"
    }

    fn describe(&self) -> String {
        format!("drop index `{}`", self.name)
    }

    fn transactional(&self) -> bool {
        !self.concurrently
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.concurrently && self.cascade {
                sql.problem(format!(
                    "PostgreSQL drops `{}` either `concurrently` or with `cascade`",
                    self.name
                ));
            }
            sql.text("DROP INDEX")
                .flag(self.concurrently, "CONCURRENTLY")
                .flag(self.if_exists, "IF EXISTS");
            sql.name(&self.name).flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::index(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_index() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_index("posts_title_idx").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP INDEX IF EXISTS "posts_title_idx" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: index `posts_title_idx`");
    }

    #[test]
    fn concurrently_does_not_cascade() {
        let problems = plan_problems(|pgm| {
            pgm.drop_index("posts_title_idx").concurrently().cascade();
        });
        insta::assert_snapshot!(problems, @"PostgreSQL drops `posts_title_idx` either `concurrently` or with `cascade`");
    }
}
