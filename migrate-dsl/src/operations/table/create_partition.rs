//! [`CREATE TABLE … PARTITION OF`](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARTITION).

use super::partitioning::{Bound, PartitionBy, bounds, write_bound};
use crate::choice::Choice;
use crate::operations::index::IntoIndexElements;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DefaultValue, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a partition of a table.
    pub struct CreatePartition(name: Name, parent: Name) {
        bound: Choice<Bound>,
        partition_by: Choice<PartitionBy>,
        if_not_exists: bool,
        unlogged: bool,
        method: Option<Identifier>,
        parameters: Vec<(Identifier, String)>,
        tablespace: Option<Identifier>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a partition of a table that was created with
    /// [`partition_by_range`](super::CreateTable::partition_by_range), `…_list` or `…_hash`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_partition("hits_2026", "hits").from_to(["2026-01-01"], ["2027-01-01"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE TABLE "hits_2026" PARTITION OF "hits" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER TABLE \"hits\" DETACH PARTITION \"hits_2026\";\nDROP TABLE \"hits_2026\";"
    /// );
    /// ```
    #[track_caller]
    pub fn create_partition(
        &mut self,
        name: impl Into<Name>,
        parent: impl Into<Name>,
    ) -> &mut CreatePartition {
        self.record(CreatePartition::new(name.into(), parent.into()))
    }
}

bounds!(CreatePartition);

options! { CreatePartition {
    /// Spreads the partition's own rows further, by ranges.
    pub fn partition_by_range(&mut self, key: impl IntoIndexElements) {
        self.partition_by.set("partition_by_range", PartitionBy::range(key))
    }

    /// Spreads the partition's own rows further, by lists of values.
    pub fn partition_by_list(&mut self, key: impl IntoIndexElements) {
        self.partition_by.set("partition_by_list", PartitionBy::list(key))
    }

    /// Spreads the partition's own rows further, evenly.
    pub fn partition_by_hash(&mut self, key: impl IntoIndexElements) {
        self.partition_by.set("partition_by_hash", PartitionBy::hash(key))
    }

    /// Does nothing if a relation of that name is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Writes no write-ahead log: faster, and empty after a crash.
    pub fn unlogged(&mut self) { self.unlogged = true }

    /// The [access method](https://www.postgresql.org/docs/current/tableam.html) that stores the
    /// rows; `heap` without it.
    pub fn using(&mut self, method: impl Into<Identifier>) { self.method = Some(method.into()) }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS),
    /// such as `fillfactor`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Where the partition is stored.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }

    /// The comment that tools show beside the partition.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreatePartition {
    fn verb(&self) -> &'static str {
        "create_partition"
    }

    fn describe(&self) -> String {
        format!("create partition `{}` of `{}`", self.name, self.parent)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.choice(&self.bound);
            sql.choice(&self.partition_by);
            sql.text("CREATE")
                .flag(self.unlogged, "UNLOGGED")
                .text("TABLE")
                .flag(self.if_not_exists, "IF NOT EXISTS")
                .name(&self.name);
            sql.text("PARTITION OF").name(&self.parent);
            write_bound(sql, self.bound.as_ref(), &self.name);
            if let Some(partition_by) = self.partition_by.as_ref() {
                partition_by.write(sql);
            }
            if let Some(method) = &self.method {
                sql.text("USING").identifier(method);
            }
            sql.storage_parameters(&self.parameters);
            if let Some(tablespace) = &self.tablespace {
                sql.text("TABLESPACE").identifier(tablespace);
            }
            sql
        });
        phrases::commented(create, &Object::table(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::capture([Object::table(&self.name)]);
        }
        // A foreign key that references the parent keeps a partition from being dropped.
        let detach = Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.parent).text("DETACH PARTITION").name(&self.name)
        });
        Inverse::Derived(vec![detach, phrases::drop(&Object::table(&self.name))])
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_bound() {
        let plan = plan_text(|pgm| {
            pgm.create_partition("a", "t").from_to([expr("MINVALUE")], [0]);
            pgm.create_partition("b", "t").values_in(["it's", "pl"]);
            pgm.create_partition("c", "t").modulus(4, 0).partition_by_list("kind");
            pgm.create_partition("d", "t").default_partition();
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TABLE "a" PARTITION OF "t" FOR VALUES FROM (MINVALUE) TO (0);
        CREATE TABLE "b" PARTITION OF "t" FOR VALUES IN ('it''s', 'pl');
        CREATE TABLE "c" PARTITION OF "t" FOR VALUES WITH (MODULUS 4, REMAINDER 0) PARTITION BY LIST ("kind");
        CREATE TABLE "d" PARTITION OF "t" DEFAULT;
        "#);
    }

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_partition(("app", "a"), "t")
                .default_partition()
                .if_not_exists()
                .unlogged()
                .partition_by_hash("id")
                .using("heap")
                .parameter("fillfactor", 70)
                .tablespace("fast")
                .comment("the rest");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE UNLOGGED TABLE IF NOT EXISTS "app"."a" PARTITION OF "t" DEFAULT PARTITION BY HASH ("id") USING "heap" WITH ("fillfactor" = '70') TABLESPACE "fast";
        COMMENT ON TABLE "app"."a" IS 'the rest';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: table `app.a`");
    }

    #[test]
    fn the_bound_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_partition("a", "t");
        });
        insta::assert_snapshot!(problems, @"partition `a` requires bounds: add `from_to`, `values_in`, `modulus` or `default_partition`");
    }
}
