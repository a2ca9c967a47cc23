//! Roles, see [Database Roles](https://www.postgresql.org/docs/current/user-manag.html).

mod alter_role;
mod attributes;
mod create_role;
mod drop_role;
mod grant_role;
mod membership;
mod rename_role;
mod revoke_role;

pub use alter_role::AlterRole;
pub use create_role::CreateRole;
pub use drop_role::DropRole;
pub use grant_role::GrantRole;
pub use rename_role::RenameRole;
pub use revoke_role::RevokeRole;
