//! [Table partitioning](https://www.postgresql.org/docs/current/ddl-partitioning.html): how the
//! rows of a table are spread, as `create_table` and `create_partition` have it in common.

use crate::operations::index::{IntoIndexElements, write_element};
use crate::{Expression, Writer};

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
