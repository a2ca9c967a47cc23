//! Schemas, see [Schemas](https://www.postgresql.org/docs/current/ddl-schemas.html).

mod create_schema;
mod drop_schema;
mod rename_schema;

pub use create_schema::CreateSchema;
pub use drop_schema::DropSchema;
pub use rename_schema::RenameSchema;
