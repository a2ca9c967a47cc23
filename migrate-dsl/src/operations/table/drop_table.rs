//! [`DROP TABLE`](https://www.postgresql.org/docs/current/sql-droptable.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement};

/// Drops a table with its rows.
pub struct DropTable {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a table with its rows.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_table(("archive", "posts")).cascade(); });
    /// assert_eq!(plan, r#"DROP TABLE "archive"."posts" CASCADE;"#);
    /// ```
    #[track_caller]
    pub fn drop_table(&mut self, name: impl Into<Name>) -> &mut DropTable {
        self.record(DropTable { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropTable {
    /// Does nothing if there is no such table.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on the table too: views, and the foreign keys that point at it.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropTable {
    fn verb(&self) -> &'static str {
        "drop_table"
    }

    fn describe(&self) -> String {
        format!("drop table `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("TABLE", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what `{}` looked like", self.name))
    }
}
