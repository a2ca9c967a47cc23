//! `migrate log`

use std::time::Duration;

use clap::Args;
use migrate_core::history::{LogEntry, LogQuery};
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::names::resolve;
use crate::progress::human;
use crate::render::table::table;
use crate::usage::at_least_one;
use crate::work::Work;

/// What to show.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Number of most recent entries
    #[arg(value_name = "N", value_parser = at_least_one, default_value_t = 20)]
    count: usize,
    /// Only entries of one migration, by name or timestamp
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// What `log` shows.
#[derive(Serialize)]
struct Summary<'a> {
    /// The newest first.
    log: &'a [LogEntry],
}

/// Shows what was done, the newest first. Needs no files.
pub fn run(args: &LogArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut work = Work::open_to_read(context, "migrate log")?;
    let name = match &args.name {
        Some(asked) => {
            let known = work.migrator.logged_names(&mut work.session);
            Some(resolve(asked, &known.map_err(|error| work.located(error))?)?)
        }
        None => None,
    };
    work.announce(context)?;
    let query = LogQuery { count: Some(args.count), name };
    let log = work.migrator.log(&mut work.session, &query);
    let log = log.map_err(|error| work.located(error))?;
    context.printer.summary(&Summary { log: &log });
    if log.is_empty() {
        context.printer.step("done", "nothing was ever done here");
    } else {
        context.printer.data(&table(&HEAD, log.iter().map(cells)));
    }
    Ok(Exit::Done)
}

const HEAD: [&str; 8] = ["when", "action", "name", "outcome", "took", "tool", "commit", "who"];

fn cells(entry: &LogEntry) -> [String; 8] {
    let took = entry.duration_ms.and_then(|ms| u64::try_from(ms).ok());
    let took = took.map(|ms| human(Duration::from_millis(ms))).unwrap_or_default();
    let commit = entry.git_commit.as_deref().unwrap_or_default();
    let host = entry.host.as_ref().map(|host| format!("@{host}")).unwrap_or_default();
    let message = entry
        .message
        .as_ref()
        .map(|text| format!(": {}", text.lines().map(str::trim).collect::<Vec<_>>().join(" ")));
    [
        entry.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        entry.action.to_string(),
        entry.name.clone(),
        entry.outcome.to_string(),
        format!("{took:>8}"),
        entry.tool_version.clone(),
        commit.chars().take(7).collect(),
        format!("{}{host} as {}{}", entry.who, entry.role, message.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use migrate_core::history::{Action, Outcome};

    use super::*;

    #[test]
    fn a_line_an_action() {
        let entry = |action, name: &str, message: Option<&str>| {
            let mut entry = LogEntry::done(action, name);
            if message.is_some() {
                entry.outcome = Outcome::Failed;
            }
            entry.duration_ms = message.is_none().then_some(1234);
            entry.who = "ada".to_owned();
            entry.host = Some("laptop".to_owned());
            entry.role = "postgres".to_owned();
            entry.git_commit = Some("0123456789abcdef".to_owned());
            entry.tool_version = "0.1.0".to_owned();
            entry.message = message.map(str::to_owned);
            entry
        };
        let log = [
            entry(Action::MarkApplied, "20260101000000_a", None),
            entry(Action::Up, "20260102000000_bcd", Some("column \"x\"\n  does not exist")),
        ];
        insta::assert_snapshot!(table(&HEAD, log.iter().map(cells)), @r#"
        when                     action        name                outcome  took      tool   commit   who
        1970-01-01 00:00:00 UTC  mark applied  20260101000000_a    done        1.2 s  0.1.0  0123456  ada@laptop as postgres
        1970-01-01 00:00:00 UTC  up            20260102000000_bcd  failed             0.1.0  0123456  ada@laptop as postgres: column "x" does not exist
        "#);
    }
}
