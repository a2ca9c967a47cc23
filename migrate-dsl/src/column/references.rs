//! A column that references another table.

use std::ops::Deref;

use super::Column;
use crate::ReferentialAction;
use crate::operations::constraint::foreign_key::Target;

/// A column that references another table: still the column, and besides it what happens to
/// this row when the other one changes.
///
/// ```
/// use migrate_dsl::prelude::*;
/// let plan = migrate_dsl::plan_text(|pgm| {
///     pgm.add_column("comments", |t| {
///         t.bigint("post_id").references("posts", "id").on_delete(Cascade).not_null()
///     });
/// });
/// assert_eq!(
///     plan,
///     r#"ALTER TABLE "comments" ADD COLUMN "post_id" bigint NOT NULL REFERENCES "posts" ("id") ON DELETE CASCADE;"#
/// );
/// ```
#[derive(Debug, Clone)]
pub struct References(pub(super) Column);

impl References {
    fn with(self, change: impl FnOnce(&mut Target)) -> Self {
        if let Some(target) = &mut self.0.0.borrow_mut().references {
            change(target);
        }
        self
    }

    /// What happens to this row when the referenced one is deleted.
    pub fn on_delete(self, action: ReferentialAction) -> Self {
        self.with(|target| target.on_delete = Some(action))
    }

    /// What happens to this row when the referenced key changes.
    pub fn on_update(self, action: ReferentialAction) -> Self {
        self.with(|target| target.on_update = Some(action))
    }

    /// Checks no rows at all: a word to those who read the schema; from PostgreSQL 18.
    pub fn not_enforced(self) -> Self {
        self.with(|target| target.not_enforced = true)
    }

    /// Lets a transaction put off the check with `SET CONSTRAINTS`.
    pub fn deferrable(self) -> Self {
        self.with(|target| target.timing.deferrable())
    }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(self) -> Self {
        self.with(|target| target.timing.initially_deferred())
    }
}

impl Deref for References {
    type Target = Column;

    fn deref(&self) -> &Column {
        &self.0
    }
}
