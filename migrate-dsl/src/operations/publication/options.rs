//! How changes are published.

use crate::Writer;

const CHANGES: &[&str] = &["insert", "update", "delete", "truncate"];
const GENERATED: &[&str] = &["none", "stored"];

/// The options of `WITH (…)` and `SET (…)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) publish: Option<Vec<String>>,
    pub(super) via_root: Option<bool>,
    pub(super) generated: Option<String>,
}

impl Options {
    pub(super) fn is_empty(&self) -> bool {
        self.publish.is_none() && self.via_root.is_none() && self.generated.is_none()
    }

    /// `(publish = 'insert, update')`.
    pub(super) fn write(&self, sql: &mut Writer) {
        let mut options = Vec::new();
        if let Some(changes) = &self.publish {
            for change in changes {
                check(sql, "publish", change, CHANGES);
            }
            options.push(("publish", changes.join(", ")));
        }
        if let Some(via_root) = self.via_root {
            options.push(("publish_via_partition_root", via_root.to_string()));
        }
        if let Some(columns) = &self.generated {
            check(sql, "publish_generated_columns", columns, GENERATED);
            sql.requires(18, "publish_generated_columns");
            options.push(("publish_generated_columns", columns.clone()));
        }
        sql.parenthesized(|sql| {
            sql.list(options, |sql, (name, value)| _ = sql.text(name).text("=").literal(&value));
        });
    }
}

fn check(sql: &mut Writer, option: &str, value: &str, known: &[&str]) {
    if !known.contains(&value) {
        let known = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>();
        sql.problem(format!(
            "`{option}` does not know `{}`: it knows {}",
            value.escape_debug(),
            known.join(", ")
        ));
    }
}

/// The options for how changes are published.
macro_rules! publication_options {
    ($operation:ty) => {
        impl $operation {
            /// Which changes are published, of `insert`, `update`, `delete` and `truncate`; all
            /// without it.
            pub fn publish<C: Into<String>>(
                &mut self,
                changes: impl IntoIterator<Item = C>,
            ) -> &mut Self {
                self.options.publish = Some(changes.into_iter().map(Into::into).collect());
                self
            }

            /// Whether a change of a partition is published as one of the partitioned table.
            pub fn publish_via_partition_root(&mut self, via_root: bool) -> &mut Self {
                self.options.via_root = Some(via_root);
                self
            }

            /// Which generated columns are published: `stored`, or `none`; from PostgreSQL 18.
            pub fn publish_generated_columns(&mut self, which: impl Into<String>) -> &mut Self {
                self.options.generated = Some(which.into());
                self
            }
        }
    };
}
pub(super) use publication_options;
