//! Ctrl-C and SIGTERM: the first one ends the work in good order, the second one at once.

use migrate_core::Interrupt;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit_code::Exit;
use crate::printer::Printer;

/// From here on signals stop the work by `interrupt`.
pub fn stop(interrupt: &Interrupt, printer: Printer) {
    // Where signals cannot be had, they end the process, as they would without us.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let interrupt = interrupt.clone();
    _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        // What was stopped by something else, such as the time that was given, ends in good order.
        let mut was_asked = false;
        for _ in signals.forever() {
            if was_asked {
                exit();
            }
            was_asked = true;
            printer.step("stopping", "once more to leave at once");
            interrupt.stop();
        }
    });
}

#[expect(clippy::exit, reason = "whoever asks a second time does not want to wait")]
fn exit() {
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
