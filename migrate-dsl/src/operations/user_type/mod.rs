//! Types of the database's own: enums, composite types, ranges and domains, see
//! [Extending SQL](https://www.postgresql.org/docs/current/extend-type-system.html).

use crate::{MAX_NAME_BYTES, Writer};

mod add_enum_value;
mod alter_composite_type;
mod alter_domain;
mod create_composite_type;
mod create_domain;
mod create_enum;
mod create_range;
mod drop_domain;
mod drop_type;
mod rename_attribute;
mod rename_domain;
mod rename_domain_constraint;
mod rename_enum_value;
mod rename_type;

pub use add_enum_value::AddEnumValue;
pub use alter_composite_type::AlterCompositeType;
pub use alter_domain::AlterDomain;
pub use create_composite_type::CreateCompositeType;
pub use create_domain::CreateDomain;
pub use create_enum::CreateEnum;
pub use create_range::CreateRange;
pub use rename_attribute::RenameAttribute;
pub use rename_enum_value::RenameEnumValue;

/// Writes a value of an enum. To PostgreSQL it is a literal, with the length of a name.
fn write_enum_value(sql: &mut Writer, value: &str) {
    if value.len() > MAX_NAME_BYTES {
        sql.problem(format!(
            "the enum value `{value}` has {} bytes; PostgreSQL takes {MAX_NAME_BYTES}",
            value.len()
        ));
    }
    sql.literal(value);
}
