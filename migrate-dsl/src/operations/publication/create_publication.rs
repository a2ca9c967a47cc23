//! [`CREATE PUBLICATION`](https://www.postgresql.org/docs/current/sql-createpublication.html).

use super::contents::{Contents, table_options};
use super::options::{Options, publication_options};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm, Statement,
    Writer, expr,
};

operation! {
    /// Creates a publication.
    pub struct CreatePublication(name: Identifier) {
        all_tables: bool,
        contents: Contents,
        options: Options,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a publication, whose changes other servers can subscribe to.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_publication("for_search").table("posts").columns(["id", "title"]).table("tags");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE PUBLICATION "for_search" FOR TABLE "posts" ("id", "title"), "tags";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP PUBLICATION "for_search";"#);
    /// ```
    #[track_caller]
    pub fn create_publication(&mut self, name: impl Into<Identifier>) -> &mut CreatePublication {
        self.record(CreatePublication::new(name.into()))
    }
}

table_options!(CreatePublication, contents);
publication_options!(CreatePublication);

options! { CreatePublication {
    /// Publishes this table; may be called more than once.
    pub fn table(&mut self, name: impl Into<Name>) { self.contents.add_table(name.into()) }

    /// Publishes all tables of the schema, those to come too; from PostgreSQL 15.
    pub fn tables_in_schema(&mut self, name: impl Into<Identifier>) {
        self.contents.add_schema(name.into())
    }

    /// Publishes all tables of the database, those to come too.
    pub fn all_tables(&mut self) { self.all_tables = true }

    /// The comment that tools show beside the publication.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreatePublication {
    fn contents(&mut self) -> &mut Contents {
        &mut self.contents
    }
}

impl Operation for CreatePublication {
    fn verb(&self) -> &'static str {
        "create_publication"
    }

    fn describe(&self) -> String {
        format!("create publication `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE PUBLICATION").identifier(&self.name);
            sql.flag(self.all_tables, "FOR ALL TABLES");
            if !self.contents.is_empty() {
                sql.text("FOR");
                if self.all_tables {
                    sql.problem("`all_tables` are all: leave the others out");
                }
            }
            self.contents.write(sql);
            if !self.options.is_empty() {
                sql.text("WITH");
                self.options.write(sql);
            }
            sql
        });
        phrases::commented(create, &Object::publication(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::publication(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_publication("nothing yet");
            pgm.create_publication("all").all_tables().comment("it's all");
            pgm.create_publication("some")
                .table(("app", "posts"))
                .only()
                .columns("id")
                .only_where("id > 0")
                .tables_in_schema("shop")
                .publish(["insert", "truncate"])
                .publish_via_partition_root(false)
                .publish_generated_columns("stored");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE PUBLICATION "nothing yet";
        CREATE PUBLICATION "all" FOR ALL TABLES;
        COMMENT ON PUBLICATION "all" IS 'it''s all';
        CREATE PUBLICATION "some" FOR TABLE ONLY "app"."posts" ("id") WHERE (id > 0), TABLES IN SCHEMA "shop" WITH (publish = 'insert, truncate', publish_via_partition_root = 'false', publish_generated_columns = 'stored');
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP PUBLICATION "some";
        DROP PUBLICATION "all";
        DROP PUBLICATION "nothing yet";
        "#);
    }

    #[test]
    fn what_makes_no_sense() {
        let problems = plan_problems(|pgm| {
            pgm.create_publication("a").columns("id").table("posts");
            pgm.create_publication("a").all_tables().table("posts");
            pgm.create_publication("a").publish(["insert'"]).publish_generated_columns("all");
        });
        insta::assert_snapshot!(problems, @r"
        `columns` belongs to a table: say it behind the table's name
        `all_tables` are all: leave the others out
        `publish` does not know `insert\'`: it knows `insert`, `update`, `delete`, `truncate`
        `publish_generated_columns` does not know `all`: it knows `none`, `stored`
        ");
    }
}
