//! `ALTER … RENAME TO`, which reads the same for most objects.

use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Statement};

/// Renames an object; it stays where it is.
#[derive(Debug, Clone)]
pub struct RenameObject {
    verb: &'static str,
    object: Object,
    to: Identifier,
}

impl RenameObject {
    pub(crate) fn new(verb: &'static str, object: Object, to: Identifier) -> Self {
        Self { verb, object, to }
    }
}

impl Operation for RenameObject {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("rename {} to `{}`", self.object, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename_object(&self.object, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        rename_back(&self.object, &self.to)
    }
}

/// The inverse of a rename.
pub(crate) fn rename_back(object: &Object, to: &Identifier) -> Inverse {
    let from = object.own_name().into_iter();
    let back = from.map(|from| phrases::rename_object(&object.renamed(to), from));
    Inverse::Derived(back.collect())
}
