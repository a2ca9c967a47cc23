//! Panics in code of a migration's author: they are told, and harm nobody else.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use crate::Place;

/// What a panic said, and where it was, where that is known.
pub(crate) type Panic = (String, Option<Place>);

thread_local! {
    static PANIC: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// From here on panics are kept for whoever [catches](caught) them, instead of being printed.
pub(crate) fn listen(root: &Path) {
    let root = root.to_owned();
    panic::set_hook(Box::new(move |info| {
        let message = said(info.payload());
        let place = info.location().map(|location| Place::of(location, &root));
        PANIC.set(Some((message, place)));
    }));
}

/// Runs `work`; where it panics, says with which message, and where if somebody [listens](listen).
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    PANIC.set(None);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    outcome.map_err(|payload| PANIC.take().unwrap_or_else(|| (said(payload.as_ref()), None)))
}

/// Runs `work`, and listens as long as it runs.
pub(crate) fn overheard<T>(root: &Path, work: impl FnOnce() -> T) -> Result<T, Panic> {
    let before = panic::take_hook();
    listen(root);
    let outcome = caught(work);
    panic::set_hook(before);
    outcome
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("with a value that is no text").to_owned()
}
