//! `DROP`, which reads the same for most objects.

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Inverse, Object, Operation, Statement};

operation! {
    /// Drops an object; when it is reverted it is recreated as it was.
    pub struct DropObject(verb: &'static str, object: Object) {
        if_exists: bool,
        cascade: bool,
        /// What is not restored.
        lost: Option<&'static str>,
        /// The same, if it is dropped with what depends on it.
        lost_by_cascade: Option<&'static str>,
    }
}

impl DropObject {
    /// What is not restored.
    pub(crate) fn losing(self, lost: &'static str) -> Self {
        Self { lost: Some(lost), ..self }
    }

    /// What is not restored where [`cascade`](Self::cascade) drops it too: rows, or values.
    pub(crate) fn losing_by_cascade(self, lost: &'static str) -> Self {
        Self { lost_by_cascade: Some(lost), ..self }
    }
}

options! { DropObject {
    /// Does nothing if there is no such object.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on the object too; without it, that is an error.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for DropObject {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("drop {}", self.object)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop_object(&self.object, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        match self.lost_by_cascade.filter(|_| self.cascade).or(self.lost) {
            Some(lost) => Inverse::capture_without([self.object.clone()], lost),
            None => Inverse::capture([self.object.clone()]),
        }
    }

    fn destroys(&self) -> bool {
        self.cascade && self.lost_by_cascade.is_some()
    }
}
