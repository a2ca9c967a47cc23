//! Making a backup.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::child::{command, is_full, is_locked, listen, not_run, on, outcome};
use super::{Backup, BackupError, ClientPrograms, validate};
use crate::connect::Target;
use crate::connect::interrupt::Interrupt;
use crate::environment::Environment;

/// Runs pg_dump to its end.
fn run(
    mut pg_dump: Command,
    file: &Path,
    target: &Target,
    lock_wait: Duration,
    interrupt: &Interrupt,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BackupError> {
    let started = Instant::now();
    let mut child = pg_dump.spawn().map_err(not_run(&pg_dump))?;
    let stderr = child.stderr.take();
    let (said, status) = thread::scope(|scope| {
        let status = scope.spawn(|| outcome(child, || interrupt.is_stopped()));
        let said = stderr.map(|stderr| listen(stderr, &mut *progress)).unwrap_or_default();
        (said, status.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into())))
    });
    if status.map_err(not_run(&pg_dump))?.success() {
        return Ok(());
    }
    let what = format!("back up `{}`", target.database());
    Err(match interrupt.stopped() {
        Some(stop) => {
            BackupError::Stopped { stop, what: format!("backed up `{}`", target.database()) }
        }
        None if is_full(&said) => BackupError::NoSpace(file.to_owned()),
        None if is_locked(&said, started.elapsed(), lock_wait) => BackupError::Locked { what },
        None => BackupError::Failed { what, said, missing_role: false },
    })
}

/// pg_dump with its options.
fn command_to(
    file: &Path,
    programs: &ClientPrograms,
    target: &Target,
    lock_wait: Duration,
    environment: &Environment,
) -> Command {
    let mut pg_dump = command(programs, "pg_dump", environment);
    pg_dump.args(["--format=custom", "--verbose"]).arg("--file").arg(file);
    // Zero would mean no timeout.
    let lock_wait = lock_wait.as_millis().clamp(1, i32::MAX as u128);
    pg_dump.arg(format!("--lock-wait-timeout={lock_wait}"));
    on(&mut pg_dump, target);
    pg_dump
}

/// Backs a database up into a file that is not there yet, and reads it again. For the locks of
/// others, each is waited for so long.
pub(crate) fn dump(
    programs: &ClientPrograms,
    target: &Target,
    file: &Path,
    lock_wait: Duration,
    environment: &Environment,
    interrupt: &Interrupt,
    progress: &mut dyn FnMut(&str),
) -> Result<Backup, BackupError> {
    let started = Instant::now();
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let folder = file.parent().unwrap_or(file);
    let create = |source| BackupError::folder("create", file, source);
    File::open(folder).map_err(|source| BackupError::folder("write into", folder, source))?;
    // Only its owner can read it, and it is deleted with this value unless it is moved. Its name is
    // irrelevant to the user, and would be part of the error.
    let partial = tempfile::Builder::new()
        .prefix(".")
        .suffix(".partial")
        .tempfile_in(folder)
        .map_err(|error| create(error.kind().into()))?;

    let pg_dump = command_to(partial.path(), programs, target, lock_wait, environment);
    run(pg_dump, file, target, lock_wait, interrupt, progress)?;
    validate(programs, partial.path(), environment, interrupt, progress).map_err(|error| {
        match error {
            // The file does not yet have its final name: the user could not find it.
            BackupError::Damaged { said, .. } => {
                BackupError::Damaged { file: file.to_owned(), said }
            }
            error => error,
        }
    })?;

    let bytes = partial.as_file().metadata().map_err(create)?.len();
    partial.persist_noclobber(file).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => create(error.error),
    })?;
    // The name, too, is to survive a crash of the machine; not all file systems can promise it.
    _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(Backup { file: file.to_owned(), bytes, duration: started.elapsed() })
}
