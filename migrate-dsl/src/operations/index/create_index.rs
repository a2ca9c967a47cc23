//! [`CREATE INDEX`](https://www.postgresql.org/docs/current/sql-createindex.html).

use super::{IntoIndexElements, name_part, write_element};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Expression, Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm,
    Statement, Writer, expr, generated_name,
};

operation! {
    /// Creates an index.
    pub struct CreateIndex(table: Name, elements: Vec<Expression>) {
        name: Option<Identifier>,
        unique: bool,
        nulls_not_distinct: bool,
        concurrently: bool,
        if_not_exists: bool,
        only: bool,
        method: Option<Identifier>,
        include: Vec<Identifier>,
        parameters: Vec<(Identifier, String)>,
        tablespace: Option<Identifier>,
        condition: Option<Expression>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an index over columns (`"a"`, `["a", "b"]`) or expressions
    /// (`[col("a").desc(), expr("lower(b)")]`).
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.create_index("posts", [col("likes").desc(), expr("lower(title)")]).concurrently();
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"CREATE INDEX CONCURRENTLY "posts_likes_expr_23338933_idx" ON "posts" ("likes" DESC, (lower(title)));"#
    /// );
    /// ```
    #[track_caller]
    pub fn create_index(
        &mut self,
        table: impl Into<Name>,
        elements: impl IntoIndexElements,
    ) -> &mut CreateIndex {
        self.record(CreateIndex::new(table.into(), elements.into_index_elements()))
    }
}

options! { CreateIndex {
    /// Names the index; without it, it is called `<table>_<columns>_idx`, with `expr_` and a hash
    /// of its text for an expression.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Refuses a row whose values another row has.
    pub fn unique(&mut self) { self.unique = true }

    /// In a unique index, counts two nulls as the same value; from PostgreSQL 15.
    pub fn nulls_not_distinct(&mut self) { self.nulls_not_distinct = true }

    /// Builds the index without blocking writes, outside a transaction, see
    /// [Building Indexes Concurrently](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY).
    pub fn concurrently(&mut self) { self.concurrently = true }

    /// Does nothing if a relation of that name is there, whatever it is; then `down` leaves it
    /// alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// On a partitioned table, leaves its partitions alone.
    pub fn only(&mut self) { self.only = true }

    /// The [index method](https://www.postgresql.org/docs/current/indexes-types.html): `gin`,
    /// `gist`, `brin`, `hash`, …; a B-tree without it.
    pub fn using(&mut self, method: impl Into<Identifier>) { self.method = Some(method.into()) }

    /// Stores these columns beside the key, for index-only scans.
    pub fn include(&mut self, columns: impl IntoIdentifiers) {
        self.include = columns.into_identifiers()
    }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS),
    /// such as `fillfactor`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Where the index is stored.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }

    /// Indexes only the rows for which the expression is true.
    pub fn only_where(&mut self, condition: impl IntoExpression) {
        self.condition = Some(expr(condition))
    }

    /// The comment that tools show beside the index.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateIndex {
    fn name(&self) -> Identifier {
        self.name.clone().unwrap_or_else(|| {
            let elements = self.elements.iter();
            let parts: Vec<_> = elements.map(name_part).collect();
            let parts = parts.iter().map(String::as_str);
            generated_name([self.table.name.as_str()].into_iter().chain(parts).chain(["idx"]))
        })
    }
}

impl Operation for CreateIndex {
    fn verb(&self) -> &'static str {
        "create_index"
    }

    fn describe(&self) -> String {
        format!("create index `{}` on `{}`", self.name(), self.table)
    }

    fn transactional(&self) -> bool {
        !self.concurrently
    }

    fn statements(&self) -> Vec<Statement> {
        let mut sql = Writer::new();
        sql.text("CREATE").flag(self.unique, "UNIQUE").text("INDEX");
        sql.flag(self.concurrently, "CONCURRENTLY").flag(self.if_not_exists, "IF NOT EXISTS");
        sql.identifier(&self.name()).text("ON").flag(self.only, "ONLY").name(&self.table);
        if let Some(method) = &self.method {
            sql.text("USING").identifier(method);
        }
        sql.parenthesized(|sql| {
            sql.list(&self.elements, write_element);
        });
        if !self.include.is_empty() {
            sql.text("INCLUDE").columns(&self.include);
        }
        if self.nulls_not_distinct {
            sql.text("NULLS NOT DISTINCT").requires(15, "nulls_not_distinct");
        }
        sql.storage_parameters(&self.parameters);
        if let Some(tablespace) = &self.tablespace {
            sql.text("TABLESPACE").identifier(tablespace);
        }
        if let Some(condition) = &self.condition {
            sql.text("WHERE").expression(condition);
        }
        if self.elements.is_empty() {
            sql.problem(format!("the index on `{}` has no column", self.table));
        }
        let name = self.table.sibling(self.name());
        phrases::commented(sql.finish(), &Object::index(&name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        let name = self.table.sibling(self.name());
        if self.if_not_exists {
            return Inverse::capture([Object::index(name)]);
        }
        let mut sql = Writer::new();
        sql.text("DROP INDEX").flag(self.concurrently, "CONCURRENTLY");
        sql.name(&name);
        Inverse::by(sql.finish())
    }

    fn merged_by_children_of(&self) -> Option<Object> {
        (!self.only && !self.concurrently).then(|| Object::table(&self.table))
    }

    fn hints(&self) -> Vec<String> {
        let columns = self.elements.iter().filter_map(Expression::column);
        let calls = columns.filter(|column| column.as_str().contains('('));
        let hints = calls.map(|column| {
            format!(
                "`{column}` is taken for a column's name: write `expr({:?})` for an expression",
                column.as_str()
            )
        });
        let invalid = (self.concurrently && self.if_not_exists).then(|| {
            format!(
                "`if_not_exists` takes an index that a failed `concurrently` left behind, invalid \
                 and never used, for `{0}`: write `pgm.drop_index(\"{0}\").concurrently()\
                 .if_exists()` before it instead",
                self.name()
            )
        });
        hints.chain(invalid).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text, plan_text_down, prelude::*};

    fn everything(pgm: &mut Pgm) {
        pgm.create_index(
            ("app", "posts"),
            [col("title").collate("C").operator_class("text_ops").desc().nulls_last()],
        )
        .named("by \"title\"")
        .unique()
        .nulls_not_distinct()
        .concurrently()
        .using("btree")
        .include(["likes"])
        .parameter("fillfactor", 70)
        .tablespace("fast")
        .only_where("likes > 0")
        .comment("for the front page");
    }

    #[test]
    fn every_option() {
        insta::assert_snapshot!(plan_text(everything), @r#"
        CREATE UNIQUE INDEX CONCURRENTLY "by ""title""" ON "app"."posts" USING "btree" ("title" COLLATE "C" "text_ops" DESC NULLS LAST) INCLUDE ("likes") NULLS NOT DISTINCT WITH ("fillfactor" = '70') TABLESPACE "fast" WHERE likes > 0;
        COMMENT ON INDEX "app"."by ""title""" IS 'for the front page';
        "#);
        insta::assert_snapshot!(plan_text_down(everything), @r#"DROP INDEX CONCURRENTLY "app"."by ""title""";"#);
    }

    #[test]
    fn what_is_there_already_may_be_a_leftover() {
        let up = |pgm: &mut Pgm| {
            pgm.create_index("posts", "title").if_not_exists().concurrently();
        };
        insta::assert_snapshot!(plan_text(up), @r#"CREATE INDEX CONCURRENTLY IF NOT EXISTS "posts_title_idx" ON "posts" ("title");"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: index `posts_title_idx`");
        insta::assert_snapshot!(crate::plan_hints(up), @r#"`if_not_exists` takes an index that a failed `concurrently` left behind, invalid and never used, for `posts_title_idx`: write `pgm.drop_index("posts_title_idx").concurrently().if_exists()` before it instead"#);
    }

    #[test]
    fn parameters_of_an_operator_class() {
        let index = |class: fn(crate::Expression) -> crate::Expression| {
            move |pgm: &mut Pgm| {
                pgm.create_index("posts", [class(col("title"))]).only().using("gist");
            }
        };
        let plan = plan_text(index(|title| {
            title.operator_class("gist_trgm_ops").operator_class_parameter("siglen", 0)
        }));
        insta::assert_snapshot!(plan, @r#"CREATE INDEX "posts_title_idx" ON ONLY "posts" USING "gist" ("title" "gist_trgm_ops" ("siglen" = '0'));"#);
        let problems = plan_problems(index(|title| title.operator_class_parameter("siglen", 32)));
        insta::assert_snapshot!(problems, @"`operator_class_parameter` belongs to `operator_class`: say the operator class of `title` too");
    }

    #[test]
    fn two_expressions_on_one_table_have_two_names() {
        let plan = plan_text(|pgm| {
            pgm.create_index("posts", [expr("lower(title)")]);
            pgm.create_index("posts", [expr("lower(body)")]);
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE INDEX "posts_expr_23338933_idx" ON "posts" ((lower(title)));
        CREATE INDEX "posts_expr_e80ef379_idx" ON "posts" ((lower(body)));
        "#);
    }

    #[test]
    fn a_plain_string_is_always_a_name() {
        let index = |pgm: &mut Pgm| {
            pgm.create_index("posts", "lower(title)");
        };
        insta::assert_snapshot!(plan_text(index), @r#"CREATE INDEX "posts_lower(title)_idx" ON "posts" ("lower(title)");"#);
        insta::assert_snapshot!(crate::plan_hints(index), @r#"`lower(title)` is taken for a column's name: write `expr("lower(title)")` for an expression"#);
    }
}
