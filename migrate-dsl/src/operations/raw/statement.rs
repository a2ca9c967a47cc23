//! Statements built with [sea-query](https://docs.rs/sea-query).

use crate::operations::macros::{operation, options};
use sea_query::extension::postgres::{
    ExtensionBuilder, ExtensionCreateStatement, ExtensionDropStatement, TypeAlterStatement,
    TypeBuilder, TypeCreateStatement, TypeDropStatement,
};
use sea_query::{
    DeleteStatement, ForeignKeyBuilder, ForeignKeyCreateStatement, ForeignKeyDropStatement,
    IndexBuilder, IndexCreateStatement, IndexDropStatement, InsertStatement, QueryStatementBuilder,
    SelectStatement, TableAlterStatement, TableBuilder, TableCreateStatement, TableDropStatement,
    TableRenameStatement, TableTruncateStatement, UpdateStatement, WithQuery,
};

use super::sql::no_inverse;
use crate::sea::render;
use crate::{AfterCrash, Inverse, Object, Operation, Pgm, Statement};

operation! {
    /// Runs a statement that was built with sea-query.
    pub struct SqlStatement(up: Statement, after_crash: AfterCrash) {
        down: Vec<Statement>,
        captured: Vec<Object>,
    }
}

impl Pgm {
    /// Runs a statement that was built with sea-query: data with its values, or any other. What
    /// reverts it is said with [`down`](SqlStatement::down), or read from the catalog with
    /// [`captures`](SqlStatement::captures).
    ///
    /// ```
    /// use migrate_dsl::{Pgm, sea_query::{Expr, ExprTrait, Query}};
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.statement(Query::insert().into_table("tags").columns(["name"]).values_panic(["it's".into()]))
    ///         .down(Query::delete().from_table("tags").and_where(Expr::col("name").eq("it's")));
    ///     pgm.statement(Query::update().table("posts").value("likes", 0))
    ///         .down(Query::update().table("posts").value("likes", Option::<i32>::None));
    ///     pgm.statement(Query::delete().from_table("drafts").and_where(Expr::col("title").is_null()))
    ///         .down(Query::insert().into_table("drafts").columns(["id"]).values_panic([7.into()]))
    ///         .down(Query::insert().into_table("drafts").columns(["id"]).values_panic([9.into()]));
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"INSERT INTO "tags" ("name") VALUES (E'it\'s');
    /// UPDATE "posts" SET "likes" = 0;
    /// DELETE FROM "drafts" WHERE "title" IS NULL;"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"INSERT INTO "drafts" ("id") VALUES (7);
    /// INSERT INTO "drafts" ("id") VALUES (9);
    /// UPDATE "posts" SET "likes" = NULL;
    /// DELETE FROM "tags" WHERE "name" = E'it\'s';"#
    /// );
    /// ```
    #[track_caller]
    pub fn statement(&mut self, statement: impl IntoStatement) -> &mut SqlStatement {
        self.record(SqlStatement::new(statement.into_statement(), AfterCrash::Ask))
    }
}

options! { SqlStatement {
    /// The statement that reverts this; may be called more than once, and they run in that
    /// order.
    pub fn down(&mut self, statement: impl IntoStatement) {
        self.down.push(statement.into_statement())
    }

    /// The statement changes, makes or drops this object: the inverse is read from the catalog,
    /// as for the typed operations. May be called more than once. It has to be there before the
    /// statement runs, or afterwards; else the migration fails.
    pub fn captures(&mut self, object: Object) { self.captured.push(object) }

    /// Says that doing it twice is as good as once, as [`Sql::idempotent`](crate::operations::raw::Sql::idempotent).
    pub fn idempotent(&mut self) { self.after_crash = AfterCrash::Repeat }

    /// A query whose first column is true once this was done, as
    /// [`Sql::done_when`](crate::operations::raw::Sql::done_when).
    pub fn done_when(&mut self, query: impl Into<String>) {
        self.after_crash = AfterCrash::DoneWhen(query.into())
    }
}}

