//! Whose rows, and which.

use crate::{Expression, Role, Writer};

/// What a policy says that can be altered.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) roles: Vec<Role>,
    pub(super) using: Option<Expression>,
    pub(super) with_check: Option<Expression>,
}

impl Rows {
    /// `TO "app" USING (…) WITH CHECK (…)`.
    pub(super) fn write(&self, sql: &mut Writer) {
        if !self.roles.is_empty() {
            sql.text("TO").list(&self.roles, |sql, role| _ = sql.role(role));
        }
        for (keyword, rows) in [("USING", &self.using), ("WITH CHECK", &self.with_check)] {
            if let Some(rows) = rows {
                sql.text(keyword).parenthesized(|sql| _ = sql.expression(rows));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.using.is_none() && self.with_check.is_none()
    }
}
