//! Whether a history has all of its tables, columns and settings, and whether their names are free
//! where there is none.

use std::collections::BTreeMap;

use migrate_dsl::Name;
use postgres::Client;

use super::columns::{Column, restore_column};
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
    let has = |table: &Name, column: Option<&str>| {
        let columns = found.get(table.name.as_str());
        columns.is_some_and(|columns| {
            column.is_none_or(|column| columns.iter().any(|found| found == column))
        })
    };
    let (log, journal) = (history.log_table(), history.journal_table());
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
    let mut missing = Missing::default();
    for table in [&log, &journal].into_iter().filter(|table| !has(table, None)) {
        missing.table(history, table);
    }
    let mut read = Settings { version: shown, protected: None };
    let protection_lost = match settings {
        None if shown > WITHOUT_SETTINGS || !missing.problems.is_empty() => {
            missing.settings(history, has(&history.settings_table(), None));
            true
        }
        None => false,
        Some((version, protected)) => {
            read.protected = protected;
            read.version = missing.version(history, version, shown);
            version.is_none() && read.protected.is_none() && !missing.problems.is_empty()
        }
    };
    for (table, column) in not_there.iter().filter(|(_, column)| column.since <= read.version) {
        // The journal has no rows as a rule; where it has, the server refuses to guess.
        missing.column(table, column, **table == journal);
    }
    missing.or(read, history, protection_lost)
}

/// What is missing, and what completes it.
#[derive(Default)]
struct Missing {
    problems: Vec<String>,
    remedy: Vec<String>,
    /// Whether it cannot be completed: nobody knows what rows had in a column.
    is_lost: bool,
}

impl Missing {
    fn table(&mut self, history: &History, table: &Name) {
        self.problems.push(format!("the table `{table}` is missing"));
        self.remedy.extend(history.steps_of(table));
    }

    /// The settings: the table, or one of its columns.
    fn settings(&mut self, history: &History, is_there: bool) {
        let settings = history.settings_table();
        if is_there {
            self.problems.push(format!("`{settings}` lacks a column"));
            self.remedy.push(format!("DROP TABLE {}", settings.quoted()));
            self.remedy.extend(history.steps_of(&settings));
        } else {
            self.table(history, &settings);
        }
        self.set_version(history);
    }

    /// The version of the tables, given the one in the settings and what the columns show.
    fn version(&mut self, history: &History, told: Option<usize>, shown: usize) -> usize {
        let settings = history.settings_table();
        match told {
            // Early ones did not tell it.
            None if shown <= WITHOUT_SETTINGS + 1 => WITHOUT_SETTINGS + 1,
            None => {
                self.problems.push(format!("`{settings}` has no row `version`"));
                self.set_version(history);
                shown
            }
            Some(told) if told < shown => {
                self.problems.push(format!(
                    "`version` in `{settings}` is {told}, and the tables are of version {shown}"
                ));
                self.set_version(history);
                shown
            }
            Some(told) => told,
        }
    }

    fn set_version(&mut self, history: &History) {
        self.remedy.push(history.set("version", &VERSION.to_string()));
    }

    fn column(&mut self, table: &Name, column: &Column, may_guess: bool) {
        self.problems.push(format!("`{table}` has no column `{}`", column.name));
        self.is_lost |= !column.can_be_restored() && !may_guess;
        self.remedy.extend(restore_column(table, column));
    }

    /// The settings where nothing is missing.
    fn or(
        self,
        settings: Settings,
        history: &History,
        protection_lost: bool,
    ) -> Result<Settings, HistoryError> {
        let Self { problems, remedy, is_lost } = self;
        if problems.is_empty() {
            return Ok(settings);
        }
        let remedy = if is_lost { Vec::new() } else { remedy };
        let table = history.table().to_string();
        Err(HistoryError::Incomplete { table, problems, remedy, protection_lost })
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
