//! `migrate mark`

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::usage::UsageError;
use crate::work::Work;

/// What to record.
#[derive(Debug, Args)]
pub struct MarkArgs {
    /// The migrations, by name or timestamp
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// Mark all migrations, for a database that was created by other means
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Record as pending, without reverting anything
    #[arg(long)]
    pending: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
}

/// What `mark` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations whose record has changed.
    marked: &'a [String],
    /// `applied` or `pending`.
    state: &'a str,
}

/// Records migrations as applied, or as pending, without running them.
pub fn run(args: &MarkArgs, context: &Context) -> anyhow::Result<Exit> {
    let work = Work::open(context, "migrate mark")?;
    let mut work = work.allow(&args.allowance, context);
    let names = if args.all {
        if args.pending {
            return Err(UsageError {
                message: "`--all` with `--pending` would forget the whole history".to_owned(),
                help: "name the migrations".to_owned(),
            }
            .into());
        }
        work.migrator.plan().migrations.iter().map(|migration| migration.name.clone()).collect()
    } else {
        args.names.iter().map(|name| work.resolve(name)).collect::<anyhow::Result<Vec<_>>>()?
    };
    work.announce(context)?;
    let mut progress = Progress::new(context.printer);
    let mut observer = |event| progress.show(event);
    let marked = if args.pending {
        work.migrator.mark_pending(&mut work.session, &names, &mut observer)
    } else {
        work.migrator.mark_applied(&mut work.session, &names, &mut observer)
    };
    let marked = marked.map_err(|error| work.located(error))?;
    let state = if args.pending { "pending" } else { "applied" };
    for name in &marked {
        context.printer.step("marked", &format!("{name} as {state}; nothing was run"));
    }
    if marked.is_empty() {
        context.printer.step("done", &format!("nothing to do: recorded as {state} already"));
    }
    context.printer.summary(&Summary { marked: &marked, state });
    Ok(Exit::Done)
}
