//! `migrate`: PostgreSQL migrations written in Rust.

#![expect(unreachable_pub, reason = "in a program, `pub` says what the other modules may use")]

mod actor;
mod args;
mod commands;
mod context;
mod database;
mod dotenv;
mod exit_code;
mod functions;
mod git;
mod json;
mod limits;
mod names;
mod planned;
mod printer;
mod progress;
mod project;
mod protection;
mod render;
mod settings;
mod signals;
mod templates;
mod usage;
mod work;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use context::Context;
use exit_code::Exit;
use printer::Printer;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(misused(&error).code()),
    };
    let printer = Printer::new(cli.global.json);
    let exit = match Context::of_process(cli.global) {
        Ok(context) => run(cli.command, &context).unwrap_or_else(|error| {
            render::report(&error, printer, &context.environment.current_dir)
        }),
        Err(error) => render::report(&error, printer, Path::new("")),
    };
    if exit == Exit::Done && printer::data_was_lost() {
        printer.note("error: not all of the output could be written");
        return ExitCode::from(Exit::Failed.code());
    }
    ExitCode::from(exit.code())
}

/// The manual was requested, or the command line is invalid; clap has the message.
fn misused(error: &clap::Error) -> Exit {
    // A reader that went away is no error.
    _ = error.print();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Exit::Done;
    }
    let mut arguments = std::env::args_os().take_while(|argument| argument != "--");
    Printer::new(arguments.any(|argument| argument == "--json")).output(&render::misuse(error));
    Exit::Usage
}

fn run(command: Command, context: &Context) -> anyhow::Result<Exit> {
    match command {
        Command::Init(args) => commands::init::run(&args, context),
        Command::Create(args) => commands::create::run(&args, context),
        Command::Fmt(args) => commands::fmt::run(&args, context),
        Command::Up(args) => commands::up::run(&args, context),
        Command::Down(args) => commands::down::run(&args, context),
        Command::Redo(args) => commands::redo::run(&args, context),
        Command::Goto(args) => commands::goto::run(&args, context),
        Command::Sync(args) => commands::sync::run(&args, context),
        Command::Hook(args) => commands::hook::run(&args, context),
        Command::Renumber(args) => commands::renumber::run(&args, context),
        Command::Status(args) => commands::status::run(&args, context),
        Command::Plan(args) => commands::plan::run(&args, context),
        Command::Bundle(args) => commands::bundle::run(&args, context),
        Command::Log(args) => commands::log::run(&args, context),
        Command::Verify(args) => commands::verify::run(&args, context),
        Command::Accept(args) => commands::accept::run(&args, context),
        Command::Mark(args) => commands::mark::run(&args, context),
        Command::Protect(args) => commands::protect::run(&args, context),
        Command::Backup(args) => commands::backup::run(&args, context),
        Command::Restore(args) => commands::restore::run(&args, context),
        Command::Db(args) => commands::db::run(&args, context),
        Command::Watch(args) => commands::watch::run(&args, context),
        Command::Completions(args) => commands::completions::run(&args, context),
    }
}
