//! `migrate plan`

use clap::Args;
use migrate_core::plan::PlanFile;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::names::resolve;
use crate::planned::Planned;
use crate::render::Located;
use crate::render::script::{self, Code};
use crate::work::settings;

/// What to show.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A migration, by name or timestamp [default: all]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The inverse
    #[arg(long)]
    down: bool,
}

/// Shows the SQL of the migrations; with `--json`, the plan itself. Needs no database.
pub fn run(args: &PlanArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = settings(context)?;
    let Planned { mut plan, history, folder, .. } = Planned::of(context, settings.as_ref())?;
    if let Some(asked) = &args.name {
        let known: Vec<_> =
            plan.migrations.iter().map(|migration| migration.name.clone()).collect();
        let name = resolve(asked, &known)?;
        plan.migrations.retain(|migration| migration.name == name);
    }
    let file = PlanFile { plan, history: Some(history) };
    context.printer.plan(&file);
    let plan = file.plan;
    if args.down {
        print(context, plan.migrations.iter().rev().map(script::down));
    } else {
        print(context, plan.migrations.iter().map(|migration| script::up(migration, Code::Whole)));
    }
    // A plan that cannot be applied is shown, but it is none to be handed on.
    let problems = plan.migrations.into_iter().flat_map(|migration| {
        let name = migration.name;
        migration.problems.into_iter().map(move |problem| (name.clone(), problem))
    });
    let problems: Vec<_> = problems.collect();
    if problems.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Located { error: migrate_core::Error::Problems(problems), folder }.into())
}

/// Prints scripts with a blank line between them.
pub fn print(context: &Context, scripts: impl Iterator<Item = String>) {
    let text = scripts.collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        context.printer.data(&text);
    }
}
