//! `DROP`, which reads the same for most objects.

use crate::operations::phrases;
use crate::{Inverse, Object, Operation, Statement};

/// Drops an object; when it is reverted it is recreated as it was.
pub struct DropObject {
    verb: &'static str,
    object: Object,
    if_exists: bool,
    cascade: bool,
    lost_by_cascade: Option<&'static str>,
}

impl DropObject {
    pub(crate) fn new(verb: &'static str, object: Object) -> Self {
        Self { verb, object, if_exists: false, cascade: false, lost_by_cascade: None }
    }

    /// What `cascade` takes along that is not restored.
    pub(crate) fn losing_by_cascade(self, lost: &'static str) -> Self {
        Self { lost_by_cascade: Some(lost), ..self }
    }

    /// Does nothing if there is no such object.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on the object too; without it, that is an error.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

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
        match self.lost_by_cascade {
            Some(lost) if self.cascade => Inverse::capture_without([self.object.clone()], lost),
            _ => Inverse::capture([self.object.clone()]),
        }
    }

    fn destroys(&self) -> bool {
        self.cascade && self.lost_by_cascade.is_some()
    }
}
