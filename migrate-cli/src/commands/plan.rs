//! `migrate plan`

use clap::Args;
use migrate_core::WayBack;
use migrate_core::plan::{Migration, PlanFile, Step};

use crate::context::Context;
use crate::exit_code::Exit;
use crate::names::resolve;
use crate::render::Located;
use crate::work::{Planned, settings};

/// What to show.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// One migration, by name or timestamp; all without it
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The way back
    #[arg(long)]
    down: bool,
}

/// Shows the SQL of the migrations; with `--json`, the plan itself. Needs no database.
pub fn run(args: &PlanArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = settings(context)?;
    let Planned { mut plan, history, folder } = Planned::of(context, settings.as_ref())?;
    if let Some(asked) = &args.name {
        let known: Vec<_> =
            plan.migrations.iter().map(|migration| migration.name.clone()).collect();
        let name = resolve(asked, &known)?;
        plan.migrations.retain(|migration| migration.name == name);
    }
    let file = PlanFile { plan, history: Some(history) };
    context.printer.json(&file);
    let plan = file.plan;
    if args.down {
        print(context, plan.migrations.iter().rev().map(down));
    } else {
        print(context, plan.migrations.iter().map(up));
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

/// What a migration does.
pub fn up(migration: &Migration) -> String {
    let mut text = script(&migration.name, &migration.up);
    for problem in &migration.problems {
        text += &format!("\n-- problem, line {}: {}", problem.place.line, problem.message);
    }
    text
}

/// What takes a migration back.
fn down(migration: &Migration) -> String {
    match WayBack::of(migration).steps() {
        Ok(steps) => script(&migration.name, steps),
        Err(why) => format!(
            "-- {}\n-- line {}: cannot be taken back: {}",
            migration.name, why.place.line, why.reason
        ),
    }
}

/// Steps as SQL that psql would take, with what they are as comments.
pub fn script(name: &str, steps: &[Step]) -> String {
    let mut text = format!("-- {name}");
    for step in steps {
        let outside = if step.transactional { "" } else { ", outside a transaction" };
        let summary = step.summary.replace('\n', " ");
        text += &format!("\n-- line {}: {summary}{outside}", step.place.line);
        for statement in &step.statements {
            text += &format!("\n{};", statement.sql);
        }
    }
    text
}
