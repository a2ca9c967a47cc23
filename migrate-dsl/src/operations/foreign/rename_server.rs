//! [`ALTER SERVER … RENAME`](https://www.postgresql.org/docs/current/sql-alterserver.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a server.
pub struct RenameServer {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a server.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_server("billing", "invoicing");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SERVER "billing" RENAME TO "invoicing";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SERVER "invoicing" RENAME TO "billing";"#);
    /// ```
    #[track_caller]
    pub fn rename_server(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameServer {
        self.record(RenameServer { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameServer {
    fn verb(&self) -> &'static str {
        "rename_server"
    }

    fn describe(&self) -> String {
        format!("rename server `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("SERVER", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("SERVER", &self.from.clone().into(), &self.to))
    }
}
