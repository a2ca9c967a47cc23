//! Privileges, see [Privileges](https://www.postgresql.org/docs/current/ddl-priv.html).

mod alter_default_privileges;
mod grant;
mod privileges;
mod revoke;
mod target;

pub use alter_default_privileges::AlterDefaultPrivileges;
pub use grant::Grant;
pub use revoke::Revoke;
