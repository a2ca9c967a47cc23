//! Restoring from a backup, all of it or nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_dsl::discover::plain_file;

use super::child::{ServerLine, command, is_full, listen, not_run, on, outcome, routine};
use super::{BackupError, ClientPrograms};
use crate::connect::Target;
use crate::connect::interrupt::Interrupt;
use crate::connect::search_path::RESET;
use crate::environment::Environment;

/// What is restored, and how.
pub(crate) struct Restore<'a> {
    pub(crate) target: &'a Target,
    /// The server's major version.
    pub(crate) major: u32,
    pub(crate) file: &'a Path,
    /// SQL that comes first, in the same transaction.
    pub(crate) first: &'a str,
    /// SQL that comes last, in the same transaction.
    pub(crate) last: &'a str,
    /// How long to wait for each lock of other sessions, with all later requests behind us.
    pub(crate) lock_timeout: Duration,
    /// Leaves owners and privileges out.
    pub(crate) no_owner: bool,
}

/// What psql says when it has run everything but the COMMIT.
const DONE: &str = "everything is restored";

/// What every backup begins with.
const MAGIC: &[u8] = b"PGDMP";

/// Reads a backup to its end.
pub(crate) fn validate(
    programs: &ClientPrograms,
    file: &Path,
    environment: &Environment,
    interrupt: &Interrupt,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BackupError> {
    let unreadable = |source| BackupError::Unreadable { file: file.to_owned(), source };
    let mut head = [0; MAGIC.len()];
    match plain_file::open(file).and_then(|mut file| file.read_exact(&mut head)) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(BackupError::NotABackup(file.to_owned()));
        }
        read => read.map_err(unreadable)?,
    }
    if head != MAGIC {
        return Err(BackupError::NotABackup(file.to_owned()));
    }
    let mut pg_restore = command(programs, "pg_restore", environment);
    pg_restore.arg("--file=/dev/null").arg(file);
    progress("reading the backup to its end");
    let mut child = pg_restore.spawn().map_err(not_run(&pg_restore))?;
    let stderr = child.stderr.take();
    let (said, status) = thread::scope(|scope| {
        let said = scope.spawn(|| stderr.map(|stderr| listen(stderr, |_| {})));
        let status = outcome(child, || interrupt.is_stopped());
        (said.join().ok().flatten().unwrap_or_default(), status)
    });
    if status.map_err(not_run(&pg_restore))?.success() {
        return Ok(());
    }
    if let Some(stop) = interrupt.stopped() {
        return Err(BackupError::Stopped { stop, what: "read the backup".to_owned() });
    }
    Err(BackupError::Damaged { file: file.to_owned(), said })
}

/// The extensions that a backup creates.
pub(crate) fn extensions(
    programs: &ClientPrograms,
    file: &Path,
    environment: &Environment,
) -> Result<Vec<String>, BackupError> {
    let mut pg_restore = command(programs, "pg_restore", environment);
    pg_restore.arg("--list").arg(file).stdout(Stdio::piped());
    let listed = pg_restore.output().map_err(not_run(&pg_restore))?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    // `2; 3079 16385 EXTENSION - citus`
    let names = listed.lines().filter_map(|line| line.split_once(" EXTENSION - "));
    Ok(names.map(|(_, name)| name.trim().to_owned()).collect())
}

