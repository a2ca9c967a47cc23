//! What tells a function from others of its name.

use crate::{DataType, Identifier, Name, Statement, Writer};

/// A function's name, and the types of its arguments where they are said; without them the name
/// has to be the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: Name,
    pub(crate) arguments: Option<Vec<DataType>>,
}

impl Signature {
    pub(crate) fn new(name: Name) -> Self {
        Self { name, arguments: None }
    }

    /// `"add" (integer, integer)`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.name(&self.name);
        if let Some(arguments) = &self.arguments {
            sql.parenthesized(|sql| {
                sql.list(arguments, |sql, data_type| _ = sql.data_type(data_type));
            });
        }
    }

    pub(super) fn rename(&self, object: &str, to: &Identifier) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER").text(object);
            self.write(sql);
            sql.text("RENAME TO").identifier(to)
        })
    }

    pub(super) fn rename_back(&self, object: &str, to: &Identifier) -> Statement {
        let renamed = Self { name: self.name.sibling(to), arguments: self.arguments.clone() };
        renamed.rename(object, &self.name.name)
    }
}
