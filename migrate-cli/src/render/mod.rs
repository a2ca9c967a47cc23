//! Errors as a person, or a program, should see them.

mod diagnostic;
pub mod diff;
pub mod script;
pub mod table;

use std::path::{Path, PathBuf};

use migrate_core::backup::BackupError;
use migrate_core::cluster::ClusterError;
use migrate_core::connect::{AdministrationError, ConnectError, TargetError};
use migrate_core::diagnostic::Diagnostic;
use migrate_core::history::HistoryError;
use migrate_core::plan::bundle::BundleError;
use migrate_core::{Error as EngineError, Stop};
use thiserror::Error;

use crate::database::{NoDatabase, NoPrograms};
use crate::exit_code::Exit;
use crate::json::{DataLine, Failure, Output};
use crate::names::NameError;
use crate::printer::Printer;
use crate::project::ProjectError;
use crate::settings::SettingsError;
use crate::usage::{Refusal, UsageError};

pub use diagnostic::{Sources, hint, render};

/// An error of the engine, and the folder from which its places in the source are seen.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct Located {
    /// The error.
    pub error: EngineError,
    /// The directory of the migrations crate, where there is one.
    pub folder: Option<PathBuf>,
}

/// Prints an error, and says what the process is to say with its last word.
/// Paths are shown as seen from `here`.
pub fn report(error: &anyhow::Error, printer: Printer, here: &Path) -> Exit {
    let ErrorReport { exit, diagnostics, folder } = judge(error);
    let sources = Sources::new(folder, here);
    if let Some(error) = error.downcast_ref::<ProjectError>() {
        error.details().into_iter().for_each(|detail| printer.note(detail));
    }
    for diagnostic in &diagnostics {
        printer.note(&render(diagnostic, &sources));
    }
    let mut errors: Vec<_> = diagnostics.iter().map(failure).collect();
    if let Some(ProjectError::Compile { diagnostics }) = error.downcast_ref() {
        errors.extend(diagnostics.iter().map(|rendered| compiler_error(rendered)));
    }
    printer.output(&Output::Error { exit_code: exit.code(), errors });
    exit
}

