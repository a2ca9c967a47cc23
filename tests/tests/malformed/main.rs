//! Thousands of malformed inputs: each is refused with a message, or is valid after all; none makes
//! the program panic or hang, and none changes the database.
//!
//! They are made from valid ones by a seed, which `MIGRATE_TEST_SEED` changes, besides some that are
//! written by hand.

mod bundles;
mod connections;
mod histories;
mod mutate;
mod names;
mod plans;
mod program;

use std::fmt::Debug;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use mutate::Random;

/// So long may one input take in this process.
const LIMIT: Duration = Duration::from_secs(10);

/// Tries inputs, and tells how many.
struct Tried {
    what: &'static str,
    started: Instant,
    inputs: usize,
    refused: usize,
}

impl Tried {
    fn new(what: &'static str) -> Self {
        Self { what, started: Instant::now(), inputs: 0, refused: 0 }
    }

    /// Tries one: it comes to an end in time, without a panic, and if it is refused, then with words.
    fn input<I: Debug, T: Send>(
        &mut self,
        input: &I,
        attempt: impl FnOnce() -> Result<T, String> + Send,
    ) -> Option<T> {
        let told = || format!("{}: {:.400}", self.what, format!("{input:?}"));
        let (done, waiting) = channel();
        let outcome = std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let outcome = attempt();
                _ = done.send(());
                outcome
            });
            if waiting.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                no_end(&told());
            }
            thread.join()
        });
        let outcome = outcome.unwrap_or_else(|_| panic!("a panic at {}", told()));
        self.inputs += 1;
        match outcome {
            Ok(value) => Some(value),
            Err(message) => {
                assert!(!message.trim().is_empty(), "no words for {}", told());
                self.refused += 1;
                None
            }
        }
    }
}

/// A thread cannot be ended, so all is.
#[expect(clippy::print_stderr, reason = "the last words")]
fn no_end(input: &str) -> ! {
    eprintln!("no end after {LIMIT:?} of {input}");
    std::process::abort()
}

impl Drop for Tried {
    #[expect(clippy::print_stderr, reason = "the number is the result")]
    fn drop(&mut self) {
        let Self { what, started, inputs, refused } = self;
        let took = started.elapsed().as_secs_f64();
        let seed = Random::seed();
        eprintln!("{what}: {inputs} inputs, {refused} refused, {took:.1} s, seed {seed}");
    }
}
