//! The only thing that prints: data to stdout, everything else to stderr.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use migrate_core::Event;
pub use migrate_core::count::count;
use migrate_core::plan::PlanFile;
use serde::Serialize;

use crate::json::{Line, Output};

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

    /// Prints data for a person: nothing when JSON is requested.
    pub fn data(self, text: &str) {
        if !self.json {
            deliver(&printable(text));
        }
    }

    /// Prints what a command has done, for a program.
    pub fn summary(self, what: &impl Serialize) {
        self.json(&Line::summary(what));
    }

    /// Prints what a command would do, for a program.
    pub fn dry_run(self, what: &impl Serialize) {
        self.json(&Line::dry_run(what));
    }

    /// Prints what happens meanwhile, for a program.
    pub fn event(self, event: &Event) {
        self.json(&Line::event(event));
    }

    /// Prints what a migration prints, or how the command has failed, for a program.
    pub fn output(self, output: &Output) {
        self.json(&Line::output(output));
    }

    /// The plan as a file, which has a format of its own.
    pub fn plan(self, file: &PlanFile) {
        self.json(file);
    }

    /// Prints a line of JSON, where it is requested.
    fn json(self, value: &impl Serialize) {
        if self.json {
            // Values made of strings and numbers always serialize.
            let text = serde_json::to_string(value).unwrap_or_default();
            deliver(&escaped(&text));
        }
    }

    /// Prints what is being done: a word in bold, and its object.
    pub fn step(self, verb: &str, text: &str) {
        let bold = anstyle::AnsiColor::Green.on_default().bold();
        self.note(&format!("{bold}{verb:>12}{bold:#} {}", printable(text)));
    }

    /// Something that deserves a look, but stops nothing.
    pub fn warning(self, text: &str) {
        let bold = anstyle::AnsiColor::Yellow.on_default().bold();
        self.note(&format!("{bold}warning{bold:#}: {}", printable(text)));
    }

    /// Asks the user, and returns the answer; none where stdin is not a terminal.
    pub fn ask(self, question: &str) -> Option<String> {
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let mut stderr = anstream::stderr().lock();
        write!(stderr, "{}", printable(question)).and_then(|()| stderr.flush()).ok()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Anything that is not data: what is being done, warnings, errors.
    pub fn note(self, text: &str) {
        // If even that fails, there is no way to report it.
        _ = write_line(&mut anstream::stderr().lock(), &with_styles(text));
    }
}

/// Returns a text without control sequences: messages of a migration, or of the server, may be
/// written by any user. Control characters are replaced by their pictures, those that change the
/// direction of writing by `\u{FFFD}`.
fn printable(text: &str) -> Cow<'_, str> {
    let speaks = |(at, character): (usize, char)| match character {
        '\n' | '\t' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        character => speaks_to_terminal(character),
    };
    if !text.char_indices().any(speaks) {
        return Cow::Borrowed(text);
    }
    let shown = text.char_indices().map(|(at, character)| match u32::from(character) {
        _ if !speaks((at, character)) => character,
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7F => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    });
    Cow::Owned(shown.collect())
}

/// Whether a terminal does something at this character, or writes in another direction from there on.
fn speaks_to_terminal(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') || character.is_control()
}

/// JSON without such characters: those that it leaves as they are can only be in a string.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(speaks_to_terminal) {
        return Cow::Borrowed(json);
    }
    let escape = |character: char| match speaks_to_terminal(character) {
        true => format!("\\u{:04x}", u32::from(character)),
        false => character.to_string(),
    };
    Cow::Owned(json.chars().map(escape).collect())
}

/// As [`printable`], but for colours and weights: ours are in it.
fn with_styles(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        let parameters = &sequence[2..];
        let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'));
        shown += &printable(before);
        let length = match end.filter(|end| parameters[*end..].starts_with('m')) {
            Some(end) => 2 + end + 1,
            None => 1,
        };
        match length {
            1 => shown += &printable(&sequence[..1]),
            length => shown += &sequence[..length],
        }
        rest = &sequence[length..];
    }
    shown + &printable(rest)
}

/// Whether something could not be written to stdout.
static LOST: AtomicBool = AtomicBool::new(false);

/// Whether data that was printed has not arrived: on a full disk, for example. A reader that exits
/// early (`migrate status | head`) needs no more, and is no error.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_speaks_to_the_terminal() {
        for (text, shown) in [
            ("a\tb\r\nc\n", "a\tb\r\nc\n"),
            ("\u{1b}]0;evil\u{7}\u{1b}[2J", "␛]0;evil␇␛[2J"),
            ("a\rb\u{7f}\u{9b}2J\0", "a␍b␡\u{FFFD}2J␀"),
            ("\u{202e}txt.exe \u{2066}", "\u{FFFD}txt.exe \u{FFFD}"),
            ("łódź 🦀", "łódź 🦀"),
        ] {
            assert_eq!(printable(text), shown);
        }
        let json = serde_json::to_string("a\u{9b}2J\u{202e}\u{7f}\u{1b}ł").unwrap();
        assert_eq!(escaped(&json), r#""a\u009b2J\u202e\u007f\u001bł""#);
        assert_eq!(
            with_styles("\u{1b}[1;32mok\u{1b}[0m \u{1b}[2J\u{1b}"),
            "\u{1b}[1;32mok\u{1b}[0m ␛[2J␛"
        );
    }
}
