//! Extensions, see [Packaging Related Objects into an Extension](https://www.postgresql.org/docs/current/extend-extensions.html).

mod create_extension;
mod drop_extension;
mod update_extension;

pub use create_extension::CreateExtension;
pub use drop_extension::DropExtension;
pub use update_extension::UpdateExtension;