/// Restores a backup in one transaction. `pg_restore` writes the SQL, `psql` runs it; the COMMIT is
/// ours, and is sent only when all of the backup has been read.
pub(crate) fn restore(
    programs: &ClientPrograms,
    restore: &Restore<'_>,
    environment: &Environment,
    interrupt: &Interrupt,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BackupError> {
    let (mut psql, mut pg_restore) = commands(programs, restore, environment);

    let (mut writer, mut reader) = start(&mut psql, &mut pg_restore)?;
    let (input, output) = (writer.stdin.take(), reader.stdout.take());
    let (writer_said, reader_said) = (writer.stderr.take(), reader.stderr.take());
    let is_committing = AtomicBool::new(false);
    let (done, all_done) = mpsc::channel();
    let (copied, read, written, status) = thread::scope(|scope| {
        let copier = scope.spawn(|| copy(output, input, restore));
        let listener = scope.spawn(move || {
            let hear = |said: &str| _ = (said == DONE).then(|| done.send(()));
            writer_said.map(|said| listen(said, hear))
        });
        let writer = scope.spawn(|| {
            // From then on the outcome could not be determined.
            outcome(writer, || interrupt.is_stopped() && !is_committing.load(Ordering::SeqCst))
        });
        let reader = scope.spawn(|| outcome(reader, || interrupt.is_stopped()));
        let read = reader_said.map(|said| listen(said, &mut *progress));
        let complete = matches!(reader.join(), Ok(Ok(status)) if status.success());
        let copied = copier.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        let copied = copied.and_then(|mut input| {
            if !complete {
                // Without a COMMIT, the end of the session reverts everything.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            write!(input, "\n{RESET};\n{}\n\\warn pg_restore: {DONE}\n", restore.last)?;
            input.flush()?;
            // psql still has to process more than what remains to be sent.
            if all_done.recv().is_err() || interrupt.is_stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            is_committing.store(true, Ordering::SeqCst);
            input.write_all(b"COMMIT;\n")
        });
        let written = listener.join().ok().flatten().unwrap_or_default();
        let status = writer.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        (copied, read.unwrap_or_default(), written, status)
    });
    if copied.is_ok() && status.map_err(not_run(&psql))?.success() {
        return Ok(());
    }
    if let (Some(stop), false) = (interrupt.stopped(), is_committing.into_inner()) {
        let what = format!("restored `{}`", restore.target.database());
        return Err(BackupError::Stopped { stop, what });
    }
    // What the server refused is the cause of a pipe that broke behind it.
    Err(failure(restore, if written.is_empty() { read } else { written }))
}

/// psql, which writes, and pg_restore, which it gets the SQL from.
fn commands(
    programs: &ClientPrograms,
    restore: &Restore<'_>,
    environment: &Environment,
) -> (Command, Command) {
    let mut psql = command(programs, "psql", environment);
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]);
    // What the server says may be in any language; its codes are not.
    psql.arg("--set=VERBOSITY=verbose");
    on(&mut psql, restore.target);
    let mut pg_restore = command(programs, "pg_restore", environment);
    pg_restore.args(["--file=-", "--verbose"]);
    if restore.no_owner {
        pg_restore.args(["--no-owner", "--no-privileges"]);
    }
    pg_restore.arg(restore.file);
    (psql, pg_restore)
}

/// Starts both, or neither.
fn start(psql: &mut Command, pg_restore: &mut Command) -> Result<(Child, Child), BackupError> {
    let mut writer = psql.stdin(Stdio::piped()).spawn().map_err(not_run(psql))?;
    match pg_restore.stdout(Stdio::piped()).spawn() {
        Ok(reader) => Ok((writer, reader)),
        Err(error) => {
            drop(writer.stdin.take());
            _ = writer.wait();
            Err(not_run(pg_restore)(error))
        }
    }
}

/// Returns the error for the lines with which a restore failed.
fn failure(restore: &Restore<'_>, said: Vec<String>) -> BackupError {
    let what = format!("restore `{}`", restore.target.database());
    if is_full(&said) {
        return BackupError::NoSpace(restore.file.to_owned());
    }
    let has_code =
        |code| said.iter().filter_map(|line| ServerLine::read(line)).any(|line| line.code == code);
    if has_code("55P03") {
        return BackupError::Locked { what };
    }
    let is_of_roles = |line: &String| routine(line).is_some_and(|it| it.starts_with("get_role"));
    let missing_role = has_code("42704") && said.iter().any(is_of_roles);
    let said = said.iter().filter_map(|line| without_place(line)).collect();
    BackupError::Failed { what, said, missing_role }
}

/// Hands the SQL over, inside a transaction, and gives the still open pipe back.
fn copy(
    output: Option<ChildStdout>,
    input: Option<ChildStdin>,
    restore: &Restore<'_>,
) -> io::Result<ChildStdin> {
    let (Some(output), Some(mut input)) = (output, input) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let mut output = BufReader::new(output);
    let lock_timeout = restore.lock_timeout.as_millis().clamp(1, i32::MAX as u128);
    writeln!(
        input,
        "{RESET};\nSET client_min_messages = error;\nSET lock_timeout = {lock_timeout};\nBEGIN;\n{}",
        restore.first
    )?;
    let mut line = Vec::new();
    // Newer programs set what older servers do not know, and all take our limit for locks away; only
    // what comes before all data is looked at, where such a line can be nothing else.
    while output.read_until(b'\n', &mut line)? > 0 {
        let opening = [&b"SET "[..], b"--", b"\n", b"SELECT pg_catalog.set_config", b"\\restrict"];
        if !opening.iter().any(|start| line.starts_with(start)) {
            break;
        }
        let is_unknown = restore.major < 17 && line.starts_with(b"SET transaction_timeout");
        if !is_unknown && !line.starts_with(b"SET lock_timeout") {
            input.write_all(&line)?;
        }
        line.clear();
    }
    input.write_all(&line)?;
    io::copy(&mut output, &mut input)?;
    Ok(input)
}

/// Returns a message of psql without its place in a script that the user does not have, or in the
/// server's source; none if it is only a warning.
fn without_place(line: &str) -> Option<String> {
    match ServerLine::read(line) {
        Some(said) if said.is_warning() => None,
        Some(said) => Some(said.message.to_owned()),
        None if routine(line).is_some() => None,
        None => Some(line.to_owned()),
    }
}
