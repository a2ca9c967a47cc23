//! Panics in code of a migration's author: they are told, and harm nobody else.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::Place;

/// What a panic said, and where it was, where that is known.
pub(crate) type Panic = (String, Option<Place>);

thread_local! {
    /// The folder that places are told from, where this thread listens.
    static ROOT: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
    static PANIC: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// From here on panics of this thread are kept for whoever [catches](caught) them, instead of being
/// printed.
pub(crate) fn listen(root: &Path) {
    static ONCE: Once = Once::new();
    // Once and for good: two threads that each put the hook back which they found would lose the
    // program's own.
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = |root: &PathBuf| info.location().map(|place| Place::of(place, root));
            // A thread that is ending has none any more.
            match ROOT.try_with(|root| root.borrow().as_ref().map(place)) {
                Ok(Some(place)) => PANIC.set(Some((said(info.payload()), place))),
                _ => others(info),
            }
        }));
    });
    ROOT.set(Some(root.to_owned()));
}

/// Runs `work`; where it panics, says with which message, and where if somebody [listens](listen).
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    PANIC.set(None);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    outcome.map_err(|payload| PANIC.take().unwrap_or_else(|| (said(payload.as_ref()), None)))
}

/// Runs `work`, and listens as long as it runs.
pub(crate) fn overheard<T>(root: &Path, work: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = ROOT.take();
    listen(root);
    let outcome = caught(work);
    ROOT.set(before);
    outcome
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("with a value that is no text").to_owned()
}
