//! The builder that `up` and `down` get.

use std::any::Any;
use std::panic::Location;
use std::path::{Path, PathBuf};

use crate::Operation;
use crate::step::{Place, Step};

/// Records what a migration asks for. Nothing happens while it does: no statement is sent, no
/// file is written; what was recorded becomes the plan.
///
/// The verbs stand with their operations, see [`operations`](crate::operations).
pub struct Pgm {
    root: PathBuf,
    steps: Vec<Step>,
    whole: Whole,
}

/// What was said of the migration as a whole.
#[derive(Default)]
pub(crate) struct Whole {
    pub(crate) outside_transaction: bool,
    pub(crate) irreversible: Option<(String, Place)>,
    pub(crate) down_is_inferred: bool,
}

impl Pgm {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), steps: Vec::new(), whole: Whole::default() }
    }

    /// Records an operation, and hands it back so that its options can be set.
    ///
    /// The verbs call this, and so can an application for [operations of its own](Operation);
    /// the caller's place in the source goes into the plan.
    #[track_caller]
    pub fn record<T: Operation>(&mut self, operation: T) -> &mut T {
        let place = Place::of(Location::caller(), &self.root);
        self.steps.push(Step { operation: Box::new(operation), place });
        let last: Option<&mut dyn Any> =
            self.steps.last_mut().map(|step| step.operation.as_mut() as _);
        last.and_then(|last| last.downcast_mut()).expect("the operation was just pushed")
    }

    /// Runs the whole migration outside a transaction, one statement at a time. A failure then
    /// leaves what was done before it: say this only where a statement demands it, and mind that
    /// operations that demand it (`create_index(..).concurrently()`) say so by themselves.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.without_transaction();
    ///     pgm.sql("VACUUM posts").down("");
    /// }
    /// ```
    pub fn without_transaction(&mut self) {
        self.whole.outside_transaction = true;
    }

    /// Says that this migration is not to be reverted, and why. `down` refuses with the reason
    /// before it touches anything.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.drop_table("tracking");
    ///     pgm.irreversible("the rows were deleted for good, as the law asks");
    /// }
    /// ```
    #[track_caller]
    pub fn irreversible(&mut self, reason: impl Into<String>) {
        let place = Place::of(Location::caller(), &self.root);
        self.whole.irreversible = Some((reason.into(), place));
    }

    /// What stands in for a `down` that a migration does not have: the inverse is inferred.
    #[doc(hidden)]
    pub fn infer_down(&mut self) {
        self.whole.down_is_inferred = true;
    }

    /// The folder of the migrations crate.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn into_parts(self) -> (Vec<Step>, Whole) {
        (self.steps, self.whole)
    }
}
