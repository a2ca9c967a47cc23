//! What renaming a function, a procedure and an aggregate have in common.

use super::signature::arguments;
use crate::operations::{phrases, rename_back};
use crate::{DataType, Identifier, Inverse, Object, Operation, Statement};

/// Renames a function, a procedure or an aggregate.
#[derive(Debug, Clone)]
pub struct RenameRoutine {
    verb: &'static str,
    routine: Object,
    to: Identifier,
}

arguments!(RenameRoutine);

impl RenameRoutine {
    pub(super) fn new(verb: &'static str, routine: Object, to: Identifier) -> Self {
        Self { verb, routine, to }
    }
}

impl Operation for RenameRoutine {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("rename {} to `{}`", self.routine, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename_object(&self.routine, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        rename_back(&self.routine, &self.to)
    }
}
