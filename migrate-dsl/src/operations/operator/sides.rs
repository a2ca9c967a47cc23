//! What stands on either side of an operator.

use crate::{DataType, Name, Object, Writer};

/// The types on the left and on the right.
#[derive(Debug, Clone, Default)]
pub(super) struct Sides {
    pub(super) left: Option<DataType>,
    pub(super) right: Option<DataType>,
}

impl Sides {
    pub(super) fn object(&self, name: &Name) -> Object {
        Object::operator(name, self.left.clone(), self.right.clone())
    }

    /// An operator without anything on its right is none, from PostgreSQL 14.
    pub(super) fn note_problem(&self, sql: &mut Writer, name: &Name) {
        if self.right.is_none() {
            sql.problem(format!("operator `{name}` requires `rightarg`"));
        }
    }
}

/// The options that tell an operator from others of its name.
macro_rules! sides {
    ($operation:ty) => {
        impl $operation {
            /// The type of what stands on its left; without it, the operator is a prefix.
            pub fn leftarg(&mut self, data_type: impl Into<DataType>) -> &mut Self {
                self.sides.left = Some(data_type.into());
                self
            }

            /// The type of what stands on its right.
            pub fn rightarg(&mut self, data_type: impl Into<DataType>) -> &mut Self {
                self.sides.right = Some(data_type.into());
                self
            }
        }
    };
}

pub(super) use sides;
