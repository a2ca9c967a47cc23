//! The history against the log: pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Finding, tampered};
use crate::history::{Action, Applied, LogEntry, RemovedRow, remedies_of_removed};

/// A row and its line in the log are written by one message; nothing that takes so long comes
/// between them.
const TOGETHER: TimeDelta = TimeDelta::minutes(5);

/// What the log says last of a migration.
#[derive(Default)]
struct LastLogged<'a> {
    /// Whether it is applied; the actor, and the time.
    recorded: Option<&'a LogEntry>,
    /// When the row was written.
    at: Option<DateTime<Utc>>,
    checksum: Option<&'a str>,
    /// Where in the log the row was written.
    line: i64,
    gone: Option<&'a LogEntry>,
}

/// Returns the disagreements of the history with the log, newest line first. Migrations whose removed
/// rows are in `removed` have files.
pub(super) fn disagreements(
    applied: &[Applied],
    removed: &[RemovedRow],
    log: &[LogEntry],
) -> Vec<Finding> {
    let told = told(log);
    let mut findings = Vec::new();
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for row in applied {
        let name = row.name.as_str();
        if !names.insert(name) {
            findings.push(tampered(name, "the history has it twice"));
        } else if !ids.insert(row.id) {
            findings.push(tampered(name, "another row of the history has the same `id`"));
        }
        findings.extend(of_row(row, told.get(name)));
    }
    for (name, told) in &told {
        if let Some(entry) = told.recorded
            && !names.contains(name)
        {
            let message = format!(
                "the log says that {} applied it at {}, and not that it was reverted; the \
                 history does not have it",
                entry.who,
                moment(entry.at),
            );
            let finding = tampered(name, message);
            findings.push(match removed.iter().any(|row| row.name == *name) {
                true => Finding {
                    help: format!("{}; {}", finding.help, remedies_of_removed(&[*name])),
                    ..finding
                },
                false => finding,
            });
        }
    }
    findings.extend(order(applied, &told));
    findings
}

/// Returns the finding if the log, newest line first, records a protection that the settings do not
/// have. A restore leaves the protection unchanged, which the log does not record.
pub(super) fn lost_protection(
    history: &str,
    protected: Option<&str>,
    log: &[LogEntry],
) -> Option<Finding> {
    let words = [Action::Protect, Action::Unprotect, Action::Restore];
    let mut lines = log.iter().filter(|entry| entry.is_done());
    let last = lines.find(|entry| words.contains(&entry.action))?;
    if last.action != Action::Protect || protected.is_some() {
        return None;
    }
    let name = &last.name;
    let message = format!(
        "the log says that {} protected the database as `{name}` at {}, and not that the protection was \
         removed; the settings do not have it",
        last.who,
        moment(last.at),
    );
    Some(Finding {
        help: format!("find out who removed it; `migrate protect {name}` protects it again"),
        ..tampered(history, message)
    })
}

/// Returns the migrations that the log, newest line first, has as applied: the actors, and the times.
pub(in crate::migrator) fn recorded(log: &[LogEntry]) -> Vec<&LogEntry> {
    told(log).into_values().filter_map(|told| told.recorded).collect()
}

fn told(log: &[LogEntry]) -> BTreeMap<&str, LastLogged<'_>> {
    let mut told = BTreeMap::<&str, LastLogged<'_>>::new();
    let is = |entry: &LogEntry, action: Action| entry.action == action;
    let mut restored_at = None;
    for entry in log.iter().rev().filter(|entry| entry.is_done()) {
        // It was done to what the restore has replaced.
        if restored_at.is_some_and(|restored| entry.at < restored) {
            continue;
        }
        if is(entry, Action::Restore) {
            restored_at = Some(entry.at);
        }
        let checksum = entry.checksum.as_deref();
        let writes_row =
            is(entry, Action::Up) || (is(entry, Action::MarkApplied) && checksum.is_some());
        let removes_row = is(entry, Action::Down) || is(entry, Action::MarkPending);
        if writes_row {
            let (at, line) = (Some(entry.at), entry.id);
            told.insert(
                &entry.name,
                LastLogged { recorded: Some(entry), at, checksum, line, gone: None },
            );
        } else if removes_row {
            told.insert(&entry.name, LastLogged { gone: Some(entry), ..LastLogged::default() });
        } else if is(entry, Action::MarkApplied) {
            // The row may have been there: what was half inverse counts as applied again.
            let told = told.entry(&entry.name).or_default();
            (told.recorded, told.gone) = (Some(entry), None);
        } else if is(entry, Action::Accept) {
            told.entry(&entry.name).or_default().checksum = checksum;
        }
    }
    told
}

