//! `migrate sync`

use clap::Args;
use migrate_core::Loss;
use migrate_core::plan::Migration;
use serde::Serialize;

use crate::commands::{backup, plan};
use crate::context::Context;
use crate::database;
use crate::exit_code::Exit;
use crate::json::Revert;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::render::script::{self, Code};
use crate::settings::Settings;
use crate::work::Work;

/// How to make the database what this checkout describes.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Show the SQL and what would be lost, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Revert what has rows in it, too: they are lost
    #[arg(long)]
    discard_rows: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
    /// How long things may take.
    #[command(flatten)]
    limits: AskedLimits,
}

/// What `sync` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations that were reverted, in that order.
    reverted: &'a [String],
    /// The migrations that were applied, in that order.
    applied: &'a [String],
}

/// What `sync` would do.
#[derive(Serialize)]
struct DryRun<'a> {
    /// What would be reverted, in that order.
    reverts: Vec<Revert<'a>>,
    /// What would be applied, in that order, as in a plan.
    applies: &'a [&'a Migration],
    /// What would be lost.
    losses: &'a [Loss],
}

/// Reverts what is not in this checkout, and applies what is missing.
pub fn run(args: &SyncArgs, context: &Context) -> anyhow::Result<Exit> {
    let work = Work::open(context, "migrate sync")?;
    let mut work = work.within(&args.limits).allow(&args.allowance, context);
    work.announce(context)?;
    if args.dry_run {
        return show(work, context);
    }
    sync(work, args.discard_rows, context)?;
    Ok(Exit::Done)
}

/// The same after a checkout: silent if there is nothing to do, never in a protected database, and on
/// another machine only if that was requested. That is checked first: a shared database may be in
/// production, and the user has not reviewed yet what the branch would do to it.
pub fn follow(settings: &Settings, remote: bool, context: &Context) -> anyhow::Result<()> {
    let target = database::named(context, Some(settings))?;
    if let Some(target) = target.filter(|target| !remote && !target.is_on_this_machine()) {
        let text = format!(
            "the database is not on this machine: {target} ({}); `migrate hook install \
             --follow-remote` has it follow, too",
            target.origin()
        );
        context.printer.step("skipped", &text);
        return Ok(());
    }
    let mut work = Work::open(context, "migrate sync")?;
    let current = work.migrator.is_synced(&mut work.session);
    if current.map_err(|error| work.located(error))? {
        return Ok(());
    }
    let protected = work.migrator.protection(&mut work.session);
    if let Some(name) = protected.map_err(|error| work.located(error))? {
        let text = format!("the database is protected as `{name}`, so it stays as it is");
        context.printer.step("skipped", &text);
        return Ok(());
    }
    work.announce(context)?;
    sync(work, false, context)
}

fn sync(work: Work, discard_rows: bool, context: &Context) -> anyhow::Result<()> {
    let mut work = backup::before_migrate(work, context)?;
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let result =
        work.migrator.sync(&mut work.session, discard_rows, &mut |event| progress.show(event));
    progress.clear();
    let (reverted, applied) = result.map_err(|error| work.located(error))?;
    context.printer.summary(&Summary { reverted: &reverted, applied: &applied });
    let done = match (reverted.len(), applied.len()) {
        (0, 0) => "nothing to do: the database matches this checkout".to_owned(),
        (back, there) => {
            format!("{back} reverted, {there} applied: the database matches this checkout")
        }
    };
    context.printer.step("done", &done);
    Ok(())
}

fn show(mut work: Work, context: &Context) -> anyhow::Result<Exit> {
    let mut progress = Progress::new(context.printer);
    let would = work.migrator.would_sync(&mut work.session, &mut |event| progress.show(event));
    let would = would.map_err(|error| work.located(error))?;
    context.printer.dry_run(&DryRun {
        reverts: Revert::of(&would.reverts),
        applies: &would.applies,
        losses: &would.losses,
    });
    let reverts =
        would.reverts.iter().map(|(name, steps)| script::steps_of(name, steps, Code::Whole));
    let applies = would.applies.iter().map(|migration| script::up(migration, Code::Folded));
    plan::print(context, reverts.chain(applies));
    for loss in &would.losses {
        context.printer.warning(&format!("`{}` goes with {loss}", loss.name));
    }
    Ok(Exit::Done)
}
