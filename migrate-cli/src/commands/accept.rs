//! `migrate accept`

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::usage::UsageError;
use crate::work::Work;

/// What to accept.
///
/// A file that has changed since it was applied keeps being told by `status`, `verify` and `up`.
/// Where what it says now is as good as what was applied (somebody fixed both, or it makes no
/// difference), this records it as what was applied. Nothing is run.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The migration, by name or timestamp
    #[arg(value_name = "NAME")]
    name: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What `accept` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migration.
    accepted: &'a str,
}

/// Records that a changed file is as good as what was applied.
pub fn run(args: &AcceptArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.reason.trim().is_empty() {
        return Err(UsageError {
            message: "`--reason` is empty".to_owned(),
            help: "say in a few words why the file is as good as what was applied".to_owned(),
        }
        .into());
    }
    let mut work = Work::open(context, "migrate accept")?;
    let name = work.resolve(&args.name)?;
    work.announce(context)?;
    let mut progress = Progress::new(context.printer);
    let mut observer = |event| progress.show(event);
    let accepted =
        work.migrator.accept(&mut work.session, &name, args.reason.trim(), &mut observer);
    accepted.map_err(|error| work.located(error))?;
    context.printer.step("accepted", &format!("{name} as its file is now; nothing was run"));
    context.printer.summary(&Summary { accepted: &name });
    Ok(Exit::Done)
}
