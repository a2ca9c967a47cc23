//! [`DROP FOREIGN TABLE`](https://www.postgresql.org/docs/current/sql-dropforeigntable.html).

use super::options::LOST;
use crate::operations::phrases;
use crate::{Inverse, Name, Object, Operation, Pgm, Statement};

/// Drops a foreign table.
pub struct DropForeignTable {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a foreign table; the rows behind it stay where they are.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_foreign_table("invoices"); });
    /// assert_eq!(plan, r#"DROP FOREIGN TABLE "invoices";"#);
    /// ```
    #[track_caller]
    pub fn drop_foreign_table(&mut self, name: impl Into<Name>) -> &mut DropForeignTable {
        self.record(DropForeignTable { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropForeignTable {
    /// Does nothing if there is no such foreign table.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on it too: views.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropForeignTable {
    fn verb(&self) -> &'static str {
        "drop_foreign_table"
    }

    fn describe(&self) -> String {
        format!("drop foreign table `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("FOREIGN TABLE", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::foreign_table(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_foreign_table() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_foreign_table("invoices").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP FOREIGN TABLE IF EXISTS "invoices" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: foreign table `invoices`; options that may hold secrets are not restored");
    }
}
