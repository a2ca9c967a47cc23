//! [`ALTER TABLE … ATTACH PARTITION`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-ATTACH-PARTITION).

use super::partitioning::{Bound, bounds, write_bound};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{DefaultValue, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Makes a table a partition of another.
    pub struct AttachPartition(parent: Name, partition: Name) {
        bound: Choice<Bound>,
    }
}

impl Pgm {
    /// Makes a table a partition of another, after a look at every row; a valid check constraint
    /// that says as much as the bounds saves that look.
    ///
    /// What is attached gets the indexes, keys and triggers that the others have; when it is reverted
    /// they go again.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.attach_partition("hits", "hits_2025").from_to(["2025-01-01"], ["2026-01-01"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TABLE "hits" ATTACH PARTITION "hits_2025" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: table `hits_2025`");
    /// ```
    #[track_caller]
    pub fn attach_partition(
        &mut self,
        parent: impl Into<Name>,
        partition: impl Into<Name>,
    ) -> &mut AttachPartition {
        self.record(AttachPartition::new(parent.into(), partition.into()))
    }
}

bounds!(AttachPartition);

impl Operation for AttachPartition {
    fn verb(&self) -> &'static str {
        "attach_partition"
    }

    fn describe(&self) -> String {
        format!("attach partition `{}` to `{}`", self.partition, self.parent)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.bound);
            sql.text("ALTER TABLE").name(&self.parent);
            sql.text("ATTACH PARTITION").name(&self.partition);
            write_bound(sql, self.bound.as_ref(), &self.partition)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::table(&self.partition)])
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_bound() {
        let plan = plan_text(|pgm| {
            pgm.attach_partition(("app", "t"), "a").from_to([0], [expr("MAXVALUE")]);
            pgm.attach_partition("t", "b").values_in(["it's"]);
            pgm.attach_partition("t", "c").modulus(4, 0);
            pgm.attach_partition("t", "d").default_partition();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE "app"."t" ATTACH PARTITION "a" FOR VALUES FROM (0) TO (MAXVALUE);
        ALTER TABLE "t" ATTACH PARTITION "b" FOR VALUES IN ('it''s');
        ALTER TABLE "t" ATTACH PARTITION "c" FOR VALUES WITH (MODULUS 4, REMAINDER 0);
        ALTER TABLE "t" ATTACH PARTITION "d" DEFAULT;
        "#);
        let problems = plan_problems(|pgm| _ = pgm.attach_partition("t", "a"));
        insta::assert_snapshot!(problems, @"partition `a` requires bounds: add `from_to`, `values_in`, `modulus` or `default_partition`");
    }
}
