//! The only thing that prints: data to stdout, everything else to stderr.

use std::io::{self, Write};

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
            write_line(&mut anstream::stdout().lock(), text);
        }
    }

    /// Data for a program: a line of JSON, where it is asked for.
    pub fn json(self, value: &impl Serialize) {
        if self.json {
            // Values made of strings and numbers always serialize.
            let text = serde_json::to_string(value).unwrap_or_default();
            write_line(&mut io::stdout().lock(), &text);
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

    /// Anything that is not data: what is being done, warnings, errors.
    pub fn note(self, text: &str) {
        write_line(&mut anstream::stderr().lock(), text);
    }
}

/// A reader that went away (`migrate status | head`) is no error.
fn write_line(out: &mut impl Write, text: &str) {
    _ = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
}