impl Operation for SqlStatement {
    fn verb(&self) -> &'static str {
        "statement"
    }

    fn describe(&self) -> String {
        let words = self.up.sql.split_whitespace().take(3);
        format!("run `{} …`", words.collect::<Vec<_>>().join(" "))
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statement = self.up.clone();
        if !self.down.is_empty() && !self.captured.is_empty() {
            let problem = "`down` and `captures` are two inverses: keep one";
            statement.problems.push(problem.to_owned());
        }
        vec![statement]
    }

    fn inverse(&self) -> Inverse {
        if !self.down.is_empty() {
            Inverse::Declared(self.down.clone())
        } else if !self.captured.is_empty() {
            Inverse::capture_named(&self.captured, std::slice::from_ref(&self.up))
        } else {
            no_inverse("statement")
        }
    }

    fn after_crash(&self) -> AfterCrash {
        self.after_crash.clone()
    }
}

/// What [`Pgm::statement`] takes: sea-query's statements, by value or by reference.
pub trait IntoStatement {
    /// The statement as SQL.
    fn into_statement(self) -> Statement;
}

macro_rules! into_statement {
    ($(|$statement:ident: $type:ty, $builder:ident, $sql:ident| $write:expr;)*) => {$(
        impl IntoStatement for &$type {
            fn into_statement(self) -> Statement {
                let $statement = self;
                render(self, |$builder, $sql| $write)
            }
        }

        impl IntoStatement for &mut $type {
            fn into_statement(self) -> Statement {
                IntoStatement::into_statement(&*self)
            }
        }

        impl IntoStatement for $type {
            fn into_statement(self) -> Statement {
                IntoStatement::into_statement(&self)
            }
        }
    )*};
}
into_statement! {
    |it: SelectStatement, builder, sql| it.build_collect_any_into(builder, sql);
    |it: InsertStatement, builder, sql| it.build_collect_any_into(builder, sql);
    |it: UpdateStatement, builder, sql| it.build_collect_any_into(builder, sql);
    |it: DeleteStatement, builder, sql| it.build_collect_any_into(builder, sql);
    |it: WithQuery, builder, sql| it.build_collect_any_into(builder, sql);
    |it: TableCreateStatement, builder, sql| builder.prepare_table_create_statement(it, sql);
    |it: TableAlterStatement, builder, sql| builder.prepare_table_alter_statement(it, sql);
    |it: TableRenameStatement, builder, sql| builder.prepare_table_rename_statement(it, sql);
    |it: TableDropStatement, builder, sql| builder.prepare_table_drop_statement(it, sql);
    |it: TableTruncateStatement, builder, sql| builder.prepare_table_truncate_statement(it, sql);
    |it: IndexCreateStatement, builder, sql| builder.prepare_index_create_statement(it, sql);
    |it: IndexDropStatement, builder, sql| builder.prepare_index_drop_statement(it, sql);
    |it: ForeignKeyCreateStatement, builder, sql| builder.prepare_foreign_key_create_statement(it, sql);
    |it: ForeignKeyDropStatement, builder, sql| builder.prepare_foreign_key_drop_statement(it, sql);
    |it: TypeCreateStatement, builder, sql| builder.prepare_type_create_statement(it, sql);
    |it: TypeAlterStatement, builder, sql| builder.prepare_type_alter_statement(it, sql);
    |it: TypeDropStatement, builder, sql| builder.prepare_type_drop_statement(it, sql);
    |it: ExtensionCreateStatement, builder, sql| builder.prepare_extension_create_statement(it, sql);
    |it: ExtensionDropStatement, builder, sql| builder.prepare_extension_drop_statement(it, sql);
}

