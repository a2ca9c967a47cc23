//! `migrate restore`

use clap::Args;
use migrate_core::RestoreOptions;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::work::Work;

/// What to restore from.
///
/// Everything happens in one transaction: the database is as it was when the backup was made, or
/// nothing has changed. The history comes with the backup; the protection of this database stays
/// what it is.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A backup made with `migrate backup` or `pg_dump -Fc`
    #[arg(value_name = "FILE")]
    file: String,
    /// Drop all objects of the database first
    #[arg(long)]
    clean: bool,
    /// Omit owners and privileges: everything belongs to the role that restores
    #[arg(long)]
    no_owner: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
}

/// What `restore` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The file of the backup.
    restored: &'a str,
}

/// Restores the database from a backup. Needs no files.
pub fn run(args: &RestoreArgs, context: &Context) -> anyhow::Result<Exit> {
    let environment = &context.environment;
    let work = Work::open_without_plan(context, "migrate restore")?;
    let mut work = work.allow(&args.allowance, context);
    work.announce(context)?;
    let file = environment.current_dir.join(&args.file);
    let options = RestoreOptions { clean: args.clean, no_owner: args.no_owner };
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let mut observer = |event| progress.show(event);
    let restored =
        work.migrator.restore(&mut work.session, &file, options, environment, &mut observer);
    progress.clear();
    restored.map_err(|error| work.located(error))?;
    let target = work.session.target();
    context.printer.step("restored", &format!("{} from {}", target.database(), args.file));
    context.printer.summary(&Summary { restored: &args.file });
    Ok(Exit::Done)
}
