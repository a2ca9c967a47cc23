//! Roles, named.

use std::fmt;

use crate::{Identifier, IntoIdentifiers};

/// A role, as an operation names one: by its name, or as the one that runs the migration.
///
/// ```
/// use migrate_dsl::{Role, plan_text};
/// let plan = plan_text(|pgm| {
///     pgm.grant("SELECT").on_table("posts").to("web app").to(Role::current_user());
/// });
/// assert_eq!(plan, r#"GRANT SELECT ON TABLE "posts" TO "web app", CURRENT_USER;"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role(Which);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    Named(Identifier),
    CurrentUser,
    SessionUser,
    Public,
}

impl Role {
    /// The role that the migration runs as, after a `SET ROLE` the one that it set.
    #[must_use]
    pub fn current_user() -> Self {
        Self(Which::CurrentUser)
    }

    /// The role that the connection was made with.
    #[must_use]
    pub fn session_user() -> Self {
        Self(Which::SessionUser)
    }

    /// Every role, those to come too.
    #[must_use]
    pub fn public() -> Self {
        Self(Which::Public)
    }

    pub(crate) fn is_public(&self) -> bool {
        match &self.0 {
            // PostgreSQL takes it for the keyword in quotes, too.
            Which::Named(name) => name.as_str() == "public",
            Which::Public => true,
            Which::CurrentUser | Which::SessionUser => false,
        }
    }

    /// The name, or the keyword for it.
    pub(crate) fn told(&self) -> Result<&Identifier, &'static str> {
        match &self.0 {
            Which::Named(name) => Ok(name),
            Which::CurrentUser => Err("CURRENT_USER"),
            Which::SessionUser => Err("SESSION_USER"),
            Which::Public => Err("PUBLIC"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.told() {
            Ok(name) => name.fmt(f),
            Err(keyword) => f.write_str(&keyword.to_ascii_lowercase()),
        }
    }
}

impl<T: Into<Identifier>> From<T> for Role {
    fn from(name: T) -> Self {
        Self(Which::Named(name.into()))
    }
}

/// One or many roles: `"a"`, `["a", "b"]`, [`Role::public()`], or a list of these.
pub trait IntoRoles {
    /// The roles, in the order given.
    fn into_roles(self) -> Vec<Role>;
}

impl IntoRoles for Role {
    fn into_roles(self) -> Vec<Role> {
        vec![self]
    }
}

impl<const N: usize> IntoRoles for [Role; N] {
    fn into_roles(self) -> Vec<Role> {
        self.into()
    }
}

impl IntoRoles for Vec<Role> {
    fn into_roles(self) -> Vec<Role> {
        self
    }
}

impl<T: IntoIdentifiers> IntoRoles for T {
    fn into_roles(self) -> Vec<Role> {
        self.into_identifiers().into_iter().map(Role::from).collect()
    }
}
