//! [`REVOKE`](https://www.postgresql.org/docs/current/sql-revoke.html).

use super::privileges::{IntoPrivileges, Privileges};
use super::target::{Kind, Target, targets};
use crate::operations::macros::{operation, options};
use crate::{
    DataType, Identifier, IntoIdentifiers, IntoRoles, Inverse, Name, Operation, Pgm, Role,
    Statement, Writer,
};

operation! {
    /// No longer lets roles do something with objects.
    pub struct Revoke(privileges: Privileges) {
        target: Target,
        roles: Vec<Role>,
        grant_option_for: bool,
        granted_by: Option<Role>,
        cascade: bool,
    }
}

impl Pgm {
    /// No longer lets roles do something with objects: `revoke(privileges).on_…(..).from(roles)`.
    /// The objects are named as in [`grant`](Pgm::grant).
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.revoke("ALL").on_schema("public").from(Role::public());
    /// });
    /// assert_eq!(plan, r#"REVOKE ALL ON SCHEMA "public" FROM PUBLIC;"#);
    /// ```
    #[track_caller]
    pub fn revoke(&mut self, privileges: impl IntoPrivileges) -> &mut Revoke {
        self.record(Revoke::new(Privileges::new(privileges.into_privileges())))
    }
}

targets!(Revoke);

options! { Revoke {
    /// From whom; may be called more than once.
    pub fn from(&mut self, roles: impl IntoRoles) { self.roles.extend(roles.into_roles()) }

    /// Leaves them the privilege, but not that they may let others.
    pub fn grant_option_for(&mut self) { self.grant_option_for = true }

    /// Who granted it: the current role, which PostgreSQL takes without it; from PostgreSQL 14.
    pub fn granted_by(&mut self, role: impl Into<Role>) { self.granted_by = Some(role.into()) }

    /// Takes it from those, too, whom they let.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for Revoke {
    fn verb(&self) -> &'static str {
        "revoke"
    }

    fn describe(&self) -> String {
        format!("revoke {} on {}", self.privileges.told(), self.target.told())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("REVOKE").flag(self.grant_option_for, "GRANT OPTION FOR");
            self.target.write(sql, &self.privileges, "revoke");
            sql.text("FROM").list(&self.roles, |sql, role| _ = sql.role(role));
            if self.roles.is_empty() {
                sql.problem("`revoke` requires `.from(\"…\")`");
            }
            if let Some(role) = &self.granted_by {
                sql.text("GRANTED BY").role(role).requires(14, "granted_by");
            }
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        self.target.inverse()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.revoke(["INSERT", "UPDATE"])
                .on_columns(("app", "posts"), "title")
                .from("a")
                .from(Role::session_user())
                .grant_option_for()
                .granted_by(Role::current_user())
                .cascade();
            pgm.revoke("EXECUTE").on_function("f").arguments(["int"]).from(Role::public());
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        REVOKE GRANT OPTION FOR INSERT ("title"), UPDATE ("title") ON TABLE "app"."posts" FROM "a", SESSION_USER GRANTED BY CURRENT_USER CASCADE;
        REVOKE EXECUTE ON FUNCTION "f" (int) FROM PUBLIC;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: function `f`
        -- as it was: table `app.posts`
        ");
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.revoke("SELECT").from("a");
            pgm.revoke("SELECT").on_table("posts");
        });
        insta::assert_snapshot!(problems, @r#"
        `revoke` does not say on what: add `on_table`, `on_all_tables`, `on_schema`, …
        `revoke` requires `.from("…")`
        "#);
    }
}
