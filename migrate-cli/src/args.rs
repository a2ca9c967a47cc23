//! The command line. The doc comments are the manual.

use clap::{Parser, Subcommand};

use crate::commands::{
    accept, backup, bundle, completions, create, db, down, fmt, goto, hook, init, log, mark, plan,
    protect, redo, renumber, restore, status, sync, up, verify, watch,
};
use crate::context::Global;

/// PostgreSQL migrations in Rust
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

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up migrations in this project
    Init(init::InitArgs),
    /// Create a new migration and print its path
    Create(create::CreateArgs),
    /// Format the migrations, which `cargo fmt` does not see
    Fmt(fmt::FmtArgs),
    /// Give a migration that is out of order a new timestamp
    Renumber(renumber::RenumberArgs),
    /// Apply pending migrations
    Up(up::UpArgs),
    /// Revert the most recent migration, or the last N
    Down(down::DownArgs),
    /// Revert the most recent migration and apply it again
    Redo(redo::RedoArgs),
    /// Revert or apply migrations up to the given one
    Goto(goto::GotoArgs),
    /// Make the database match this checkout
    ///
    /// Keeps the longest common prefix of the applied migrations and the files, and reverts the rest,
    /// newest first, by the inverses that the database has stored: no files are needed. Then it
    /// applies what is missing. So a migration without a file is reverted, one whose file has changed
    /// is applied again, and one that is out of order is applied in its place, each with the
    /// migrations after it.
    ///
    /// Exits with code 5 and changes nothing where rows would be lost, where a migration is
    /// irreversible, or where one is to be reverted in a protected database.
    Sync(sync::SyncArgs),
    /// Run `sync` after `git checkout`
    ///
    /// With the hooks installed, `git checkout`, `git switch`, `git merge` and `git pull` run `migrate
    /// sync` where they brought other migrations. The hooks print nothing where nothing is to be done,
    /// do nothing during a rebase or in a protected database, and never fail the git command; what
    /// keeps the database from following is reported.
    Hook(hook::HookArgs),
    /// Show the status of every migration
    Status(status::StatusArgs),
    /// Show the SQL of the migrations
    Plan(plan::PlanArgs),
    /// Write the plan with a digest to a file for `--plan`
    Bundle(bundle::BundleArgs),
    /// Show what was applied and reverted, by whom, and the result
    Log(log::LogArgs),
    /// Compare files, history and log
    Verify(verify::VerifyArgs),
    /// Record that a changed file is equivalent to what was applied
    Accept(accept::AcceptArgs),
    /// Record a migration as applied, or as pending, without running it
    Mark(mark::MarkArgs),
    /// Require confirmation for destructive commands
    Protect(protect::ProtectArgs),
    /// Back up the database and verify the backup
    Backup(backup::BackupArgs),
    /// Restore the database from a backup, atomically
    Restore(restore::RestoreArgs),
    /// Manage the database
    Db(db::DbArgs),
    /// Show which sessions wait for which
    Watch(watch::WatchArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}
