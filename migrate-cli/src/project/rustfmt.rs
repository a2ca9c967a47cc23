//! Formats migrations, which `cargo fmt` does not see: it follows no modules behind `include!`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_core::Environment;
use migrate_core::discover::{self, SourceFile};

use super::ProjectError;
use super::layout::edition;
use super::process::{self, Line};

/// As many files as rustfmt gets at once; a command line has its limits.
const FILES_AT_ONCE: usize = 500;

/// The Rust files among the migrations of the crate in `folder`.
///
/// # Errors
///
/// As [`discover::sources`] has them.
pub fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let source = folder.join("src");
    let sources = discover::sources(&source).map_err(ProjectError::Names)?;
    let files = sources.iter().filter_map(|migration| match &migration.file {
        SourceFile::Rust(file) => Some(source.join(file)),
        SourceFile::Sql { .. } => None,
    });
    Ok(files.collect())
}

/// Formats the files of the crate in `folder` in place.
///
/// # Errors
///
/// Where there is no rustfmt, or a file is no Rust.
pub fn format(
    folder: &Path,
    files: &[&Path],
    environment: &Environment,
) -> Result<(), ProjectError> {
    call(folder, files, environment, &[]).map(|_| ())
}

/// Those of the files that are not formatted.
///
/// # Errors
///
/// Where there is no rustfmt, or a file is no Rust.
pub fn unformatted(
    folder: &Path,
    files: &[&Path],
    environment: &Environment,
) -> Result<Vec<PathBuf>, ProjectError> {
    let listed = call(folder, files, environment, &["--check", "--files-with-diff"])?;
    let mut found: Vec<_> = listed.iter().map(PathBuf::from).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Returns the output of rustfmt.
fn call(
    folder: &Path,
    files: &[&Path],
    environment: &Environment,
    arguments: &[&str],
) -> Result<Vec<String>, ProjectError> {
    let edition = edition(folder);
    let mut printed = Vec::new();
    for files in files.chunks(FILES_AT_ONCE) {
        let mut rustfmt = Command::new(environment.var("RUSTFMT").unwrap_or("rustfmt"));
        rustfmt
            .current_dir(folder)
            .env_clear()
            .envs(&environment.vars)
            .args(["--edition", &edition])
            .args(arguments)
            .arg("--")
            .args(files);
        let mut words = Vec::new();
        let status = process::run(&mut rustfmt, |line| match line {
            Line::Out(line) => printed.push(line),
            Line::Err(line) => words.push(line),
        });
        let status = status.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ProjectError::RustfmtMissing,
            _ => ProjectError::io("run", rustfmt.get_program())(error),
        })?;
        if words.iter().any(|line| line.contains("is not installed")) {
            return Err(ProjectError::RustfmtMissing);
        }
        // With `--check`, files to be formatted are a failure without words.
        if !status.success() && (arguments.is_empty() || !words.is_empty()) {
            return Err(ProjectError::Rustfmt { output: words.join("\n") });
        }
    }
    Ok(printed)
}
