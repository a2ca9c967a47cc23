//! Row security policies, see [Row Security Policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html).

mod alter_policy;
mod create_policy;
mod drop_policy;
mod rename_policy;
mod rows;

pub use alter_policy::AlterPolicy;
pub use create_policy::CreatePolicy;
pub use drop_policy::DropPolicy;
pub use rename_policy::RenamePolicy;
