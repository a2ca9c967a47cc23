//! [`ALTER DOMAIN … RENAME CONSTRAINT`](https://www.postgresql.org/docs/current/sql-alterdomain.html).

use crate::operations::RenamePart;
use crate::{Identifier, Name, Object, Pgm};

impl Pgm {
    /// Renames a constraint of a domain.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_domain_constraint("email", "email_check", "has_at");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER DOMAIN "email" RENAME CONSTRAINT "email_check" TO "has_at";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER DOMAIN "email" RENAME CONSTRAINT "has_at" TO "email_check";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_domain_constraint(
        &mut self,
        domain: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenamePart {
        let domain = Object::domain(domain);
        self.record(RenamePart::new(
            "rename_domain_constraint",
            domain,
            "CONSTRAINT",
            from.into(),
            to.into(),
        ))
    }
}
