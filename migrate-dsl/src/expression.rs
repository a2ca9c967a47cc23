//! Pieces of SQL that a migration brings itself.

use sea_query::QueryBuilder;

use crate::operations::raw::IntoStatement;
use crate::sea::render;
use crate::split::{unterminated, without_comments_around};
use crate::{Identifier, Name};

/// A piece of SQL given by [`expr`], or a column given by [`col`]; the order, collation and
/// operator class that may follow it belong to an index, see [`Pgm::create_index`](crate::Pgm::create_index).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    sql: String,
    column: Option<Identifier>,
    pub(crate) collation: Option<Name>,
    pub(crate) operator_class: Option<Name>,
    pub(crate) operator_class_parameters: Vec<(Identifier, String)>,
    pub(crate) descending: Option<bool>,
    pub(crate) nulls_first: Option<bool>,
    pub(crate) problems: Vec<String>,
}

/// Raw SQL for an expression: text, or one built with sea-query.
///
/// ```
/// use migrate_dsl::{expr, sea_query::{Expr, ExprTrait}};
/// assert_eq!(expr("lower(title)").sql(), "lower(title)");
/// assert_eq!(expr(Expr::col("likes").gte(0)).sql(), r#""likes" >= 0"#);
/// ```
pub fn expr(sql: impl IntoExpression) -> Expression {
    sql.into_expression()
}

/// A column of an index, to be followed by its order, its collation or its operator class.
///
/// ```
/// use migrate_dsl::{col, plan_text};
/// let plan = plan_text(|pgm| { pgm.create_index("posts", [col("likes").desc().nulls_last()]); });
/// assert_eq!(plan, r#"CREATE INDEX "posts_likes_idx" ON "posts" ("likes" DESC NULLS LAST);"#);
/// ```
pub fn col(name: impl Into<Identifier>) -> Expression {
    let column = name.into();
    Expression { column: Some(column.clone()), ..Expression::raw(&column.quoted()) }
}

impl Expression {
    fn raw(sql: &str) -> Self {
        // What is never closed, or a `--` at the end, would swallow the statement around it.
        let problems = unterminated(sql).into_iter().collect();
        let sql = without_comments_around(sql).to_owned();
        Self {
            sql,
            column: None,
            collation: None,
            operator_class: None,
            operator_class_parameters: Vec::new(),
            descending: None,
            nulls_first: None,
            problems,
        }
    }

    fn with(mut self, problems: Vec<String>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// The SQL as given, without the comments around it and without what belongs to an index.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The column, where this is one.
    #[must_use]
    pub fn column(&self) -> Option<&Identifier> {
        self.column.as_ref()
    }

    /// Sorts the index upwards (PostgreSQL's default).
    #[must_use]
    pub fn asc(mut self) -> Self {
        self.descending = Some(false);
        self
    }

    /// Sorts the index downwards.
    #[must_use]
    pub fn desc(mut self) -> Self {
        self.descending = Some(true);
        self
    }

    /// Puts nulls first.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.nulls_first = Some(true);
        self
    }

    /// Puts nulls last.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.nulls_first = Some(false);
        self
    }

    /// Compares by this collation.
    #[must_use]
    pub fn collate(mut self, collation: impl Into<Name>) -> Self {
        self.collation = Some(collation.into());
        self
    }

    /// Compares by this [operator class](https://www.postgresql.org/docs/current/indexes-opclass.html),
    /// such as `text_pattern_ops` or `gin_trgm_ops`.
    #[must_use]
    pub fn operator_class(mut self, class: impl Into<Name>) -> Self {
        self.operator_class = Some(class.into());
        self
    }

    /// Sets a parameter of the operator class, such as `siglen` of `gist_trgm_ops`.
    #[must_use]
    pub fn operator_class_parameter(
        mut self,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> Self {
        self.operator_class_parameters.push((name.into(), value.to_string()));
        self
    }

    /// Whether something was said that only an index understands.
    pub(crate) fn has_index_options(&self) -> bool {
        self.collation.is_some()
            || self.operator_class.is_some()
            || !self.operator_class_parameters.is_empty()
            || self.descending.is_some()
            || self.nulls_first.is_some()
    }
}

/// What [`expr`] takes.
pub trait IntoExpression {
    /// The expression as SQL.
    fn into_expression(self) -> Expression;
}

impl IntoExpression for &str {
    fn into_expression(self) -> Expression {
        Expression::raw(self)
    }
}

impl IntoExpression for String {
    fn into_expression(self) -> Expression {
        Expression::raw(&self)
    }
}

impl IntoExpression for Expression {
    fn into_expression(self) -> Expression {
        self
    }
}

