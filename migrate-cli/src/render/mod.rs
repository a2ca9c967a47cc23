//! Errors as a person, or a program, should see them.

mod diagnostic;

use std::path::PathBuf;

use migrate_core::Error as EngineError;
use migrate_core::cluster::ClusterError;
use migrate_core::connect::{ConnectError, TargetError};
use migrate_core::diagnostic::Diagnostic;
use serde_json::{Value, json};
use thiserror::Error;

use crate::database::{NoDatabase, NoPrograms};
use crate::exit_code::Exit;
use crate::names::NameError;
use crate::printer::Printer;
use crate::project::ProjectError;
use crate::settings::SettingsError;

pub use diagnostic::{Sources, hint, render};

/// An error of the engine, and the folder from which its places in the source are seen.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct Located {
    /// The error.
    pub error: EngineError,
    /// The folder of the migrations crate, where there is one.
    pub folder: Option<PathBuf>,
}

/// A command that was asked for in a way that makes no sense.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct UsageError {
    /// What makes no sense.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Prints an error, and says what the process is to say with its last word.
pub fn report(error: &anyhow::Error, printer: Printer) -> Exit {
    let Judged { exit, diagnostics, folder } = judge(error);
    let sources = Sources::new(folder);
    if let Some(error) = error.downcast_ref::<ProjectError>() {
        error.details().into_iter().for_each(|detail| printer.note(detail));
    }
    for diagnostic in &diagnostics {
        printer.note(&render(diagnostic, &sources));
    }
    printer.json(&json!({
        "event": "error",
        "exit_code": exit.code(),
        "errors": diagnostics.iter().map(as_json).collect::<Vec<_>>(),
    }));
    exit
}

struct Judged {
    exit: Exit,
    diagnostics: Vec<Diagnostic>,
    folder: Option<PathBuf>,
}

/// What an error amounts to; each kind is known here and nowhere else.
fn judge(error: &anyhow::Error) -> Judged {
    if let Some(Located { error, folder }) = error.downcast_ref() {
        return Judged {
            exit: exit_of(error),
            diagnostics: error.diagnostics(),
            folder: folder.clone(),
        };
    }
    let (exit, help) = if let Some(error) = error.downcast_ref::<UsageError>() {
        (Exit::Usage, Some(error.help.clone()))
    } else if let Some(error) = error.downcast_ref::<NoDatabase>() {
        (Exit::Usage, Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<NoPrograms>() {
        (Exit::Failed, Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<NameError>() {
        (Exit::Usage, Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<TargetError>() {
        (Exit::Usage, Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<SettingsError>() {
        (Exit::Usage, error.help())
    } else if let Some(error) = error.downcast_ref::<ConnectError>() {
        (Exit::Failed, Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<ClusterError>() {
        (Exit::Failed, error.help())
    } else if let Some(error) = error.downcast_ref::<ProjectError>() {
        (Exit::Failed, error.help())
    } else {
        (Exit::Failed, None)
    };
    let mut notes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
    if let Some(log) = error.downcast_ref::<ClusterError>().and_then(ClusterError::log) {
        notes.push(log.to_owned());
    }
    let helps = help.into_iter().collect();
    let diagnostic =
        Diagnostic { message: error.to_string(), notes, helps, ..Diagnostic::default() };
    Judged { exit, diagnostics: vec![diagnostic], folder: None }
}

fn exit_of(error: &EngineError) -> Exit {
    match error {
        EngineError::Lock(migrate_core::lock::LockError::Held { .. }) => Exit::LockHeld,
        EngineError::OutOfOrder(_)
        | EngineError::NoWayBack { .. }
        | EngineError::Unfinished { .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn as_json(diagnostic: &Diagnostic) -> Value {
    let place = diagnostic.source.as_ref().map(|source| &source.place);
    json!({
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": place.map(|place| &place.file),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "sql": diagnostic.sql.as_ref().map(|mark| &mark.sql),
        "offset": diagnostic.sql.as_ref().and_then(|mark| mark.offset),
        "notes": diagnostic.notes,
        "help": diagnostic.helps,
    })
}