#[cfg(test)]
mod tests {
    use sea_query::extension::postgres::{Extension, Type};
    use sea_query::{
        ColumnDef, ConditionalStatement, Expr, ExprTrait, ForeignKey, Index, LikeExpr, Query, Table,
    };

    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn values_arrive_as_they_are() {
        let up = |pgm: &mut Pgm| {
            let mut insert = Query::insert();
            insert.into_table("words").columns(["word", "letter", "weight"]);
            for word in ["it's", r"a\b", "a;b -- c", "$$", "line\nbreak", "Łódź 日本"] {
                insert.values_panic([word.into(), 'Ł'.into(), f64::NAN.into()]);
            }
            pgm.statement(insert);
            pgm.statement(
                Query::update().table("words").value("letter", 'é').value("weight", f32::INFINITY),
            );
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        INSERT INTO "words" ("word", "letter", "weight") VALUES (E'it\'s', 'Ł', 'NaN'), (E'a\\b', 'Ł', 'NaN'), ('a;b -- c', 'Ł', 'NaN'), ('$$', 'Ł', 'NaN'), (E'line\nbreak', 'Ł', 'NaN'), ('Łódź 日本', 'Ł', 'NaN');
        UPDATE "words" SET "letter" = 'é', "weight" = 'Infinity';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- cannot be reverted: `pgm.statement` has neither `.down(..)` nor `.captures(..)`
        -- cannot be reverted: `pgm.statement` has neither `.down(..)` nor `.captures(..)`
        ");
    }

    #[test]
    fn statements_of_every_kind() {
        let plan = plan_text(|pgm| {
            let mut note = ColumnDef::new("letter");
            note.char().default('Ł');
            pgm.statement(Table::create().table("words").col(&mut note));
            pgm.statement(Table::alter().table("words").drop_column("letter"));
            pgm.statement(Table::rename().table("words", "terms"));
            pgm.statement(Table::truncate().table("terms"));
            pgm.statement(Table::drop().table("terms").if_exists());
            pgm.statement(Index::create().name("i").table("terms").col("word"));
            pgm.statement(Index::drop().name("i"));
            pgm.statement(ForeignKey::create().name("f").from("a", "b_id").to("b", "id"));
            pgm.statement(ForeignKey::drop().name("f").table("a"));
            pgm.statement(Type::create().as_enum("mood").values(["it's"]));
            pgm.statement(Type::alter().name("mood").add_value("ok"));
            pgm.statement(Type::drop().name("mood"));
            pgm.statement(Extension::create().name("citext"));
            pgm.statement(Extension::drop().name("citext"));
            pgm.statement(Query::select().expr(Expr::value(1)));
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TABLE "words" ( "letter" char DEFAULT 'Ł' );
        ALTER TABLE "words" DROP COLUMN "letter";
        ALTER TABLE "words" RENAME TO "terms";
        TRUNCATE TABLE "terms";
        DROP TABLE IF EXISTS "terms";
        CREATE INDEX "i" ON "terms" ("word");
        DROP INDEX "i";
        ALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("b_id") REFERENCES "b" ("id");
        ALTER TABLE "a" DROP CONSTRAINT "f";
        CREATE TYPE "mood" AS ENUM (E'it\'s');
        ALTER TYPE "mood" ADD VALUE 'ok';
        DROP TYPE "mood";
        CREATE EXTENSION citext;
        DROP EXTENSION citext;
        SELECT 1;
        "#);
    }

    #[test]
    fn what_gets_lost_is_a_problem() {
        let problems = plan_problems(|pgm| {
            let mut commented = ColumnDef::new("word");
            commented.text().comment("a \"word\"");
            pgm.statement(Table::create().table("words").col(&mut commented));
            pgm.statement(Table::alter().table("words").add_column(&mut commented));
            pgm.statement(Table::create().table("words").col(ColumnDef::new("a").text()).index(
                Index::create().unique().name("one").col("a").and_where(Expr::col("a").eq(1)),
            ));
            pgm.statement(Index::create().name("say \"i\"").table("words").col("a"));
            pgm.statement(ForeignKey::create().name("say \"f\"").from("a", "b_id").to("b", "id"));
            let like = Expr::col("a").like(LikeExpr::new("%Ł%").escape('Ł'));
            pgm.statement(Query::delete().from_table("words").and_where(like));
        });
        insta::assert_snapshot!(problems, @"
        sea-query drops comments for PostgreSQL: say it with `pgm.comment_on`
        sea-query drops comments for PostgreSQL: say it with `pgm.comment_on`
        sea-query drops the condition of an index inside a table: say it with `pgm.create_index(..).only_where(..)`
        sea-query does not escape a quote in the name of an index or a constraint: say it with one of the verbs of `pgm`
        sea-query does not escape a quote in the name of an index or a constraint: say it with one of the verbs of `pgm`
        sea-query cannot write the character `Ł` here: write the SQL with `pgm.sql`
        ");
    }

    #[test]
    fn no_text_looks_like_a_loss() {
        let problems = plan_problems(|pgm| {
            pgm.statement(
                Query::update()
                    .table("words")
                    .value("word", "comment: Some(\"x\") name: Some(\"a\\\"b\")"),
            );
            pgm.statement(Index::create().name("i").table("words").col("say \"a\""));
        });
        assert_eq!(problems, "");
    }
}