fn of_row(row: &Applied, told: Option<&LastLogged<'_>>) -> Option<Finding> {
    let message = match told {
        Some(told) if told.recorded.is_some() => {
            if told.checksum.is_some_and(|checksum| checksum != row.checksum) {
                "the checksum of its row is not the one in the log".to_owned()
            } else if let Some(at) = told.at
                && (at - row.applied_at).abs() > TOGETHER
            {
                format!(
                    "its row says that it was applied at {}, the log says at {}",
                    moment(row.applied_at),
                    moment(at)
                )
            } else {
                return None;
            }
        }
        Some(LastLogged { gone: Some(entry), .. }) => format!(
            "the history has it; the log says that {} took its row away at {} ({})",
            entry.who,
            moment(entry.at),
            entry.action
        ),
        _ => "the history has it; the log does not know that it was ever applied".to_owned(),
    };
    Some(tampered(&row.name, message))
}

/// Rows are numbered in the order in which the log has them; `down` follows these numbers.
fn order(applied: &[Applied], told: &BTreeMap<&str, LastLogged<'_>>) -> Option<Finding> {
    let lines = applied.iter().filter_map(|row| {
        let line = told.get(row.name.as_str())?.line;
        (line > 0).then_some((row, line))
    });
    let lines: Vec<_> = lines.collect();
    let swapped = lines.windows(2).find(|pair| pair[0].1 > pair[1].1)?;
    let (first, second) = (swapped[0].0, swapped[1].0);
    Some(tampered(
        &second.name,
        format!("its row is numbered after that of `{}`, which the log has later", first.name),
    ))
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Outcome;

    fn row(id: i32, name: &str, checksum: &str) -> Applied {
        Applied {
            id,
            name: name.to_owned(),
            applied_at: DateTime::UNIX_EPOCH,
            execution_time_ms: 1,
            checksum: checksum.to_owned(),
            source_digest: String::new(),
            generator: String::new(),
        }
    }

    /// `up a x` is that `a` was applied, with the checksum `x`.
    fn log(lines: &[&str]) -> Vec<LogEntry> {
        let entry = |(index, line): (usize, &&str)| {
            let words: Vec<_> = line.split(' ').collect();
            LogEntry {
                id: i64::try_from(index).unwrap() + 1,
                who: "ada".to_owned(),
                outcome: if words.contains(&"failed") { Outcome::Failed } else { Outcome::Done },
                checksum: words.get(2).map(|&word| word.to_owned()),
                ..LogEntry::done(Action::of(words[0].replace('-', " ")), words[1])
            }
        };
        let mut entries: Vec<_> = lines.iter().enumerate().map(entry).collect();
        entries.reverse();
        entries
    }

    fn found(applied: &[Applied], lines: &[&str]) -> Vec<String> {
        let findings = disagreements(applied, &[], &log(lines)).into_iter();
        findings.map(|finding| format!("{}: {}", finding.name, finding.message)).collect()
    }

    #[test]
    fn what_the_tool_does_is_sound() {
        let applied = [row(1, "a", "x"), row(4, "c", "z"), row(5, "b", "w")];
        let lines = [
            "up a x",
            "up b y",
            "down b",
            "up b failed",
            "up c z",
            "mark-applied b v",
            "accept b w",
            "backup a",
            "mark-applied a",
        ];
        assert_eq!(found(&applied, &lines), [""; 0]);
        // A log from before it knew checksums.
        assert_eq!(found(&applied[..1], &["up a"]), [""; 0]);
    }

    #[test]
    fn what_it_does_not_do_is_told() {
        insta::assert_snapshot!(found(&[row(1, "a", "x")], &[]).join("\n"), @"a: the history has it; the log does not know that it was ever applied");
        insta::assert_snapshot!(found(&[row(1, "a", "x")], &["up a y"]).join("\n"), @"a: the checksum of its row is not the one in the log");
        insta::assert_snapshot!(found(&[row(1, "a", "x")], &["up a x", "down a"]).join("\n"), @"a: the history has it; the log says that ada took its row away at 1970-01-01 00:00:00 UTC (down)");
        insta::assert_snapshot!(found(&[], &["up a x"]).join("\n"), @"a: the log says that ada applied it at 1970-01-01 00:00:00 UTC, and not that it was reverted; the history does not have it");
        let swapped = [row(1, "b", "y"), row(2, "a", "x")];
        insta::assert_snapshot!(found(&swapped, &["up a x", "up b y"]).join("\n"), @"a: its row is numbered after that of `b`, which the log has later");
        let twice = [row(1, "a", "x"), row(1, "b", "y"), row(2, "b", "y")];
        insta::assert_snapshot!(found(&twice, &["up a x", "up b y"]).join("\n"), @r"
        b: another row of the history has the same `id`
        b: the history has it twice
        ");
        let late =
            Applied { applied_at: DateTime::UNIX_EPOCH + TimeDelta::hours(1), ..row(1, "a", "x") };
        insta::assert_snapshot!(found(&[late], &["up a x"]).join("\n"), @"a: its row says that it was applied at 1970-01-01 01:00:00 UTC, the log says at 1970-01-01 00:00:00 UTC");
    }
}
