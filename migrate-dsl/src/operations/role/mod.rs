//! Roles, see [Database Roles](https://www.postgresql.org/docs/current/user-manag.html).

mod alter_role;
mod attributes;
mod create_role;
mod drop_role;
mod grant_role;
mod membership;
mod revoke_role;

pub use alter_role::AlterRole;
pub use create_role::CreateRole;
pub use drop_role::DropRole;
pub use grant_role::GrantRole;
pub use revoke_role::RevokeRole;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Object};

plain_verbs! {
    /// Renames a role; the one that runs the migration cannot be renamed. An MD5 password, which
    /// has the name in it, is lost.
    ///
    /// See [`ALTER ROLE … RENAME`](https://www.postgresql.org/docs/current/sql-alterrole.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_role("app", "web app");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER ROLE "app" RENAME TO "web app";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER ROLE "web app" RENAME TO "app";"#);
    /// ```
    pub fn rename_role(from: impl Into<Identifier>, to: impl Into<Identifier>) -> RenameObject
        => (Object::role(from), to.into());
}
