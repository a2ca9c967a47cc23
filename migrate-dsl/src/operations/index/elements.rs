//! What an index, an exclusion constraint or a partitioning is over.

use crate::name::short_hash;
use crate::{Expression, Identifier, IntoIdentifiers, Writer, col};

/// What an index is over: a column, several, or expressions.
pub trait IntoIndexElements {
    /// The elements, in the order given.
    fn into_index_elements(self) -> Vec<Expression>;
}

impl IntoIndexElements for Expression {
    fn into_index_elements(self) -> Vec<Expression> {
        vec![self]
    }
}

impl<const N: usize> IntoIndexElements for [Expression; N] {
    fn into_index_elements(self) -> Vec<Expression> {
        self.into()
    }
}

impl IntoIndexElements for Vec<Expression> {
    fn into_index_elements(self) -> Vec<Expression> {
        self
    }
}

macro_rules! index_elements_from_names {
    ($($names:ty)*) => {$(
        impl IntoIndexElements for $names {
            fn into_index_elements(self) -> Vec<Expression> {
                self.into_identifiers().into_iter().map(col).collect()
            }
        }
    )*};
}
index_elements_from_names!(&str String Identifier Vec<&str> Vec<String> Vec<Identifier>);

impl<const N: usize> IntoIndexElements for [&str; N] {
    fn into_index_elements(self) -> Vec<Expression> {
        self.into_iter().map(col).collect()
    }
}

impl<const N: usize> IntoIndexElements for [Identifier; N] {
    fn into_index_elements(self) -> Vec<Expression> {
        self.into_iter().map(col).collect()
    }
}

/// What an element is called in the name that its index or constraint gets: an expression by a
/// hash of its text, so that two of them on one table do not get one name.
pub(crate) fn name_part(element: &Expression) -> String {
    match element.column() {
        Some(column) => column.as_str().to_owned(),
        None => format!("expr_{}", short_hash(element.sql())),
    }
}

/// Writes an element of an index or of an exclusion constraint: a column or an expression with
/// its collation, operator class and order, in the one sequence that PostgreSQL takes.
pub(crate) fn write_element(sql: &mut Writer, element: &Expression) {
    match element.column() {
        Some(column) => sql.identifier(column),
        None => sql.parenthesized(|sql| {
            sql.problems_of(element).text(element.sql());
        }),
    };
    if let Some(collation) = &element.collation {
        sql.text("COLLATE").name(collation);
    }
    if element.operator_class.is_none() && !element.operator_class_parameters.is_empty() {
        sql.problem(format!(
            "`operator_class_parameter` belongs to `operator_class`: say the operator class of \
             `{}` too",
            element.column().map_or(element.sql(), Identifier::as_str)
        ));
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
