//! What is applied, pending, changed, missing: a pure function of the plan and the history.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::history::{Applied, Unfinished};
use crate::plan::{Checksum as _, Migration, Plan};

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The database has it.
    Applied,
    /// The files have it, the database does not.
    Pending,
    /// The database has it, but the file says something else by now.
    Changed,
    /// The database has it, the files do not.
    Missing,
    /// It is partially applied.
    Partial,
}

/// A migration as the files and the database know it.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Timestamp and words.
    pub name: &'a str,
    /// Where it stands.
    pub state: State,
    /// What the files say.
    pub planned: Option<&'a Migration>,
    /// What the database says.
    pub applied: Option<&'a Applied>,
    /// How far it came, where it is partially applied.
    pub unfinished: Option<&'a Unfinished>,
}

/// Every migration that the files or the database know, in the order of their names.
#[must_use]
pub fn entries<'a>(
    plan: &'a Plan,
    applied: &'a [Applied],
    unfinished: &'a [Unfinished],
) -> Vec<Entry<'a>> {
    let mut entries: std::collections::BTreeMap<&str, Entry<'a>> =
        std::collections::BTreeMap::new();
    let blank = |name| Entry {
        name,
        state: State::Pending,
        planned: None,
        applied: None,
        unfinished: None,
    };
    for migration in &plan.migrations {
        entries.entry(&migration.name).or_insert_with_key(|name| blank(name)).planned =
            Some(migration);
    }
    for row in applied {
        entries.entry(&row.name).or_insert_with_key(|name| blank(name)).applied = Some(row);
    }
    for row in unfinished {
        entries.entry(&row.name).or_insert_with_key(|name| blank(name)).unfinished = Some(row);
    }
    let generator = &plan.generator;
    let judged =
        entries.into_values().map(|entry| Entry { state: state_of(&entry, generator), ..entry });
    judged.collect()
}

fn state_of(entry: &Entry<'_>, generator: &str) -> State {
    match (entry.unfinished, entry.applied, entry.planned) {
        (Some(_), ..) => State::Partial,
        (None, Some(_), None) => State::Missing,
        (None, Some(applied), Some(planned)) if has_changed(applied, planned, generator) => {
            State::Changed
        }
        (None, Some(_), Some(_)) => State::Applied,
        (None, None, _) => State::Pending,
    }
}

/// A migration has changed only if what it does has, and a newer tool that renders the same
/// source another way does not explain it. Formatting and comments never count.
fn has_changed(applied: &Applied, planned: &Migration, generator: &str) -> bool {
    let another_tool = applied.generator != generator;
    let same_source = applied.source_digest == planned.source_digest;
    applied.checksum != planned.checksum() && !(same_source && another_tool)
}

/// A pending migration that is older than one which the database has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfOrder {
    /// The pending one.
    pub late: String,
    /// The newest that is applied.
    pub newest_applied: String,
}

/// Returns what `up` would apply, in order: everything pending, and what is partially applied.
///
/// A late migration could be allowed if it is unrelated to those applied after it.
/// The plan does not show this: an operation names the objects that are read for its inverse, not those
/// that it affects otherwise by a foreign key, an expression or the body of a view. So it is refused,
/// and its author decides.
///
/// # Errors
///
/// When one of them is older than a migration that is applied, unless that is allowed.
pub fn pending<'a>(
    entries: &[Entry<'a>],
    allow_out_of_order: bool,
) -> Result<Vec<&'a Migration>, OutOfOrder> {
    let newest = entries.iter().rev().find(|entry| entry.applied.is_some());
    let pending: Vec<_> =
        entries.iter().filter(|entry| entry.applied.is_none()).filter_map(|e| e.planned).collect();
    match (newest, pending.first()) {
        (Some(newest), Some(first)) if !allow_out_of_order && first.name.as_str() < newest.name => {
            Err(OutOfOrder { late: first.name.clone(), newest_applied: newest.name.to_owned() })
        }
        _ => Ok(pending),
    }
}

