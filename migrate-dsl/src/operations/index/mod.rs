//! Indexes, see [Indexes](https://www.postgresql.org/docs/current/indexes.html).

use crate::{Expression, Writer};

mod create_index;

pub use create_index::{CreateIndex, IntoIndexElements};

/// Writes an element of an index or of an exclusion constraint: a column or an expression with
/// its collation, operator class and order, in the one sequence that PostgreSQL takes.
pub(crate) fn write_element(sql: &mut Writer, element: &Expression) {
    match element.column() {
        Some(column) => sql.identifier(column),
        None => sql.parenthesized(|sql| {
            sql.text(element.sql());
        }),
    };
    if let Some(collation) = &element.collation {
        sql.text("COLLATE").name(collation);
    }
    if let Some(class) = &element.operator_class {
        sql.name(class);
        if !element.operator_class_parameters.is_empty() {
            sql.parenthesized(|sql| {
                sql.list(&element.operator_class_parameters, |sql, (name, value)| {
                    sql.identifier(name).text("=").literal(value);
                });
            });
        }
    }
    match element.descending {
        Some(true) => sql.text("DESC"),
        Some(false) => sql.text("ASC"),
        None => sql,
    };
    match element.nulls_first {
        Some(true) => sql.text("NULLS FIRST"),
        Some(false) => sql.text("NULLS LAST"),
        None => sql,
    };
}
