//! `migrate down`

use clap::Args;
use migrate_core::DownTo;
use serde::Serialize;

use crate::commands::plan;
use crate::context::Context;
use crate::exit_code::Exit;
use crate::json::Revert;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::render::script::{self, Code};
use crate::usage::at_least_one;
use crate::work::Work;

/// What to revert.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Number of migrations to revert [default: 1]
    #[arg(value_name = "N", value_parser = at_least_one, conflicts_with_all = ["to", "all"])]
    count: Option<usize>,
    /// Revert everything newer than this migration, which stays
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    to: Option<String>,
    /// Revert everything
    #[arg(long)]
    all: bool,
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

/// What `down` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations, in the order in which they were reverted.
    reverted: &'a [String],
}

/// What `down` would do.
#[derive(Serialize)]
struct DryRun<'a> {
    /// What would be reverted, in that order.
    migrations: Vec<Revert<'a>>,
}

/// Reverts migrations, the last one first.
pub fn run(args: &DownArgs, context: &Context) -> anyhow::Result<Exit> {
    let work = Work::open_to_revert(context, "migrate down")?;
    let mut work = work.within(&args.limits).allow(&args.allowance, context);
    let to = match &args.to {
        Some(name) => DownTo::Name(work.resolve(name)?),
        None if args.all => DownTo::All,
        None => DownTo::Count(args.count.unwrap_or(1)),
    };
    work.announce(context)?;
    if args.dry_run {
        let reverts = work.migrator.would_revert(&mut work.session, &to);
        let reverts = reverts.map_err(|error| work.located(error))?;
        let mut progress = Progress::new(context.printer);
        let events = work.migrator.warnings_before_down(&mut work.session, &reverts);
        events.map_err(|error| work.located(error))?.into_iter().for_each(|it| progress.show(it));
        context.printer.dry_run(&DryRun { migrations: Revert::of(&reverts) });
        let scripts =
            reverts.iter().map(|(name, steps)| script::steps_of(name, steps, Code::Whole));
        plan::print(context, scripts);
        return Ok(Exit::Done);
    }
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let result = work.migrator.down(&mut work.session, &to, &mut |event| progress.show(event));
    let reverted = result.map_err(|error| work.located(error))?;
    context.printer.summary(&Summary { reverted: &reverted });
    match reverted.len() {
        0 => context.printer.step("done", "nothing to do: nothing is applied"),
        1 => context.printer.step("done", "1 migration reverted"),
        count => context.printer.step("done", &format!("{count} migrations reverted")),
    }
    Ok(Exit::Done)
}
