//! [`ALTER SCHEMA … RENAME`](https://www.postgresql.org/docs/current/sql-alterschema.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a schema.
pub struct RenameSchema {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a schema.
    ///
    /// Bodies of functions that name the schema are text and do not follow.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_schema("app", "blog");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SCHEMA "app" RENAME TO "blog";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SCHEMA "blog" RENAME TO "app";"#);
    /// ```
    #[track_caller]
    pub fn rename_schema(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameSchema {
        self.record(RenameSchema { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameSchema {
    fn verb(&self) -> &'static str {
        "rename_schema"
    }

    fn describe(&self) -> String {
        format!("rename schema `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("SCHEMA", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("SCHEMA", &self.from.clone().into(), &self.to))
    }
}
