//! [`REVOKE` of a role](https://www.postgresql.org/docs/current/sql-revoke.html).

use super::membership::Membership;
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{IntoIdentifiers, IntoRoles, Inverse, Operation, Pgm, Role, Statement, Writer};

operation! {
    /// Ends the membership of roles in others.
    pub struct RevokeRole(membership: Membership) {
        option: Choice<&'static str>,
        cascade: bool,
    }
}

impl Pgm {
    /// Ends the membership of a role in another, or of many in many: `REVOKE editors FROM ada`.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.revoke_role("editors", "ada"); });
    /// assert_eq!(plan, r#"REVOKE "editors" FROM "ada";"#);
    /// ```
    #[track_caller]
    pub fn revoke_role(
        &mut self,
        roles: impl IntoIdentifiers,
        members: impl IntoRoles,
    ) -> &mut RevokeRole {
        self.record(RevokeRole::new(Membership::new(
            roles.into_identifiers(),
            members.into_roles(),
        )))
    }
}

options! { RevokeRole {
    /// Leaves them members who cannot let others in.
    pub fn admin_option_for(&mut self) { self.option.set("admin_option_for", "ADMIN") }

    /// Leaves them members who do not have the role's privileges without a `SET ROLE`; from
    /// PostgreSQL 16.
    pub fn inherit_option_for(&mut self) { self.option.set("inherit_option_for", "INHERIT") }

    /// Leaves them members who may not `SET ROLE` to it; from PostgreSQL 16.
    pub fn set_option_for(&mut self) { self.option.set("set_option_for", "SET") }

    /// Who granted it; without it, the role that runs the migration.
    pub fn granted_by(&mut self, role: impl Into<Role>) {
        self.membership.granted_by = Some(role.into())
    }

    /// Ends the memberships, too, that these members gave others.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for RevokeRole {
    fn verb(&self) -> &'static str {
        "revoke_role"
    }

    fn describe(&self) -> String {
        format!("revoke role {}", self.membership.told("from"))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.option);
            sql.text("REVOKE");
            if let Some(option) = *self.option {
                sql.text(option).text("OPTION FOR");
            }
            match *self.option {
                Some("INHERIT") => _ = sql.requires(16, "inherit_option_for"),
                Some("SET") => _ = sql.requires(16, "set_option_for"),
                _ => {}
            }
            self.membership.write(sql, "FROM");
            self.membership.write_grantor(sql);
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        self.membership.inverse()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.revoke_role("editors", ["ada", "grace"]).admin_option_for();
            pgm.revoke_role("editors", "ada").inherit_option_for();
            pgm.revoke_role("editors", "ada").set_option_for();
            pgm.revoke_role("editors", Role::session_user()).granted_by("root").cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        REVOKE ADMIN OPTION FOR "editors" FROM "ada", "grace";
        REVOKE INHERIT OPTION FOR "editors" FROM "ada";
        REVOKE SET OPTION FOR "editors" FROM "ada";
        REVOKE "editors" FROM SESSION_USER GRANTED BY "root" CASCADE;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: role `editors`, role `session_user`
        -- as it was: role `editors`, role `ada`
        -- as it was: role `editors`, role `ada`
        -- as it was: role `editors`, role `ada`, role `grace`
        ");
    }
}
