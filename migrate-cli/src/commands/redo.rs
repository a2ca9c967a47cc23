//! `migrate redo`

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::usage::at_least_one;
use crate::work::Work;

/// What to do again.
#[derive(Debug, Args)]
pub struct RedoArgs {
    /// How many migrations
    #[arg(value_name = "N", value_parser = at_least_one, default_value_t = 1)]
    count: usize,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
    /// How long things may take.
    #[command(flatten)]
    limits: AskedLimits,
}

/// What `redo` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations that were reverted and applied again.
    redone: &'a [String],
}

/// Reverts the last migrations and applies the same again.
pub fn run(args: &RedoArgs, context: &Context) -> anyhow::Result<Exit> {
    let work = Work::open(context, "migrate redo")?;
    let mut work = work.within(&args.limits).allow(&args.allowance, context);
    work.announce(context)?;
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let result =
        work.migrator.redo(&mut work.session, args.count, &mut |event| progress.show(event));
    let redone = result.map_err(|error| work.located(error))?;
    context.printer.summary(&Summary { redone: &redone });
    match redone.len() {
        0 => context.printer.step("done", "nothing to do: nothing is applied"),
        1 => context.printer.step("done", "1 migration reverted and applied again"),
        count => {
            context.printer.step("done", &format!("{count} migrations reverted and applied again"));
        }
    }
    Ok(Exit::Done)
}
