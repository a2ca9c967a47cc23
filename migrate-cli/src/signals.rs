//! Ctrl-C and SIGTERM: the first one ends the work in good order, the second one at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use migrate_core::Interrupt;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::exit_code::Exit;
use crate::printer::Printer;

/// From here on signals stop the work by `interrupt`.
pub fn stop(interrupt: &Interrupt, printer: Printer) {
    // Where signals cannot be had, they end the process, as they would without us.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    // Whoever asks a second time does not want to wait: not for a thread that hangs, either, so
    // that the signal's own handler ends the process. The first one finds the flag unset, and sets
    // it.
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(Exit::Interrupted.code());
        _ = flag::register_conditional_shutdown(signal, code, Arc::clone(&asked));
        _ = flag::register(signal, Arc::clone(&asked));
    }
    let interrupt = interrupt.clone();
    _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            interrupt.stop();
            printer.step("stopping", "once more to leave at once");
        }
    });
}
