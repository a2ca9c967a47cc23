//! The only thing that prints: data to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

pub use migrate_core::count::count;
use serde::Serialize;

/// Prints, as JSON or for people.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    json: bool,
}

impl Printer {
    /// A printer for people, or for programs.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Data for a person: nothing when JSON is asked for.
    pub fn data(self, text: &str) {
        if !self.json {
            deliver(text);
        }
    }

    /// Data for a program: a line of JSON, where it is asked for.
    pub fn json(self, value: &impl Serialize) {
        if self.json {
            // Values made of strings and numbers always serialize.
            let text = serde_json::to_string(value).unwrap_or_default();
            deliver(&text);
        }
    }

    /// What is being done: a word in bold, and what it is about.
    pub fn step(self, verb: &str, text: &str) {
        let bold = anstyle::AnsiColor::Green.on_default().bold();
        self.note(&format!("{bold}{verb:>12}{bold:#} {text}"));
    }

    /// Something that deserves a look, but stops nothing.
    pub fn warning(self, text: &str) {
        let bold = anstyle::AnsiColor::Yellow.on_default().bold();
        self.note(&format!("{bold}warning{bold:#}: {text}"));
    }

    /// Asks a person, and gives the answer; nothing where nobody sits at a terminal.
    pub fn ask(self, question: &str) -> Option<String> {
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let mut stderr = anstream::stderr().lock();
        write!(stderr, "{question}").and_then(|()| stderr.flush()).ok()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Anything that is not data: what is being done, warnings, errors.
    pub fn note(self, text: &str) {
        // Where even that fails, there is nobody left to be told.
        _ = write_line(&mut anstream::stderr().lock(), text);
    }
}

/// Whether something could not be written to stdout.
static LOST: AtomicBool = AtomicBool::new(false);

/// Whether data that was printed has not arrived: on a full disk, for example. A reader that went
/// away (`migrate status | head`) wanted no more, and is no error.
pub fn data_was_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

fn deliver(text: &str) {
    let written = write_line(&mut io::stdout().lock(), text);
    if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

fn write_line(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", text.trim_end_matches('\n'))?;
    out.flush()
}
