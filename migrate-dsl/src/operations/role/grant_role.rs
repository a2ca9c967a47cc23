//! [`GRANT` of a role](https://www.postgresql.org/docs/current/sql-grant.html#SQL-GRANT-DESCRIPTION-ROLES).

use super::membership::Membership;
use crate::operations::macros::{operation, options};
use crate::{IntoIdentifiers, IntoRoles, Inverse, Operation, Pgm, Role, Statement, Writer};

operation! {
    /// Makes roles members of others.
    pub struct GrantRole(membership: Membership) {
        admin_option: bool,
        inherit: Option<bool>,
        set: Option<bool>,
    }
}

impl Pgm {
    /// Makes a role a member of another, or many of many: `GRANT editors TO ada`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.grant_role("editors", ["ada", "grace"]);
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"GRANT "editors" TO "ada", "grace";"#);
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: role `editors`, role `ada`, role `grace`"
    /// );
    /// ```
    #[track_caller]
    pub fn grant_role(
        &mut self,
        roles: impl IntoIdentifiers,
        members: impl IntoRoles,
    ) -> &mut GrantRole {
        self.record(GrantRole::new(Membership::new(roles.into_identifiers(), members.into_roles())))
    }
}

options! { GrantRole {
    /// The members may let others in, and put them out.
    pub fn with_admin_option(&mut self) { self.admin_option = true }

    /// Whether the members have the role's privileges without a `SET ROLE`; from PostgreSQL 16.
    pub fn inherit(&mut self, inherit: bool) { self.inherit = Some(inherit) }

    /// Whether the members may `SET ROLE` to it; from PostgreSQL 16.
    pub fn set(&mut self, set: bool) { self.set = Some(set) }

    /// Who grants it; without it, the role that runs the migration.
    pub fn granted_by(&mut self, role: impl Into<Role>) {
        self.membership.granted_by = Some(role.into())
    }
}}

impl Operation for GrantRole {
    fn verb(&self) -> &'static str {
        "grant_role"
    }

    fn describe(&self) -> String {
        format!("grant role {}", self.membership.told("to"))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("GRANT");
            self.membership.write(sql, "TO");
            let word = |holds: bool| if holds { "TRUE" } else { "FALSE" };
            let admin = self.admin_option.then(|| "ADMIN OPTION".to_owned());
            let inherit = self.inherit.map(|holds| format!("INHERIT {}", word(holds)));
            let set = self.set.map(|holds| format!("SET {}", word(holds)));
            for (option, what) in [(&inherit, "inherit"), (&set, "set")] {
                if option.is_some() {
                    sql.requires(16, what);
                }
            }
            let options: Vec<_> = [admin, inherit, set].into_iter().flatten().collect();
            if !options.is_empty() {
                sql.text("WITH").list(options, |sql, option| _ = sql.text(&option));
            }
            self.membership.write_grantor(sql);
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        self.membership.inverse()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.grant_role(["editors", "web app"], Role::current_user())
                .with_admin_option()
                .inherit(false)
                .set(true)
                .granted_by("root");
        };
        insta::assert_snapshot!(plan_text(up), @r#"GRANT "editors", "web app" TO CURRENT_USER WITH ADMIN OPTION, INHERIT FALSE, SET TRUE GRANTED BY "root";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: role `editors`, role `web app`, role `current_user`");
    }

    #[test]
    fn not_everyone_can_be_a_member() {
        let problems = plan_problems(|pgm| {
            pgm.grant_role("editors", Role::public());
            pgm.grant_role([""; 0], "ada");
        });
        insta::assert_snapshot!(problems, @"
        `public` cannot be a member of a role: every role would be
        a membership wants a role and a member
        ");
    }
}
