//! [`ALTER TYPE … RENAME VALUE`](https://www.postgresql.org/docs/current/sql-altertype.html).

use super::write_enum_value;
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

/// Renames a value of an enum.
#[derive(Debug, Clone)]
pub struct RenameEnumValue {
    name: Name,
    from: String,
    to: String,
}

impl Pgm {
    /// Renames a value of an enum; rows that have it show the new name.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_enum_value("mood", "ok", "fine");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TYPE "mood" RENAME VALUE 'ok' TO 'fine';"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TYPE "mood" RENAME VALUE 'fine' TO 'ok';"#);
    /// ```
    #[track_caller]
    pub fn rename_enum_value(
        &mut self,
        name: impl Into<Name>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> &mut RenameEnumValue {
        self.record(RenameEnumValue { name: name.into(), from: from.into(), to: to.into() })
    }
}

impl RenameEnumValue {
    fn rename(&self, from: &str, to: &str) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER TYPE").name(&self.name).text("RENAME VALUE");
            write_enum_value(sql, from);
            sql.text("TO");
            write_enum_value(sql, to);
            sql
        })
    }
}

impl Operation for RenameEnumValue {
    fn verb(&self) -> &'static str {
        "rename_enum_value"
    }

    fn describe(&self) -> String {
        format!("rename value `{}` of enum `{}` to `{}`", self.from, self.name, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.rename(&self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.rename(&self.to, &self.from))
    }
}
