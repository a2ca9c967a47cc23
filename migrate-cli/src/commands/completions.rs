//! `migrate completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde::Serialize;

use crate::args::Cli;
use crate::context::Context;
use crate::exit_code::Exit;

/// Which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// What `completions` prints.
#[derive(Serialize)]
struct Summary<'a> {
    /// The shell.
    shell: &'a str,
    /// Its script.
    script: &'a str,
}

/// Prints a completion script: `migrate completions bash > /etc/bash_completion.d/migrate`.
#[expect(clippy::unnecessary_wraps, reason = "all commands have one signature")]
pub fn run(args: &CompletionsArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "migrate", &mut script);
    let script = String::from_utf8_lossy(&script);
    context.printer.data(&script);
    context.printer.summary(&Summary { shell: &args.shell.to_string(), script: &script });
    Ok(Exit::Done)
}
