//! `migrate up`

use clap::Args;
use migrate_core::plan::Migration;
use migrate_core::{HistoryState, UpTo};
use serde::Serialize;

use crate::commands::{backup, plan};
use crate::context::Context;
use crate::exit_code::Exit;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::protection::Allowance;
use crate::render::script::{self, Code};
use crate::usage::at_least_one;
use crate::work::{OpenProject, Work, announce, is_locked};

/// What to apply.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Number of migrations to apply [default: all pending]
    #[arg(value_name = "N", value_parser = at_least_one, conflicts_with = "to")]
    count: Option<usize>,
    /// The last migration to apply, by name or timestamp
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Show the SQL and change nothing; the history table is not created, either
    #[arg(long)]
    dry_run: bool,
    /// Apply all migrations in one transaction
    #[arg(long)]
    single_transaction: bool,
    /// Allow a migration that is older than an applied one
    #[arg(long)]
    allow_out_of_order: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
    /// How long things may take.
    #[command(flatten)]
    limits: AskedLimits,
}

/// What `up` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migrations, in the order in which they were applied.
    applied: &'a [String],
}

/// What `up` would do.
#[derive(Serialize)]
struct DryRun<'a> {
    /// What would be applied, in that order, as in a plan.
    migrations: &'a [&'a Migration],
}

/// Applies what is pending.
pub fn run(args: &UpArgs, context: &Context) -> anyhow::Result<Exit> {
    let opened = OpenProject::new(context, "migrate up")?;
    if let (None, false, Ok(summary)) = (&args.to, args.dry_run, &opened.summary)
        && opened.unread.fingerprint().is_some_and(|all| summary.has_just(all))
    {
        announce(&opened.session, summary.protected(), context);
        return Ok(summarize(&[], &UpTo::default(), context));
    }
    let (work, summary) = opened.read(context)?;
    let work = work.within(&args.limits).allow(&args.allowance, context);
    let mut work = backup::before_migrate(work, context)?;
    let to = UpTo {
        count: args.count,
        name: args.to.as_ref().map(|name| work.resolve(name)).transpose()?,
        allow_out_of_order: args.allow_out_of_order,
        single_transaction: args.single_transaction,
    };
    let state = match summary {
        Ok(summary) => work.migrator.history_state_of(&mut work.session, &summary),
        // Others may have locked it for a moment.
        Err(_) => work.migrator.history_state(&mut work.session),
    };
    let state = match state {
        Err(error) if is_locked(&error) => return Err(work.located(error)),
        state => state,
    };
    let protected = state.as_ref().ok().and_then(HistoryState::protected);
    work.announce_as(protected, context);
    if args.dry_run {
        let state = state.map_err(|error| work.located(error))?;
        return dry_run(work, &state, &to, context);
    }
    let result = {
        let mut progress = Progress::new(context.printer);
        work.at_work(&progress, context);
        let (major, observer) = (work.session.major(), &mut |event| progress.show(event));
        match state {
            Ok(state) => {
                if let Ok(pending) = work.migrator.pending(&state, &to, major) {
                    pending.into_iter().for_each(|migration| work.hints(context, migration));
                }
                work.migrator.up_from(state, &mut work.session, &to, observer)
            }
            // What is refused, `up` says, and writes into the log.
            Err(_) => work.migrator.up(&mut work.session, &to, observer),
        }
    };
    let applied = result.map_err(|error| work.located(error))?;
    Ok(summarize(&applied, &to, context))
}

/// Says what would be applied.
fn dry_run(
    mut work: Work,
    state: &HistoryState,
    to: &UpTo,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut progress = Progress::new(context.printer);
    work.migrator.drift(state).into_iter().for_each(|it| progress.show(it));
    let pending = work.migrator.pending(state, to, work.session.major());
    let pending = pending.map_err(|error| work.located(error))?;
    context.printer.dry_run(&DryRun { migrations: &pending });
    let events = work.migrator.warnings_before_up(&mut work.session, &pending);
    events.map_err(|error| work.located(error))?.into_iter().for_each(|it| progress.show(it));
    if pending.is_empty() {
        context.printer.step("done", &nothing_to_do(to));
    }
    plan::print(context, pending.iter().map(|migration| script::up(migration, Code::Folded)));
    Ok(Exit::Done)
}

/// Says what was applied.
fn summarize(applied: &[String], to: &UpTo, context: &Context) -> Exit {
    context.printer.summary(&Summary { applied });
    match applied.len() {
        0 => context.printer.step("done", &nothing_to_do(to)),
        1 => context.printer.step("done", "1 migration applied"),
        count => context.printer.step("done", &format!("{count} migrations applied")),
    }
    Exit::Done
}

/// Why nothing is applied; others may be pending where one was named.
fn nothing_to_do(to: &UpTo) -> String {
    match &to.name {
        Some(name) => format!("nothing to do: `{name}` is applied"),
        None => "nothing to do: nothing is pending".to_owned(),
    }
}
