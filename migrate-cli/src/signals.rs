//! Ctrl-C, SIGTERM and a terminal that is closed: the first signal ends the work in good order, the
//! second one at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use migrate_core::Interrupt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::exit_code::Exit;
use crate::printer::Printer;

/// From here on signals stop the work by `interrupt`.
pub fn stop(interrupt: &Interrupt, printer: Printer) {
    let mut handled = vec![SIGINT, SIGTERM];
    // Under `nohup` the work continues without its terminal.
    if !is_ignored(SIGHUP) {
        handled.push(SIGHUP);
    }
    // Where signals cannot be had, they end the process, as they would without us.
    let Ok(mut signals) = Signals::new(&handled) else { return };
    // A second request means that the user does not want to wait, not even for a thread that hangs, so
    // the signal's own handler ends the process. The first one finds the flag unset, and sets
    // it. A terminal that closes may send its signal more than once, which is no second request.
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(Exit::Interrupted.code());
        _ = flag::register_conditional_shutdown(signal, code, Arc::clone(&asked));
        _ = flag::register(signal, Arc::clone(&asked));
    }
    let interrupt = interrupt.clone();
    _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            interrupt.stop();
            match signal {
                SIGHUP => printer.step("stopping", "the terminal was closed"),
                _ => printer.step("stopping", "once more to leave at once"),
            }
        }
    });
}

/// Whether the signal was ignored when this process began; only Linux tells.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1).ok().and_then(|shift| 1_u64.checked_shl(shift));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}
