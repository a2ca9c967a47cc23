//! `migrate status`

use std::time::Duration;

use clap::Args;
use migrate_core::order::State;
use migrate_core::{Status, StatusEntry};

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::human;
use crate::work::Work;

/// What to look for.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Exit with 3 unless everything is applied, and nothing is changed, missing or half done
    #[arg(long)]
    check: bool,
}

/// Shows where every migration stands.
pub fn run(args: &StatusArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut work = Work::open(context, "migrate status")?;
    let status = work.migrator.status(&mut work.session).map_err(|error| work.located(error))?;
    work.announce(context);
    context.printer.json(&status);
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
    let lines = status.migrations.iter().map(|entry| line(entry, width));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(entry: &StatusEntry, width: usize) -> String {
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
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_migration() {
        let entry = |name: &str, state, ms| StatusEntry {
            name: name.to_owned(),
            state,
            applied_at: (state != State::Pending).then_some(chrono::DateTime::UNIX_EPOCH),
            execution_time_ms: ms,
            checksum: None,
        };
        let migrations = vec![
            entry("20260101000000_first", State::Applied, Some(12)),
            entry("20260102000000_a", State::Missing, Some(1234)),
            entry("20260103000000_b", State::Pending, None),
        ];
        insta::assert_snapshot!(table(&Status { migrations, protected: None }), @r"
        applied  20260101000000_first  1970-01-01 00:00:00 UTC     12 ms
        missing  20260102000000_a      1970-01-01 00:00:00 UTC     1.2 s
        pending  20260103000000_b
        ");
    }
}
