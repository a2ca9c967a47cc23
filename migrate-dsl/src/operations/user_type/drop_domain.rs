//! [`DROP DOMAIN`](https://www.postgresql.org/docs/current/sql-dropdomain.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement};

/// Drops a domain.
pub struct DropDomain {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a domain.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_domain("email"); });
    /// assert_eq!(plan, r#"DROP DOMAIN "email";"#);
    /// ```
    #[track_caller]
    pub fn drop_domain(&mut self, name: impl Into<Name>) -> &mut DropDomain {
        self.record(DropDomain { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropDomain {
    /// Does nothing if there is no such domain.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops the columns and functions that use the domain too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropDomain {
    fn verb(&self) -> &'static str {
        "drop_domain"
    }

    fn describe(&self) -> String {
        format!("drop domain `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("DOMAIN", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what the domain `{}` looked like", self.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_domain("email").if_exists().cascade();
    }

    #[test]
    fn drop_domain() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP DOMAIN IF EXISTS "email" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- cannot be taken back: what the domain `email` looked like is not known here; write a `pub fn down` that restores it");
    }
}
