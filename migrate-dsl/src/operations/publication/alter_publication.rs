//! [`ALTER PUBLICATION`](https://www.postgresql.org/docs/current/sql-alterpublication.html).

use super::contents::{Contents, table_options};
use super::options::{Options, publication_options};
use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm, Statement,
    Writer, expr,
};

operation! {
    /// Changes a publication.
    pub struct AlterPublication(name: Identifier) {
        /// Each with its keyword, in the order given.
        changes: Vec<(&'static str, Contents)>,
        options: Options,
    }
}

impl Pgm {
    /// Changes what is published, and how.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_publication("for_search").add_table("users").drop_table("tags");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER PUBLICATION \"for_search\" ADD TABLE \"users\";\n\
    ///      ALTER PUBLICATION \"for_search\" DROP TABLE \"tags\";"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: publication `for_search`");
    /// ```
    #[track_caller]
    pub fn alter_publication(&mut self, name: impl Into<Identifier>) -> &mut AlterPublication {
        self.record(AlterPublication::new(name.into()))
    }
}

table_options!(AlterPublication, last);
publication_options!(AlterPublication);

options! { AlterPublication {
    /// Publishes this table, too.
    pub fn add_table(&mut self, name: impl Into<Name>) {
        self.contents("ADD").add_table(name.into())
    }

    /// Publishes all tables of the schema, too; from PostgreSQL 15.
    pub fn add_tables_in_schema(&mut self, name: impl Into<Identifier>) {
        self.contents("ADD").add_schema(name.into())
    }

    /// Publishes this table, and others that are set, and no more.
    pub fn set_table(&mut self, name: impl Into<Name>) {
        self.contents("SET").add_table(name.into())
    }

    /// Publishes all tables of the schema, and others that are set, and no more; from PostgreSQL
    /// 15.
    pub fn set_tables_in_schema(&mut self, name: impl Into<Identifier>) {
        self.contents("SET").add_schema(name.into())
    }

    /// No longer publishes this table.
    pub fn drop_table(&mut self, name: impl Into<Name>) {
        self.contents("DROP").add_table(name.into())
    }

    /// No longer publishes the tables of the schema; from PostgreSQL 15.
    pub fn drop_tables_in_schema(&mut self, name: impl Into<Identifier>) {
        self.contents("DROP").add_schema(name.into())
    }
}}

impl AlterPublication {
    /// What the change says, which goes on with the last one if that is of the same kind.
    fn contents(&mut self, keyword: &'static str) -> &mut Contents {
        if self.changes.last().is_none_or(|(last, _)| *last != keyword) {
            self.changes.push((keyword, Contents::default()));
        }
        &mut self.changes.last_mut().expect("there is one now").1
    }

    fn last(&mut self) -> &mut Contents {
        let keyword = self.changes.last().map_or("ADD", |(keyword, _)| keyword);
        self.contents(keyword)
    }
}

impl Operation for AlterPublication {
    fn verb(&self) -> &'static str {
        "alter_publication"
    }

    fn describe(&self) -> String {
        format!("alter publication `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let changes = self.changes.iter().map(|(keyword, contents)| {
            Writer::statement(|sql| {
                sql.text("ALTER PUBLICATION").identifier(&self.name).text(keyword);
                contents.write(sql);
                sql
            })
        });
        let options = (!self.options.is_empty()).then(|| {
            Writer::statement(|sql| {
                sql.text("ALTER PUBLICATION").identifier(&self.name).text("SET");
                self.options.write(sql);
                sql
            })
        });
        let mut statements: Vec<_> = changes.chain(options).collect();
        if statements.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.problem(format!("`alter_publication` changes nothing about `{}`", self.name))
            }));
        }
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::publication(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_publication("changes")
                .add_table("posts")
                .columns(["id"])
                .only_where("id > 0")
                .add_tables_in_schema("app")
                .drop_table("tags")
                .drop_tables_in_schema("shop")
                .set_table("users")
                .only()
                .set_tables_in_schema("app")
                .publish(["delete"])
                .publish_via_partition_root(true)
                .publish_generated_columns("none");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER PUBLICATION "changes" ADD TABLE "posts" ("id") WHERE (id > 0), TABLES IN SCHEMA "app";
        ALTER PUBLICATION "changes" DROP TABLE "tags", TABLES IN SCHEMA "shop";
        ALTER PUBLICATION "changes" SET TABLE ONLY "users", TABLES IN SCHEMA "app";
        ALTER PUBLICATION "changes" SET (publish = 'delete', publish_via_partition_root = 'true', publish_generated_columns = 'none');
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: publication `changes`");
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_publication("changes");
        });
        insta::assert_snapshot!(problems, @"`alter_publication` changes nothing about `changes`");
    }
}
