//! Whether a history has all of its tables, columns and settings, and whether their names are free
//! where there is none.

use std::collections::BTreeMap;

use postgres::Client;

use super::columns::restore_column;
use super::schema::{VERSION, WITHOUT_SETTINGS};
use super::{History, HistoryError, Settings, journal, log, row};

/// What is known of a history, of which these are the columns by table, and these the settings: the
/// version, and the name under which the database is protected.
///
/// # Errors
///
/// When something of it is missing.
pub(super) fn check(
    history: &History,
    found: &BTreeMap<String, Vec<String>>,
    settings: Option<(Option<usize>, Option<String>)>,
) -> Result<Settings, HistoryError> {
    let has = |table: &migrate_dsl::Name, column: Option<&str>| {
        let columns = found.get(table.name.as_str());
        columns.is_some_and(|columns| {
            column.is_none_or(|column| columns.iter().any(|found| found == column))
        })
    };
    let (log, journal) = (history.log_table(), history.journal_table());
    let kept = history.settings_table();
    let tables =
        [(&journal, journal::COLUMNS), (&log, log::COLUMNS), (history.table(), row::COLUMNS)];
    let columns = tables
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(move |column| (*table, column)))
        .filter(|(table, _)| has(table, None));
    let (there, not_there): (Vec<_>, Vec<_>) =
        columns.partition(|(table, column)| has(table, Some(column.name)));
    // What the columns show, whatever the settings say.
    let shown = there.iter().map(|(_, column)| column.since).max().unwrap_or(WITHOUT_SETTINGS);
    let mut problems = Vec::new();
    let mut remedy = Vec::new();
    let missing = |table: &migrate_dsl::Name| format!("the table `{table}` is missing");
    for table in [&log, &journal].into_iter().filter(|table| !has(table, None)) {
        problems.push(missing(table));
        remedy.extend(history.steps_of(table));
    }
    let set_version = history.set("version", &VERSION.to_string());
    let mut version = shown;
    let mut is_lost = false;
    let mut protected = None;
    let protection_lost = match settings {
        None if shown > WITHOUT_SETTINGS || !problems.is_empty() => {
            let is_there = has(&kept, None);
            problems.push(match is_there {
                true => format!("`{kept}` lacks a column"),
                false => missing(&kept),
            });
            remedy.extend(is_there.then(|| format!("DROP TABLE {}", kept.quoted())));
            remedy.extend(history.steps_of(&kept));
            remedy.push(set_version);
            true
        }
        None => false,
        Some((told, name)) => {
            protected = name;
            match told {
                // Early ones did not tell it.
                None if shown < VERSION => version = WITHOUT_SETTINGS + 1,
                None => {
                    problems.push(format!("`{kept}` has no row `version`"));
                    remedy.push(set_version);
                }
                Some(told) if told < shown => {
                    problems.push(format!(
                        "`version` in `{kept}` is {told}, and the tables are of version {shown}"
                    ));
                    remedy.push(set_version);
                }
                Some(told) => version = told,
            }
            told.is_none() && protected.is_none() && !problems.is_empty()
        }
    };
    for (table, column) in not_there.into_iter().filter(|(_, column)| column.since <= version) {
        problems.push(format!("`{table}` has no column `{}`", column.name));
        // The journal has no rows as a rule; where it has, the server refuses to guess.
        is_lost |= !column.can_be_restored() && *table != journal;
        remedy.extend(restore_column(table, column));
    }
    if is_lost {
        remedy.clear();
    }
    match problems.is_empty() {
        true => Ok(Settings { version, protected }),
        false => Err(HistoryError::Incomplete {
            table: history.table().to_string(),
            problems,
            remedy,
            protection_lost,
        }),
    }
}

impl History {
    /// Refuses to create the tables where something else has their names.
    pub(super) fn names_are_free(&self, client: &mut Client) -> Result<(), HistoryError> {
        match self.occupied(client)? {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// What has the names of the tables, where there is no history.
    pub(super) fn occupied(
        &self,
        client: &mut Client,
    ) -> Result<Option<HistoryError>, postgres::Error> {
        let sql = format!(
            "SELECT pg_catalog.format('%s `%s.%s` (owner `%s`)', what, nspname, name, \
                    pg_catalog.pg_get_userbyid(owner)), what = 'the table' \
             FROM (SELECT CASE relkind WHEN 'r' THEN 'the table' WHEN 'p' THEN 'the partitioned table' \
                               WHEN 'v' THEN 'the view' WHEN 'm' THEN 'the materialized view' \
                               WHEN 'S' THEN 'the sequence' WHEN 'i' THEN 'the index' \
                               WHEN 'c' THEN 'the type' ELSE 'the relation' END AS what, \
                          relnamespace AS namespace, relname AS name, relowner AS owner \
                   FROM pg_catalog.pg_class \
                   UNION ALL \
                   SELECT 'the type', typnamespace, typname, typowner FROM pg_catalog.pg_type \
                   WHERE typrelid = 0) AS named \
             JOIN pg_catalog.pg_namespace n ON n.oid = namespace \
             WHERE nspname = $1 AND name IN ({}) ORDER BY 1",
            self.names()
        );
        let found = client.query(&sql, &[&self.schema.as_str()])?;
        let by: Vec<String> = found.iter().map(|row| row.get(0)).collect();
        let is_rest = found.iter().all(|row| row.get(1)) && found.len() == 3;
        let table = self.table().to_string();
        Ok((!by.is_empty()).then_some(HistoryError::Occupied { table, by, is_rest }))
    }
}
