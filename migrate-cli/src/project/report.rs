//! The plan for a command, with what happens in the meantime said on stderr.

use std::time::Duration;

use migrate_core::plan::Plan;

use super::{BuildEvent, Project, ProjectError};
use crate::context::Context;
use crate::printer::Printer;
use crate::settings::Settings;

/// A build that takes longer deserves to be told when it is over.
const LONG: Duration = Duration::from_secs(2);

/// The plan of the project that the settings name.
///
/// # Errors
///
/// A [`ProjectError`]. What the compiler said of it is printed already.
pub fn plan(settings: &Settings, context: &Context) -> anyhow::Result<Plan> {
    let project = Project::new(&settings.dir, &context.environment);
    let planned = project.plan(&mut |event| tell(&event, context.printer));
    if let Err(error) = &planned {
        details(error, context.printer);
    }
    Ok(planned?)
}

/// Prints what others said of an error, a blank line after each.
pub fn details(error: &ProjectError, printer: Printer) {
    for detail in error.details() {
        printer.note(detail);
        printer.note("");
    }
}

fn tell(event: &BuildEvent, printer: Printer) {
    match event {
        BuildEvent::Waiting { what } => printer.step("Waiting", &format!("for {what}")),
        BuildEvent::Started { changed, all } => {
            let plural = if *all == 1 { "" } else { "s" };
            let text = if *all == 0 {
                "the crate of migrations".to_owned()
            } else if changed == all {
                format!("{all} migration{plural}")
            } else {
                format!("{changed} of {all} migration{plural}")
            };
            printer.step("Compiling", &text);
        }
        BuildEvent::Progress(text) => {
            let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
            printer.step(verb, rest);
        }
        BuildEvent::Warning(text) => {
            printer.note(text);
            printer.note("");
        }
        BuildEvent::Output(line) => printer.note(line),
        BuildEvent::Finished { elapsed } => {
            if *elapsed > LONG {
                let seconds = elapsed.as_secs_f32();
                printer.step("Finished", &format!("in {seconds:.1} s"));
            }
        }
    }
}
