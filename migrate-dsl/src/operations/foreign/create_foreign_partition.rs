//! [`CREATE FOREIGN TABLE … PARTITION OF`](https://www.postgresql.org/docs/current/sql-createforeigntable.html).

use super::options::{Options, wrapper_options};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::operations::table::partitioning::{Bound, bounds, write_bound};
use crate::{
    DefaultValue, Identifier, Inverse, Name, Object, Operation, OptionValue, Pgm, Statement, Writer,
};

operation! {
    /// Creates a partition whose rows are on a foreign server.
    pub struct CreateForeignPartition(name: Name, parent: Name, server: Identifier) {
        bound: Choice<Bound>,
        if_not_exists: bool,
        options: Options,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a partition of a table whose rows are on a foreign server: old ones, mostly.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_foreign_partition("hits_2020", "hits", "attic").values_in([2020]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE FOREIGN TABLE "hits_2020" PARTITION OF "hits" FOR VALUES IN (2020) SERVER "attic";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP FOREIGN TABLE "hits_2020";"#);
    /// ```
    #[track_caller]
    pub fn create_foreign_partition(
        &mut self,
        name: impl Into<Name>,
        parent: impl Into<Name>,
        server: impl Into<Identifier>,
    ) -> &mut CreateForeignPartition {
        self.record(CreateForeignPartition::new(name.into(), parent.into(), server.into()))
    }
}

wrapper_options!(CreateForeignPartition);

bounds!(CreateForeignPartition);

options! { CreateForeignPartition {
    /// Does nothing if a relation of that name is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// The comment that tools show beside the table.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateForeignPartition {
    fn verb(&self) -> &'static str {
        "create_foreign_partition"
    }

    fn describe(&self) -> String {
        format!("create partition `{}` of `{}` on `{}`", self.name, self.parent, self.server)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.bound);
            sql.text("CREATE FOREIGN TABLE").flag(self.if_not_exists, "IF NOT EXISTS");
            sql.name(&self.name).text("PARTITION OF").name(&self.parent);
            write_bound(sql, self.bound.as_ref(), &self.name);
            sql.text("SERVER").identifier(&self.server);
            self.options.write(sql);
            sql
        });
        phrases::commented(create, &Object::foreign_table(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::foreign_table(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_foreign_partition(("app", "a"), ("app", "t"), "attic")
                .if_not_exists()
                .from_to([0], [10])
                .option("table_name", "it's")
                .comment("long ago");
            pgm.create_foreign_partition("b", "t", "attic").modulus(2, 0);
            pgm.create_foreign_partition("c", "t", "attic").default_partition();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE FOREIGN TABLE IF NOT EXISTS "app"."a" PARTITION OF "app"."t" FOR VALUES FROM (0) TO (10) SERVER "attic" OPTIONS ("table_name" 'it''s');
        COMMENT ON FOREIGN TABLE "app"."a" IS 'long ago';
        CREATE FOREIGN TABLE "b" PARTITION OF "t" FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER "attic";
        CREATE FOREIGN TABLE "c" PARTITION OF "t" DEFAULT SERVER "attic";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP FOREIGN TABLE "c";
        DROP FOREIGN TABLE "b";
        -- as it was: foreign table `app.a`
        "#);
    }

    #[test]
    fn the_bound_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_foreign_partition("a", "t", "attic");
        });
        insta::assert_snapshot!(problems, @"partition `a` requires bounds: add `from_to`, `values_in`, `modulus` or `default_partition`");
    }
}
