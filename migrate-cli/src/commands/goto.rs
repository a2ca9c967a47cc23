//! `migrate goto`

use clap::Args;
use migrate_core::plan::Migration;
use serde::Serialize;

use crate::commands::plan;
use crate::context::Context;
use crate::exit_code::Exit;
use crate::json::Revert;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::render::script::{self, Code};
use crate::work::Work;

/// Where to go.
#[derive(Debug, Args)]
pub struct GotoArgs {
    /// The migration to end at, by name or timestamp
    #[arg(value_name = "NAME")]
    name: String,
    /// Show the SQL and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
    /// How long things may take.
    #[command(flatten)]
    limits: AskedLimits,
}

/// What `goto` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations that were reverted, in that order.
    reverted: &'a [String],
    /// The migrations that were applied, in that order.
    applied: &'a [String],
}

/// What `goto` would do.
#[derive(Serialize)]
struct DryRun<'a> {
    /// What would be reverted, in that order.
    reverts: Vec<Revert<'a>>,
    /// What would be applied, in that order, as in a plan.
    applies: &'a [&'a Migration],
}

/// Reverts and applies until the database has just the migrations up to one.
pub fn run(args: &GotoArgs, context: &Context) -> anyhow::Result<Exit> {
    let work = Work::open(context, "migrate goto")?;
    let mut work = work.within(&args.limits).allow(&args.allowance, context);
    let name = work.resolve(&args.name)?;
    work.announce(context)?;
    if args.dry_run {
        return show(work, &name, context);
    }
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let result = work.migrator.goto(&mut work.session, &name, &mut |event| progress.show(event));
    let (reverted, applied) = result.map_err(|error| work.located(error))?;
    context.printer.summary(&Summary { reverted: &reverted, applied: &applied });
    let done = match (reverted.len(), applied.len()) {
        (0, 0) => format!("nothing to do: the database is at `{name}`"),
        (back, there) => format!("{back} reverted, {there} applied: the database is at `{name}`"),
    };
    context.printer.step("done", &done);
    Ok(Exit::Done)
}

fn show(mut work: Work, name: &str, context: &Context) -> anyhow::Result<Exit> {
    let mut progress = Progress::new(context.printer);
    let would =
        work.migrator.would_goto(&mut work.session, name, &mut |event| progress.show(event));
    let would = would.map_err(|error| work.located(error))?;
    let reverts = Revert::of(&would.reverts);
    context.printer.dry_run(&DryRun { reverts, applies: &would.applies });
    let reverts =
        would.reverts.iter().map(|(name, steps)| script::steps_of(name, steps, Code::Whole));
    let applies = would.applies.iter().map(|migration| script::up(migration, Code::Folded));
    plan::print(context, reverts.chain(applies));
    if would.reverts.is_empty() && would.applies.is_empty() {
        context.printer.step("done", &format!("nothing to do: the database is at `{name}`"));
    }
    Ok(Exit::Done)
}
