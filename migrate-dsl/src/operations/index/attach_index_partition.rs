//! [`ALTER INDEX … ATTACH PARTITION`](https://www.postgresql.org/docs/current/sql-alterindex.html).

use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

/// Makes an index of a partition part of the partitioned table's.
#[derive(Debug, Clone)]
pub struct AttachIndexPartition {
    parent: Name,
    partition: Name,
}

impl Pgm {
    /// Makes an index of a partition part of the index of the partitioned table, which was created
    /// with [`only`](super::CreateIndex::only) and becomes valid with the last of its parts: so the
    /// parts can be built `concurrently`, one after the other.
    ///
    /// PostgreSQL does not take an index out again: when it is reverted both are rebuilt.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.attach_index_partition("hits_at_idx", "hits_2026_at_idx");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER INDEX "hits_at_idx" ATTACH PARTITION "hits_2026_at_idx";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: index `hits_at_idx`, index `hits_2026_at_idx`");
    /// ```
    #[track_caller]
    pub fn attach_index_partition(
        &mut self,
        parent: impl Into<Name>,
        partition: impl Into<Name>,
    ) -> &mut AttachIndexPartition {
        self.record(AttachIndexPartition { parent: parent.into(), partition: partition.into() })
    }
}

impl Operation for AttachIndexPartition {
    fn verb(&self) -> &'static str {
        "attach_index_partition"
    }

    fn describe(&self) -> String {
        format!("attach index `{}` to `{}`", self.partition, self.parent)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER INDEX").name(&self.parent);
            sql.text("ATTACH PARTITION").name(&self.partition)
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::index(&self.parent), Object::index(&self.partition)])
    }
}
