//! `migrate fmt`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::project::{rustfmt, shown};
use crate::settings::Settings;

/// How to format.
///
/// `cargo fmt` does not see migrations: their modules are written by the build script. This runs
/// rustfmt on them, with the edition of their crate and the nearest `rustfmt.toml`.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Change nothing; list the files that are not formatted, and exit with code 3 if there are any
    #[arg(long)]
    check: bool,
}

/// What `fmt` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The files that were not formatted.
    files: &'a [String],
}

/// Formats the migrations; with `--check`, prints those that are not formatted.
pub fn run(args: &FmtArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = Settings::load(&context.environment, &context.global.overrides)?;
    let environment = &context.environment;
    let files = rustfmt::rust_files(&settings.dir)?;
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let unformatted = rustfmt::unformatted(&settings.dir, &files, environment)?;
    let shown: Vec<_> =
        unformatted.iter().map(|path| shown(path, &environment.current_dir)).collect();
    let changed: Vec<_> = unformatted.iter().map(PathBuf::as_path).collect();
    if !args.check {
        rustfmt::format(&settings.dir, &changed, environment)?;
    }
    for file in &shown {
        context.printer.data(file);
    }
    context.printer.summary(&Summary { files: &shown });
    let found = args.check && !shown.is_empty();
    Ok(if found { Exit::Found } else { Exit::Done })
}