/// A command line that makes no sense, as a program should see it.
pub fn misuse(error: &clap::Error) -> Output {
    let text = error.to_string();
    let (words, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = match error.kind() {
        // The text is the whole manual.
        clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command is given",
        _ => words.trim_start_matches("error: ").trim(),
    };
    let tips = rest.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let helps = tips.map(str::to_owned).collect();
    let diagnostic = Diagnostic { message: message.to_owned(), helps, ..Diagnostic::default() };
    Output::Error { exit_code: Exit::Usage.code(), errors: vec![failure(&diagnostic)] }
}

/// An error of the compiler from its text for people, which may be in words of our own: `error`,
/// maybe with a code, and `-->` with the place.
fn compiler_error(rendered: &str) -> Failure {
    let text = anstream::adapter::strip_str(rendered).to_string();
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let (level, message) = title.split_once(": ").unwrap_or(("", title));
    let code = level.strip_prefix("error[").and_then(|code| code.strip_suffix(']'));
    let place = rest.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
    let mut parts = place.unwrap_or_default().rsplitn(3, ':');
    let column: Option<u32> = parts.next().and_then(|column| column.parse().ok());
    let line: Option<u32> = parts.next().and_then(|line| line.parse().ok());
    Failure {
        code: code.map(str::to_owned),
        message: message.to_owned(),
        file: parts.next().map(str::to_owned),
        line,
        column,
        notes: vec![text.clone()],
        ..Failure::default()
    }
}

struct ErrorReport {
    exit: Exit,
    diagnostics: Vec<Diagnostic>,
    folder: Option<PathBuf>,
}

/// Determines the exit code and diagnostics of an error; each kind is known only here.
fn judge(error: &anyhow::Error) -> ErrorReport {
    if let Some(Located { error, folder }) = error.downcast_ref() {
        return ErrorReport {
            exit: exit_of(error),
            diagnostics: error.diagnostics(),
            folder: folder.clone(),
        };
    }
    let (exit, help) = if let Some(error) = error.downcast_ref::<UsageError>() {
        (Exit::Usage, Some(error.help.clone()))
    } else if let Some(error) = error.downcast_ref::<Refusal>() {
        (Exit::Refused, Some(error.help.clone()))
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
        (exit_of_connection(error), Some(error.help()))
    } else if let Some(error) = error.downcast_ref::<AdministrationError>() {
        (exit_of_administration(error), error.help())
    } else if let Some(error) = error.downcast_ref::<ClusterError>() {
        (Exit::Failed, error.help())
    } else if let Some(error) = error.downcast_ref::<BackupError>() {
        (Exit::Failed, error.help())
    } else if let Some(error) = error.downcast_ref::<BundleError>() {
        (Exit::Failed, bundle_help(error))
    } else if let Some(error) = error.downcast_ref::<ProjectError>() {
        (Exit::Failed, error.help())
    } else {
        (Exit::Failed, None)
    };
    let mut notes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
    if let Some(log) = error.downcast_ref::<ClusterError>().and_then(ClusterError::log) {
        notes.push(log.to_owned());
    }
    let administration = error.downcast_ref::<AdministrationError>();
    notes.extend(administration.and_then(AdministrationError::detail).map(str::to_owned));
    let helps = help.into_iter().collect();
    let diagnostic =
        Diagnostic { message: error.to_string(), notes, helps, ..Diagnostic::default() };
    ErrorReport { exit, diagnostics: vec![diagnostic], folder: None }
}

fn bundle_help(error: &BundleError) -> Option<String> {
    match error {
        BundleError::Cut(_) | BundleError::Trailing(_) | BundleError::Changed { .. } => {
            Some("fetch it again, or make it again with `migrate bundle`".to_owned())
        }
        _ => None,
    }
}

fn exit_of(error: &EngineError) -> Exit {
    if error.stopped() == Some(Stop::Interrupted) {
        return Exit::Interrupted;
    }
    match error {
        EngineError::Lock(migrate_core::lock::LockError::Held { .. }) => Exit::LockHeld,
        EngineError::OutOfOrder(_)
        | EngineError::Protected { .. }
        | EngineError::ProtectedAs { .. }
        | EngineError::NothingToAccept { .. }
        | EngineError::NotEmpty { .. }
        | EngineError::RowsLost(_)
        | EngineError::CitusWorker
        | EngineError::CitusClean
        | EngineError::Irreversible { .. }
        | EngineError::UntrustedCode { .. }
        | EngineError::FunctionMissing { .. }
        | EngineError::History(HistoryError::Untrusted { .. } | HistoryError::RowsRemoved { .. })
        | EngineError::Unfinished { .. } => Exit::Refused,
        EngineError::Connect(error) => exit_of_connection(error),
        EngineError::Unrecorded { source, .. } => exit_of(source),
        _ => Exit::Failed,
    }
}

fn exit_of_administration(error: &AdministrationError) -> Exit {
    match error {
        AdministrationError::Connect(error) => exit_of_connection(error),
        AdministrationError::MayNotCreate { .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn exit_of_connection(error: &ConnectError) -> Exit {
    match error {
        ConnectError::Pooled { .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn failure(diagnostic: &Diagnostic) -> Failure {
    let place = diagnostic.source.as_ref().map(|source| &source.place);
    let current = diagnostic.source.as_ref().filter(|source| !source.outdated);
    let current = current.map(|source| &source.place);
    let data = diagnostic.data.as_ref().map(|data| &data.place);
    Failure {
        code: diagnostic.code.clone(),
        message: diagnostic.message.clone(),
        file: place.map(|place| place.file.clone()),
        line: current.map(|place| place.line),
        column: current.map(|place| place.column),
        sql: diagnostic.sql.as_ref().map(|mark| mark.sql.clone()),
        offset: diagnostic.sql.as_ref().and_then(|mark| mark.offset),
        notes: diagnostic.notes.clone(),
        help: diagnostic.helps.clone(),
        data: data.map(|place| DataLine { file: place.file.clone(), line: place.line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_compiler_have_a_place() {
        let rendered = "\u{1b}[1merror[E0599]\u{1b}[0m: no method `x`\n --> m/src/a.rs:4:9\n  |\n";
        let value = compiler_error(rendered);
        insta::assert_snapshot!(serde_json::to_string(&value).unwrap(), @r#"{"code":"E0599","message":"no method `x`","file":"m/src/a.rs","line":4,"column":9,"sql":null,"offset":null,"notes":["error[E0599]: no method `x`\n --> m/src/a.rs:4:9\n  |\n"],"help":[]}"#);
        let bare = compiler_error("error: linking failed");
        assert_eq!((bare.message.as_str(), bare.file), ("linking failed", None));
    }
}
