//! Which roles are to be, or no longer to be, members of which.

use crate::{Identifier, Inverse, Object, Role, Writer};

/// Roles, and the ones that become their members.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(super) roles: Vec<Identifier>,
    pub(super) members: Vec<Role>,
    pub(super) granted_by: Option<Role>,
}

impl Membership {
    pub(super) fn new(roles: Vec<Identifier>, members: Vec<Role>) -> Self {
        Self { roles, members, granted_by: None }
    }

    /// `"editors" TO "ada"`.
    pub(super) fn write(&self, sql: &mut Writer, to: &str) {
        sql.list(&self.roles, |sql, role| _ = sql.identifier(role)).text(to);
        sql.list(&self.members, |sql, member| _ = sql.role(member));
        if self.roles.is_empty() || self.members.is_empty() {
            sql.problem("a membership wants a role and a member");
        }
        if self.members.iter().any(Role::is_public) {
            sql.problem("`public` cannot be a member of a role: every role would be");
        }
    }

    pub(super) fn write_grantor(&self, sql: &mut Writer) {
        if let Some(role) = &self.granted_by {
            sql.text("GRANTED BY").role(role);
        }
    }

    /// `editors` to `ada`.
    pub(super) fn told(&self, to: &str) -> String {
        let roles = self.roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>();
        let members = self.members.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>();
        format!("{} {to} {}", roles.join(", "), members.join(", "))
    }

    /// A membership that was there before stays.
    pub(super) fn inverse(&self) -> Inverse {
        let roles = self.roles.iter().map(Object::role);
        Inverse::capture(roles.chain(self.members.iter().map(Object::role_of)))
    }
}
