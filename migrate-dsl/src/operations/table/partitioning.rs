//! [Table partitioning](https://www.postgresql.org/docs/current/ddl-partitioning.html): how the
//! rows of a table are spread, and which of them go where, as the verbs have it in common.

use crate::operations::index::{IntoIndexElements, write_element};
use crate::{DefaultValue, Expression, Name, Writer};

/// `PARTITION BY RANGE ("created_at")`.
#[derive(Debug, Clone)]
pub(super) struct PartitionBy {
    strategy: &'static str,
    key: Vec<Expression>,
}

impl PartitionBy {
    pub(super) fn range(key: impl IntoIndexElements) -> Self {
        Self::new("RANGE", key)
    }

    pub(super) fn list(key: impl IntoIndexElements) -> Self {
        Self::new("LIST", key)
    }

    pub(super) fn hash(key: impl IntoIndexElements) -> Self {
        Self::new("HASH", key)
    }

    fn new(strategy: &'static str, key: impl IntoIndexElements) -> Self {
        Self { strategy, key: key.into_index_elements() }
    }

    pub(super) fn write(&self, sql: &mut Writer) {
        sql.text("PARTITION BY").text(self.strategy);
        sql.parenthesized(|sql| {
            sql.list(&self.key, write_element);
        });
    }
}

/// Which rows go into a partition.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Range(Vec<DefaultValue>, Vec<DefaultValue>),
    List(Vec<DefaultValue>),
    Hash(u32, u32),
    Rest,
}

impl Bound {
    pub(crate) fn range<T: Into<DefaultValue>, U: Into<DefaultValue>>(
        from: impl IntoIterator<Item = T>,
        to: impl IntoIterator<Item = U>,
    ) -> Self {
        Self::Range(
            from.into_iter().map(Into::into).collect(),
            to.into_iter().map(Into::into).collect(),
        )
    }

    pub(crate) fn list<T: Into<DefaultValue>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

/// `FOR VALUES IN (1, 2)`; it has to be said.
pub(crate) fn write_bound<'a>(
    sql: &'a mut Writer,
    bound: Option<&Bound>,
    partition: &Name,
) -> &'a mut Writer {
    match bound {
        Some(Bound::Range(from, to)) => {
            sql.text("FOR VALUES FROM").values(from);
            sql.text("TO").values(to)
        }
        Some(Bound::List(list)) => sql.text("FOR VALUES IN").values(list),
        Some(Bound::Hash(modulus, remainder)) => {
            let bound = format!("(MODULUS {modulus}, REMAINDER {remainder})");
            sql.text("FOR VALUES WITH").text(&bound)
        }
        Some(Bound::Rest) => sql.text("DEFAULT"),
        None => sql.problem(format!(
            "partition `{partition}` requires bounds: add `from_to`, `values_in`, `modulus` \
             or `default_partition`",
        )),
    }
}

/// The methods that say which rows a partition takes.
macro_rules! bounds {
    ($operation:ty) => {
        impl $operation {
            /// Takes the rows from these values, included, to those, excluded; `expr("MINVALUE")` and
            /// `expr("MAXVALUE")` have no end.
            pub fn from_to<T: Into<DefaultValue>, U: Into<DefaultValue>>(
                &mut self,
                from: impl IntoIterator<Item = T>,
                to: impl IntoIterator<Item = U>,
            ) -> &mut Self {
                self.bound.set("from_to", Bound::range(from, to));
                self
            }

            /// Takes the rows with one of these values.
            pub fn values_in<T: Into<DefaultValue>>(
                &mut self,
                list: impl IntoIterator<Item = T>,
            ) -> &mut Self {
                self.bound.set("values_in", Bound::list(list));
                self
            }
        }

        options! { $operation {
            /// Takes the rows whose hash leaves this remainder.
            pub fn modulus(&mut self, modulus: u32, remainder: u32) {
                self.bound.set("modulus", Bound::Hash(modulus, remainder))
            }

            /// Takes the rows that no other partition takes.
            pub fn default_partition(&mut self) { self.bound.set("default_partition", Bound::Rest) }
        }}
    };
}
pub(crate) use bounds;
