//! What tells a function from others of its name.

use crate::{DataType, Name, Writer};

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

    /// `"count" (*)`: an aggregate is never told by its name alone.
    pub(crate) fn write_aggregate(&self, sql: &mut Writer) {
        match &self.arguments {
            Some(arguments) if arguments.is_empty() => {
                sql.name(&self.name).text("(*)");
            }
            Some(_) => self.write(sql),
            None => {
                self.write(sql);
                sql.problem(format!(
                    "aggregate `{}` requires its arguments: \
                     add `arguments`, or `no_arguments` for `(*)`",
                    self.name
                ));
            }
        }
    }
}

/// The options that tell a routine from others of its name.
macro_rules! arguments {
    ($operation:ty) => {
        impl $operation {
            /// The types of the arguments that it is called with, where several share the name.
            pub fn arguments<T: Into<DataType>>(
                &mut self,
                types: impl IntoIterator<Item = T>,
            ) -> &mut Self {
                self.routine.set_arguments(types.into_iter().map(Into::into).collect());
                self
            }

            /// It is called without arguments.
            pub fn no_arguments(&mut self) -> &mut Self {
                self.routine.set_arguments(Vec::new());
                self
            }
        }
    };
}

pub(super) use arguments;
