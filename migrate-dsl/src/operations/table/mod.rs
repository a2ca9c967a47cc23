//! Tables, see [Data Definition](https://www.postgresql.org/docs/current/ddl.html).

mod create_table;
mod drop_table;

pub use create_table::CreateTable;
pub use drop_table::DropTable;
