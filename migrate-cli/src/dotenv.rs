//! A file of variables, `.env`, as far as it can be read: one unusual line, perhaps meant for
//! another program, must not keep every command from working.

use std::cell::Cell;
use std::io::{self, Read};

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// Names and values, in their order.
    pub pairs: Vec<(String, String)>,
    /// The lines that say nothing that can be understood, from 1. Their text may be a password.
    pub skipped: Vec<usize>,
}

impl Variables {
    /// Reads the text of a file. A line that cannot be understood is left out, and the rest read
    /// as if it were not there.
    pub fn read(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut lines = Vec::new();
        let mut skipped = Vec::new();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            match str::from_utf8(line) {
                Ok(line) => lines.push(format!("{line}\n")),
                Err(_) => {
                    skipped.push(index + 1);
                    lines.push("\n".to_owned());
                }
            }
        }
        let pairs = loop {
            match parse(&lines) {
                Ok(pairs) => break pairs,
                Err(index) => {
                    skipped.push(index + 1);
                    "\n".clone_into(&mut lines[index]);
                }
            }
        };
        skipped.sort_unstable();
        Self { pairs, skipped }
    }
}

/// The variables, or the index of the first line that cannot be understood: of several that a
/// quote holds together, the one where it opens.
fn parse(lines: &[String]) -> Result<Vec<(String, String)>, usize> {
    let handed_out = Cell::new(0);
    let reader = LineByLine { lines, rest: &[], handed_out: &handed_out };
    let mut pairs = Vec::new();
    let mut understood = 0;
    for pair in dotenvy::from_read_iter(reader) {
        let Ok(pair) = pair else {
            let says_something = |line: &String| {
                let line = line.trim_start();
                !line.is_empty() && !line.starts_with('#')
            };
            let unread = lines[understood..].iter().position(says_something);
            return Err(understood + unread.unwrap_or_default());
        };
        pairs.push(pair);
        understood = handed_out.get();
    }
    Ok(pairs)
}

/// Hands out no more than a line at a time, so that the parser's buffer holds what it works on.
struct LineByLine<'a> {
    lines: &'a [String],
    rest: &'a [u8],
    handed_out: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let Some(line) = self.lines.get(self.handed_out.get()) else {
                return Ok(0);
            };
            self.rest = line.as_bytes();
            self.handed_out.set(self.handed_out.get() + 1);
        }
        self.rest.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (String, Vec<usize>) {
        let Variables { pairs, skipped } = Variables::read(text);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        (pairs.join(" "), skipped)
    }

    #[test]
    fn unusual_lines_are_left_out() {
        let lines: &[(&[u8], &str, &[usize])] = &[
            (b"", "", &[]),
            (b"\xEF\xBB\xBFA=1\r\nexport B=\"2\"\r\n# it's C\r\n", r#"A="1" B="2""#, &[]),
            (b"A=1\n\n# no\nB 's3cret\nC=3", r#"A="1" C="3""#, &[4]),
            (b"A='x\nB='y'\nC=\"${B}z\"\n", r#"B="y" C="yz""#, &[1]),
            (b"A=\"1\n2\"\n{\nB=\xFF\nC=3\n=4\n", r#"A="1\n2" C="3""#, &[3, 4, 6]),
            (b"A=a b\nB=2", r#"B="2""#, &[1]),
        ];
        for (text, pairs, skipped) in lines {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(read(text), ((*pairs).to_owned(), skipped.to_vec()), "{shown}");
        }
        let long = format!("A={}\nB\nC=1\n", "x".repeat(100_000));
        assert_eq!(read(long.as_bytes()).1, [2]);
    }
}
