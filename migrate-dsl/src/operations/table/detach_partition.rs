//! [`ALTER TABLE … DETACH PARTITION`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Makes a partition a table of its own.
    pub struct DetachPartition(parent: Name, partition: Name) {
        concurrently: bool,
        finalize: bool,
    }
}

impl Pgm {
    /// Makes a partition a table of its own, with its rows.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.detach_partition("hits", "hits_2025").concurrently();
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "hits" DETACH PARTITION "hits_2025" CONCURRENTLY;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: table `hits_2025`");
    /// ```
    #[track_caller]
    pub fn detach_partition(
        &mut self,
        parent: impl Into<Name>,
        partition: impl Into<Name>,
    ) -> &mut DetachPartition {
        self.record(DetachPartition::new(parent.into(), partition.into()))
    }
}

options! { DetachPartition {
    /// Lets others go on reading and writing meanwhile, outside a transaction; from PostgreSQL 14,
    /// and not where there is a default partition.
    pub fn concurrently(&mut self) { self.concurrently = true }

    /// Completes what was begun `concurrently` and then was cut off; from PostgreSQL 14.
    pub fn finalize(&mut self) { self.finalize = true }
}}

impl Operation for DetachPartition {
    fn verb(&self) -> &'static str {
        "detach_partition"
    }

    fn describe(&self) -> String {
        format!("detach partition `{}` from `{}`", self.partition, self.parent)
    }

    fn transactional(&self) -> bool {
        !self.concurrently
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.parent);
            sql.text("DETACH PARTITION").name(&self.partition);
            if self.concurrently {
                sql.text("CONCURRENTLY").requires(14, "concurrently");
            }
            if self.finalize {
                sql.text("FINALIZE").requires(14, "finalize");
            }
            if self.concurrently && self.finalize {
                sql.problem(format!(
                    "PostgreSQL detaches `{}` either `concurrently` or with `finalize`",
                    self.partition
                ));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::table(&self.partition)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.detach_partition(("app", "t"), ("app", "a"));
            pgm.detach_partition("t", "b").finalize();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE "app"."t" DETACH PARTITION "app"."a";
        ALTER TABLE "t" DETACH PARTITION "b" FINALIZE;
        "#);
        let problems = plan_problems(|pgm| {
            pgm.detach_partition("t", "a").concurrently().finalize();
        });
        insta::assert_snapshot!(problems, @"PostgreSQL detaches `a` either `concurrently` or with `finalize`");
    }
}
