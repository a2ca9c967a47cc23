//! The command line. The doc comments are the manual.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    completions, create, db, down, fmt, goto, init, mark, plan, redo, status, up,
};
use crate::settings::Overrides;

/// PostgreSQL migrations written in Rust
#[derive(Debug, Parser)]
#[command(name = "migrate", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags that every command has.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Flags that win over the project's settings.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Take the plan from a file, made with `migrate plan --json`, instead of the migrations crate
    #[arg(long, value_name = "FILE", global = true)]
    pub plan: Option<PathBuf>,
    /// Print JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up migrations in this project
    Init(init::InitArgs),
    /// Write a new migration, and print its path
    Create(create::CreateArgs),
    /// Format the migrations, which `cargo fmt` does not see
    Fmt(fmt::FmtArgs),
    /// Apply what is pending
    Up(up::UpArgs),
    /// Take back the last migration, or the last few
    Down(down::DownArgs),
    /// Take back the last migration and apply it again
    Redo(redo::RedoArgs),
    /// Take back and apply until the database has just the migrations up to this one
    Goto(goto::GotoArgs),
    /// Show where every migration stands
    Status(status::StatusArgs),
    /// Show the SQL of the migrations
    Plan(plan::PlanArgs),
    /// Record a migration as applied, or as pending, without running it
    Mark(mark::MarkArgs),
    /// Start, stop, create, drop and look at the database
    Db(db::DbArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}
