//! [`CREATE TABLE … PARTITION OF`](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARTITION).

use super::partitioning::PartitionBy;
use crate::operations::index::IntoIndexElements;
use crate::operations::phrases;
use crate::{DefaultValue, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Creates a partition of a table.
pub struct CreatePartition {
    name: Name,
    parent: Name,
    bound: Option<Bound>,
    partition_by: Option<PartitionBy>,
}

/// Which rows go into a partition.
enum Bound {
    Range(Vec<DefaultValue>, Vec<DefaultValue>),
    List(Vec<DefaultValue>),
    Hash(u32, u32),
    Rest,
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
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TABLE "hits_2026";"#);
    /// ```
    #[track_caller]
    pub fn create_partition(
        &mut self,
        name: impl Into<Name>,
        parent: impl Into<Name>,
    ) -> &mut CreatePartition {
        self.record(CreatePartition {
            name: name.into(),
            parent: parent.into(),
            bound: None,
            partition_by: None,
        })
    }
}

impl CreatePartition {
    /// Takes the rows from these values, included, to those, excluded; `expr("MINVALUE")` and
    /// `expr("MAXVALUE")` have no end.
    pub fn from_to<T: Into<DefaultValue>, U: Into<DefaultValue>>(
        &mut self,
        from: impl IntoIterator<Item = T>,
        to: impl IntoIterator<Item = U>,
    ) -> &mut Self {
        self.bound = Some(Bound::Range(values(from), values(to)));
        self
    }

    /// Takes the rows with one of these values.
    pub fn values_in<T: Into<DefaultValue>>(
        &mut self,
        list: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.bound = Some(Bound::List(values(list)));
        self
    }

    /// Takes the rows whose hash leaves this remainder.
    pub fn modulus(&mut self, modulus: u32, remainder: u32) -> &mut Self {
        self.bound = Some(Bound::Hash(modulus, remainder));
        self
    }

    /// Takes the rows that no other partition takes.
    pub fn default_partition(&mut self) -> &mut Self {
        self.bound = Some(Bound::Rest);
        self
    }

    /// Spreads the partition's own rows further, by ranges.
    pub fn partition_by_range(&mut self, key: impl IntoIndexElements) -> &mut Self {
        self.partition_by = Some(PartitionBy::range(key));
        self
    }

    /// Spreads the partition's own rows further, by lists of values.
    pub fn partition_by_list(&mut self, key: impl IntoIndexElements) -> &mut Self {
        self.partition_by = Some(PartitionBy::list(key));
        self
    }

    /// Spreads the partition's own rows further, evenly.
    pub fn partition_by_hash(&mut self, key: impl IntoIndexElements) -> &mut Self {
        self.partition_by = Some(PartitionBy::hash(key));
        self
    }
}

impl Operation for CreatePartition {
    fn verb(&self) -> &'static str {
        "create_partition"
    }

    fn describe(&self) -> String {
        format!("create partition `{}` of `{}`", self.name, self.parent)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("CREATE TABLE").name(&self.name);
            sql.text("PARTITION OF").name(&self.parent);
            match &self.bound {
                Some(Bound::Range(from, to)) => {
                    sql.text("FOR VALUES FROM").values(from);
                    sql.text("TO").values(to);
                }
                Some(Bound::List(list)) => {
                    sql.text("FOR VALUES IN").values(list);
                }
                Some(Bound::Hash(modulus, remainder)) => {
                    let bound = format!("(MODULUS {modulus}, REMAINDER {remainder})");
                    sql.text("FOR VALUES WITH").text(&bound);
                }
                Some(Bound::Rest) => {
                    sql.text("DEFAULT");
                }
                None => {
                    sql.problem(format!(
                        "which rows go into `{}` is not said: add `from_to`, `values_in`, \
                         `modulus` or `default_partition`",
                        self.name
                    ));
                }
            }
            if let Some(partition_by) = &self.partition_by {
                partition_by.write(sql);
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop("TABLE", &self.name, false, false))
    }
}

fn values<T: Into<DefaultValue>>(given: impl IntoIterator<Item = T>) -> Vec<DefaultValue> {
    given.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text};

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
    fn the_bound_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_partition("a", "t");
        });
        insta::assert_snapshot!(problems, @"which rows go into `a` is not said: add `from_to`, `values_in`, `modulus` or `default_partition`");
    }
}
