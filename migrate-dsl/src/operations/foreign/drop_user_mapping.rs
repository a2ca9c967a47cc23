//! [`DROP USER MAPPING`](https://www.postgresql.org/docs/current/sql-dropusermapping.html).

use super::options::LOST;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Object, Operation, Pgm, Role, Statement, Writer};

operation! {
    /// Drops a user mapping.
    pub struct DropUserMapping(role: Role, server: Identifier) {
        if_exists: bool,
    }
}

impl Pgm {
    /// No longer says how a role is known to a foreign server.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_user_mapping("app", "billing"); });
    /// assert_eq!(plan, r#"DROP USER MAPPING FOR "app" SERVER "billing";"#);
    /// ```
    #[track_caller]
    pub fn drop_user_mapping(
        &mut self,
        role: impl Into<Role>,
        server: impl Into<Identifier>,
    ) -> &mut DropUserMapping {
        self.record(DropUserMapping::new(role.into(), server.into()))
    }
}

options! { DropUserMapping {
    /// Does nothing if the role has no mapping.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl DropUserMapping {
    fn object(&self) -> Object {
        Object::user_mapping(self.role.clone(), &self.server)
    }
}

impl Operation for DropUserMapping {
    fn verb(&self) -> &'static str {
        "drop_user_mapping"
    }

    fn describe(&self) -> String {
        format!("drop {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("DROP USER MAPPING").flag(self.if_exists, "IF EXISTS");
            self.object().write_name(sql);
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([self.object()], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_text, plan_text_down};

    #[test]
    fn drop_user_mapping() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_user_mapping(Role::public(), "billing").if_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP USER MAPPING IF EXISTS FOR PUBLIC SERVER "billing";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: user mapping of `public` on `billing`; options that may hold secrets are not restored");
    }
}
