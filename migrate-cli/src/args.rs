//! The command line. The doc comments are the manual.

use clap::{Parser, Subcommand};

use crate::commands::{
    accept, backup, bundle, completions, create, db, down, fmt, goto, hook, init, log, mark, plan,
    protect, redo, renumber, restore, status, sync, up, verify, watch,
};
use crate::context::Global;

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

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up migrations in this project
    Init(init::InitArgs),
    /// Write a new migration, and print its path
    Create(create::CreateArgs),
    /// Format the migrations, which `cargo fmt` does not see
    Fmt(fmt::FmtArgs),
    /// Give a late migration a new timestamp
    Renumber(renumber::RenumberArgs),
    /// Apply what is pending
    Up(up::UpArgs),
    /// Revert the last migration, or the last few
    Down(down::DownArgs),
    /// Revert the last migration and apply it again
    Redo(redo::RedoArgs),
    /// Revert and apply until the database has just the migrations up to this one
    Goto(goto::GotoArgs),
    /// Make the database what this checkout describes
    ///
    /// The database keeps the longest beginning of its migrations that the files have, too. All that
    /// was applied after that is reverted, the last first, by what the database has stored of it:
    /// the files need not be here. Then what is missing is applied. So a migration without a file
    /// goes, one whose file says something else by now comes again, and a file that is older than
    /// what is applied comes in its place, each with those that were applied after it.
    ///
    /// Nothing is touched, and the exit code is 5, where rows would be lost, something cannot
    /// be reverted, or something is to be reverted in a protected database.
    Sync(sync::SyncArgs),
    /// Have the database follow `git checkout`
    ///
    /// Once git's hooks are installed, `git checkout`, `git switch`, `git merge` and `git pull` call
    /// `migrate sync` where they brought other migrations. Nothing is said where there is nothing to
    /// do, nothing is done in a rebase or in a protected database, and git itself never fails by it:
    /// what keeps the database from following is told.
    Hook(hook::HookArgs),
    /// Show where every migration stands
    Status(status::StatusArgs),
    /// Show the SQL of the migrations
    Plan(plan::PlanArgs),
    /// Write the plan into a file for `--plan`, with a digest
    Bundle(bundle::BundleArgs),
    /// Show what was done, by whom, and how it ended
    Log(log::LogArgs),
    /// Compare files, history and log
    Verify(verify::VerifyArgs),
    /// Record that a changed file is as good as what was applied
    Accept(accept::AcceptArgs),
    /// Record a migration as applied, or as pending, without running it
    Mark(mark::MarkArgs),
    /// Make whatever destroys ask for a name
    Protect(protect::ProtectArgs),
    /// Back the database up, and read the backup again
    Backup(backup::BackupArgs),
    /// Restore the database from a backup, all of it or nothing
    Restore(restore::RestoreArgs),
    /// Start, stop, create, drop and look at the database
    Db(db::DbArgs),
    /// Show who waits for whom in the database
    Watch(watch::WatchArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}
