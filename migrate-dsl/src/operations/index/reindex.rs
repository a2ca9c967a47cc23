//! [`REINDEX`](https://www.postgresql.org/docs/current/sql-reindex.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Rebuilds indexes.
    pub struct Reindex(object: Object) {
        concurrently: bool,
        tablespace: Option<Identifier>,
    }
}

impl Pgm {
    /// Rebuilds an index, or all those of a table, a schema or the database: after a damage, to
    /// shrink them, or when the rules of a collation have changed. There is no inverse, and no
    /// need of one.
    ///
    /// ```
    /// use migrate_dsl::{Object, plan_text};
    /// let plan = plan_text(|pgm| { pgm.reindex(Object::table("posts")).concurrently(); });
    /// assert_eq!(plan, r#"REINDEX TABLE CONCURRENTLY "posts";"#);
    /// ```
    #[track_caller]
    pub fn reindex(&mut self, object: Object) -> &mut Reindex {
        self.record(Reindex::new(object))
    }
}

options! { Reindex {
    /// Lets others go on writing meanwhile, outside a transaction.
    pub fn concurrently(&mut self) { self.concurrently = true }

    /// Moves the indexes to another tablespace as well; from PostgreSQL 14.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }
}}

impl Operation for Reindex {
    fn verb(&self) -> &'static str {
        "reindex"
    }

    fn describe(&self) -> String {
        format!("reindex {}", self.object)
    }

    fn transactional(&self) -> bool {
        !self.concurrently && !["SCHEMA", "DATABASE"].contains(&self.object.kind())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if !["INDEX", "TABLE", "SCHEMA", "DATABASE"].contains(&self.object.kind()) {
                sql.problem(format!(
                    "PostgreSQL reindexes an index, a table, a schema or a database, not the {}",
                    self.object
                ));
            }
            sql.text("REINDEX");
            if let Some(tablespace) = &self.tablespace {
                sql.requires(14, "tablespace")
                    .parenthesized(|sql| _ = sql.text("TABLESPACE").identifier(tablespace));
            }
            sql.text(self.object.kind()).flag(self.concurrently, "CONCURRENTLY");
            self.object.write_name(sql);
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none("rebuilding an index does not change what it contains")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Object, Operation, Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_object() {
        let up = |pgm: &mut Pgm| {
            pgm.reindex(Object::index(("app", "posts_idx"))).concurrently().tablespace("fast");
            pgm.reindex(Object::table("posts"));
            pgm.reindex(Object::schema("app"));
            pgm.reindex(Object::database("blog"));
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        REINDEX (TABLESPACE "fast") INDEX CONCURRENTLY "app"."posts_idx";
        REINDEX TABLE "posts";
        REINDEX SCHEMA "app";
        REINDEX DATABASE "blog";
        "#);
        insta::assert_snapshot!(plan_text_down(|pgm| _ = pgm.reindex(Object::table("posts"))), @"-- cannot be reverted: rebuilding an index does not change what it contains");
    }

    #[test]
    fn what_has_no_index() {
        let problems = plan_problems(|pgm| _ = pgm.reindex(Object::view("v")));
        insta::assert_snapshot!(problems, @"PostgreSQL reindexes an index, a table, a schema or a database, not the view `v`");
    }

    #[test]
    fn what_takes_several_transactions_needs_none_around_it() {
        let in_transaction = |object, concurrently| {
            super::Reindex { object, concurrently, tablespace: None }.transactional()
        };
        assert!(in_transaction(Object::table("a"), false));
        assert!(!in_transaction(Object::table("a"), true));
        assert!(!in_transaction(Object::schema("a"), false));
        assert!(!in_transaction(Object::database("a"), false));
    }
}