impl IntoExpression for sea_query::Expr {
    fn into_expression(self) -> Expression {
        let statement = render(&self, |builder, sql| builder.prepare_expr(&self, sql));
        Expression::raw(&statement.sql).with(statement.problems)
    }
}

impl IntoExpression for sea_query::SelectStatement {
    /// A subquery, in parentheses.
    fn into_expression(self) -> Expression {
        let statement = self.into_statement();
        let query = Expression::raw(&statement.sql);
        Expression { sql: format!("({})", query.sql), ..query }.with(statement.problems)
    }
}

#[cfg(test)]
mod tests {
    use sea_query::{Expr, ExprTrait, LikeExpr, Query};

    use crate::{expr, plan_problems, plan_text};

    #[test]
    fn what_is_never_closed_is_a_problem() {
        let problems = plan_problems(|pgm| {
            pgm.add_check("posts", "fine", "title <> 'x");
        });
        insta::assert_snapshot!(problems, @"a string in the SQL is opened and never closed");
    }

    #[test]
    fn what_is_never_closed_is_a_problem_wherever_it_is_written() {
        let problem = "a string in the SQL is opened and never closed";
        assert_eq!(plan_problems(|pgm| _ = pgm.create_index("posts", [expr("f('x)")])), problem);
        assert_eq!(
            plan_problems(|pgm| {
                pgm.add_column("posts", |t| t.column("x", expr("mood('a)")));
            }),
            problem
        );
        assert_eq!(
            plan_problems(|pgm| _ = pgm.add_check("posts", "c", Expr::cust("a = 'x"))),
            problem
        );
        assert_eq!(
            plan_problems(|pgm| {
                pgm.create_table("hits", |t| t.text("at")).partition_by_range([expr("f('x)")]);
            }),
            problem
        );
    }

    #[test]
    fn a_comment_swallows_nothing() {
        let plan = plan_text(|pgm| {
            pgm.add_column("posts", |t| {
                t.text("x").default(expr("'x' -- c"));
                t.column("y", expr("/* a */ geometry(Point) -- b"));
            });
            pgm.add_check("posts", "c", "a -- of old\n > 0 -- positive");
            pgm.add_check("posts", "d", Expr::cust("b > 0 --"));
            pgm.create_index("posts", [expr("lower(x) --")]).named("i").only_where("y > '--' --");
            pgm.add_exclusion("posts", "gist", [(expr("a --"), "&& --")]).named("e");
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE "posts" ADD COLUMN "x" text DEFAULT 'x', ADD COLUMN "y" geometry(Point);
        ALTER TABLE "posts" ADD CONSTRAINT "c" CHECK (a -- of old
         > 0);
        ALTER TABLE "posts" ADD CONSTRAINT "d" CHECK (b > 0);
        CREATE INDEX "i" ON "posts" ((lower(x))) WHERE y > '--';
        ALTER TABLE "posts" ADD CONSTRAINT "e" EXCLUDE USING "gist" ((a) WITH &&);
        "#);
        let subquery = Query::select().expr(Expr::cust("1 --")).take();
        assert_eq!(expr(subquery).sql(), "(SELECT 1)");
    }

    #[test]
    fn expressions_of_sea_query() {
        let sql = |expression: Expr| expr(expression).sql().to_owned();
        assert_eq!(sql(Expr::col("letter").eq('Ł')), r#""letter" = 'Ł'"#);
        assert_eq!(sql(Expr::col("weight").lt(f64::INFINITY)), r#""weight" < 'Infinity'"#);
        assert_eq!(sql(Expr::col("a").eq(r"it's a\b")), r#""a" = E'it\'s a\\b'"#);
        let subquery = Query::select().column("id").from("posts").take();
        assert_eq!(expr(subquery).sql(), r#"(SELECT "id" FROM "posts")"#);
    }

    #[test]
    fn what_cannot_be_written_is_a_problem() {
        let problems = plan_problems(|pgm| {
            let like = Expr::col("a").like(LikeExpr::new("%").escape('é'));
            pgm.add_check("words", "likely", like);
        });
        insta::assert_snapshot!(problems, @"sea-query cannot write the character `é` here: write the SQL with `pgm.sql`");
    }

    #[test]
    fn order_belongs_to_an_index() {
        let problems = plan_problems(|pgm| {
            pgm.add_check("words", "likely", expr("a > 0").desc());
        });
        insta::assert_snapshot!(problems, @"order, collation and operator class of `a > 0` have a meaning only in an index");
        let plan = plan_text(|pgm| {
            pgm.create_index("words", [expr("a > 0").desc()]);
        });
        insta::assert_snapshot!(plan, @r#"CREATE INDEX "words_expr_799afb66_idx" ON "words" ((a > 0) DESC);"#);
    }
}
