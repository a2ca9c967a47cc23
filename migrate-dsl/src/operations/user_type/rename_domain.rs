//! [`ALTER DOMAIN … RENAME`](https://www.postgresql.org/docs/current/sql-alterdomain.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a domain.
pub struct RenameDomain {
    from: Name,
    to: Identifier,
}

impl Pgm {
    /// Renames a domain; it stays in its schema.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_domain(("app", "email"), "email_address");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER DOMAIN "app"."email" RENAME TO "email_address";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER DOMAIN "app"."email_address" RENAME TO "email";"#);
    /// ```
    #[track_caller]
    pub fn rename_domain(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameDomain {
        self.record(RenameDomain { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameDomain {
    fn verb(&self) -> &'static str {
        "rename_domain"
    }

    fn describe(&self) -> String {
        format!("rename domain `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("DOMAIN", &self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("DOMAIN", &self.from, &self.to))
    }
}
