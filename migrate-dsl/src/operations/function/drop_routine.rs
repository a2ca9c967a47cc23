//! What dropping a function, a procedure and an aggregate have in common.

use super::signature::arguments;
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Inverse, Object, Operation, Statement};

operation! {
    /// Drops a function, a procedure or an aggregate; when it is reverted it is recreated as it was.
    pub struct DropRoutine(verb: &'static str, routine: Object) {
        if_exists: bool,
        cascade: bool,
    }
}

arguments!(DropRoutine);

options! { DropRoutine {
    /// Does nothing if there is none.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on it too: triggers, views, defaults.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for DropRoutine {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("drop {}", self.routine)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop_object(&self.routine, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([self.routine.clone()])
    }
}
