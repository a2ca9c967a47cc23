//! `migrate status`

use std::time::Duration;

use clap::Args;
use migrate_core::order::State;
use migrate_core::{Partial, Status, StatusEntry};
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::printer::count;
use crate::progress::human;
use crate::work::Work;

/// Where every migration stands.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    status: &'a Status,
}

/// What to look for.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Exit with code 3 unless all migrations are applied and none is changed, missing or partially applied
    #[arg(long)]
    check: bool,
}

/// Shows where every migration stands.
pub fn run(args: &StatusArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut work = Work::open(context, "migrate status")?;
    let status = work.migrator.status(&mut work.session).map_err(|error| work.located(error))?;
    work.announce(context)?;
    if let Some(runner) = &status.runner {
        let text = format!("`{}`, process {}", runner.purpose, runner.pid);
        context.printer.step("at work", &text);
    }
    context.printer.summary(&Summary { status: &status });
    context.printer.data(&table(&status));
    let found = args.check && !status.is_current();
    Ok(if found { Exit::Found } else { Exit::Done })
}

/// A line a migration.
fn table(status: &Status) -> String {
    if status.migrations.is_empty() {
        return "there are no migrations yet: `migrate create <name>` writes one".to_owned();
    }
    let width = status.migrations.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
    let is_at_work = status.runner.is_some();
    let lines = status.migrations.iter().map(|entry| line(entry, width, is_at_work));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(entry: &StatusEntry, width: usize, is_at_work: bool) -> String {
    let state = match entry.state {
        State::Applied => "applied",
        State::Pending => "pending",
        State::Changed => "changed",
        State::Missing => "missing",
        State::Partial => "partial",
    };
    let when = entry.applied_at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    let took = entry.execution_time_ms.and_then(|ms| u64::try_from(ms).ok());
    let took = took.map(|ms| human(Duration::from_millis(ms))).unwrap_or_default();
    let line = format!("{state}  {:width$}  {}  {took:>8}", entry.name, when.unwrap_or_default());
    let far = entry
        .partial
        .as_ref()
        .map(|partial| format!("\n         {}", how_far(partial, is_at_work)));
    let removed = entry.removed.as_ref().map(|row| {
        let (who, at) = (&row.who, row.at.format("%Y-%m-%d %H:%M:%S UTC"));
        format!(
            "\n         the log says that {who} applied it at {at}; its row was removed: see `migrate verify`"
        )
    });
    line.trim_end().to_owned() + &far.unwrap_or_default() + &removed.unwrap_or_default()
}

/// Describes the progress of a migration, and the statement at which it is.
fn how_far(partial: &Partial, is_at_work: bool) -> String {
    let Partial { direction, statements_done: done, statements, running, step, place } = partial;
    let done_of = match statements {
        Some(all) => format!("{done} of {}", count(*all, "statement")),
        None => count(*done, "statement"),
    };
    let mut text = match is_at_work {
        true => format!("being {}: {done_of} done", direction.participle()),
        false => format!("partially {}: {done_of} done", direction.participle()),
    };
    if let (Some(step), Some(place)) = (step, place) {
        let (file, line) = (&place.file, place.line);
        text += &format!("; next is statement {}, {file}:{line}: {step}", done + 1);
    }
    match (*running, is_at_work) {
        (true, true) => text += ", which is running, or was when its runner ended",
        (true, false) => text += ", which was running when its runner ended",
        (false, _) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use migrate_core::event::Direction;
    use migrate_core::plan::Place;

    use super::*;

    #[test]
    fn a_line_a_migration() {
        let entry = |name: &str, state, ms| StatusEntry {
            name: name.to_owned(),
            state,
            applied_at: (state != State::Pending).then_some(chrono::DateTime::UNIX_EPOCH),
            execution_time_ms: ms,
            checksum: None,
            partial: None,
            removed: None,
        };
        let partial = Some(Partial {
            direction: Direction::Up,
            statements_done: 3,
            statements: Some(5),
            running: true,
            step: Some("run `VACUUM b`".to_owned()),
            place: Some(Place { file: "src/d.rs".to_owned(), line: 7, column: 9 }),
        });
        let unknown = Some(Partial {
            direction: Direction::Down,
            statements_done: 1,
            statements: None,
            running: false,
            step: None,
            place: None,
        });
        let migrations = vec![
            entry("20260101000000_first", State::Applied, Some(12)),
            entry("20260102000000_a", State::Missing, Some(1234)),
            entry("20260103000000_b", State::Pending, None),
            StatusEntry { partial, ..entry("20260104000000_d", State::Partial, None) },
            StatusEntry { partial: unknown, ..entry("20260105000000_e", State::Partial, None) },
        ];
        insta::assert_snapshot!(table(&Status { migrations, protected: None, runner: None }), @"
        applied  20260101000000_first  1970-01-01 00:00:00 UTC     12 ms
        missing  20260102000000_a      1970-01-01 00:00:00 UTC     1.2 s
        pending  20260103000000_b
        partial  20260104000000_d      1970-01-01 00:00:00 UTC
                 partially applied: 3 of 5 statements done; next is statement 4, src/d.rs:7: run `VACUUM b`, which was running when its runner ended
        partial  20260105000000_e      1970-01-01 00:00:00 UTC
                 partially reverted: 1 statement done
        ");
    }
}