/// Returns how many of the applied migrations, in the order of applying, the database retains when it
/// is synchronized with the files: the longest prefix in which each matches its file, none was
/// being reverted, and none is newer than one that is missing.
#[must_use]
pub fn common(plan: &Plan, applied: &[Applied], unfinished: &[Unfinished]) -> usize {
    let planned: HashMap<_, _> = plan.migrations.iter().map(|m| (m.name.as_str(), m)).collect();
    let is_kept = |row: &&Applied| {
        let planned = planned.get(row.name.as_str());
        planned.is_some_and(|planned| !has_changed(row, planned, &plan.generator))
            && !unfinished.iter().any(|half| half.name == row.name)
    };
    let mut kept: Vec<_> = applied.iter().take_while(is_kept).collect();
    loop {
        let names: HashSet<_> = kept.iter().map(|row| row.name.as_str()).collect();
        let next = plan.migrations.iter().find(|m| !names.contains(m.name.as_str()));
        let Some(next) = next else { return kept.len() };
        let before = kept.iter().take_while(|row| row.name < next.name).count();
        if before == kept.len() {
            return before;
        }
        // Those that go with it are missing, too.
        kept.truncate(before);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn migration(name: &str, source: &str) -> Migration {
        Migration {
            name: name.to_owned(),
            file: format!("src/{name}.rs"),
            source_digest: source.to_owned(),
            irreversible: None,
            up: Vec::new(),
            down: None,
            files: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn applied(name: &str, source: &str, generator: &str) -> Applied {
        Applied {
            id: 1,
            name: name.to_owned(),
            applied_at: DateTime::UNIX_EPOCH,
            execution_time_ms: 1,
            checksum: "other".to_owned(),
            source_digest: source.to_owned(),
            generator: generator.to_owned(),
        }
    }

    fn plan(names: &[&str]) -> Plan {
        Plan {
            format: 1,
            generator: "2".to_owned(),
            hash: String::new(),
            migrations: names.iter().map(|name| migration(name, "same")).collect(),
        }
    }

    fn states(plan: &Plan, applied: &[Applied]) -> Vec<State> {
        entries(plan, applied, &[]).iter().map(|entry| entry.state).collect()
    }

    #[test]
    fn a_newer_tool_changes_nothing() {
        let plan = plan(&["1_a"]);
        assert_eq!(states(&plan, &[applied("1_a", "same", "1")]), [State::Applied]);
        assert_eq!(states(&plan, &[applied("1_a", "same", "2")]), [State::Changed]);
        assert_eq!(states(&plan, &[applied("1_a", "other", "1")]), [State::Changed]);
    }

    #[test]
    fn missing_and_pending() {
        let states =
            states(&plan(&["1_a", "3_c"]), &[applied("1_a", "same", "1"), applied("2_b", "", "1")]);
        assert_eq!(states, [State::Applied, State::Missing, State::Pending]);
    }

    #[test]
    fn what_files_and_database_have_in_common() {
        let row = |name: &&str| match name.strip_suffix('*') {
            Some(name) => Applied { source_digest: "other".to_owned(), ..applied(name, "", "2") },
            None => applied(name, "same", "1"),
        };
        let kept = |planned: &[&str], applied: &[&str]| {
            let applied: Vec<_> = applied.iter().map(row).collect();
            common(&plan(planned), &applied, &[])
        };
        assert_eq!(kept(&[], &[]), 0);
        assert_eq!(kept(&["1", "2"], &["1"]), 1);
        assert_eq!(kept(&["1", "2", "3"], &["1", "2", "3"]), 3);
        assert_eq!(kept(&["1", "2"], &["1", "2", "3"]), 2, "one without a file");
        assert_eq!(kept(&["1", "3"], &["1", "2", "3"]), 1, "and those after it");
        assert_eq!(kept(&["1", "2", "3"], &["1", "2*", "3"]), 1, "one that has changed");
        assert_eq!(kept(&["1", "2", "3"], &["1", "3"]), 1, "a late one");
        assert_eq!(kept(&["1", "2", "3"], &["1", "3", "2"]), 3, "a late one that was let through");
        assert_eq!(kept(&["1", "2", "3"], &["1", "3", "4", "2"]), 1, "and has to go");
    }

    #[test]
    fn a_late_migration_is_refused_unless_allowed() {
        let (plan, history) = (plan(&["1_a", "2_b", "3_c"]), [applied("2_b", "same", "1")]);
        let entries = entries(&plan, &history, &[]);
        let error = pending(&entries, false).unwrap_err();
        assert_eq!((error.late.as_str(), error.newest_applied.as_str()), ("1_a", "2_b"));
        let names: Vec<_> =
            pending(&entries, true).unwrap().iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["1_a", "3_c"]);
    }
}
