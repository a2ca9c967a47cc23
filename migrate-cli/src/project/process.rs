//! Runs a program and hands on what it says, line by line, while it says it.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A line, by where the program wrote it.
pub(super) enum Line {
    /// To its stdout.
    Out(String),
    /// To its stderr.
    Err(String),
}

/// Runs `command` to its end.
pub(super) fn run(command: &mut Command, mut on_line: impl FnMut(Line)) -> io::Result<ExitStatus> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (sender, lines) = channel();
    let out = child.stdout.take().map(|out| read(out, sender.clone(), Line::Out));
    let err = child.stderr.take().map(|err| read(err, sender, Line::Err));
    lines.into_iter().for_each(&mut on_line);
    for reader in [out, err].into_iter().flatten() {
        _ = reader.join();
    }
    child.wait()
}

fn read(
    from: impl Read + Send + 'static,
    to: Sender<Line>,
    line: fn(String) -> Line,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&bytes);
            if to.send(line(text.trim_end_matches(['\r', '\n']).to_owned())).is_err() {
                break;
            }
            bytes.clear();
        }
    })
}
