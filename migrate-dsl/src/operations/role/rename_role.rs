//! [`ALTER ROLE … RENAME`](https://www.postgresql.org/docs/current/sql-alterrole.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a role.
pub struct RenameRole {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a role; the one that runs the migration cannot be renamed. An MD5 password, which
    /// has the name in it, is lost.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_role("app", "web app");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER ROLE "app" RENAME TO "web app";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER ROLE "web app" RENAME TO "app";"#);
    /// ```
    #[track_caller]
    pub fn rename_role(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameRole {
        self.record(RenameRole { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameRole {
    fn verb(&self) -> &'static str {
        "rename_role"
    }

    fn describe(&self) -> String {
        format!("rename role `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("ROLE", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("ROLE", &self.from.clone().into(), &self.to))
    }
}
