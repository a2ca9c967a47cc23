//! [Table partitioning](https://www.postgresql.org/docs/current/ddl-partitioning.html): how the
//! rows of a table are spread, and which of them go where, as the verbs have it in common.

use crate::operations::index::{IntoIndexElements, write_element};
use crate::{DefaultValue, Expression, Name, Writer};

/// `PARTITION BY RANGE ("created_at")`.
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
            "which rows go into `{partition}` is not said: add `from_to`, `values_in`, `modulus` \
             or `default_partition`",
        )),
    }
}
