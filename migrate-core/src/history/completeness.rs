//! Whether a history has all of its tables, columns and settings, and whether their names are free
//! where there is none.

use std::collections::BTreeMap;

use migrate_dsl::Name;
use postgres::Client;

use super::columns::{Column, restore_column};
use super::schema::WITHOUT_SETTINGS;
use super::{History, HistoryError, Settings, journal, log, row};

/// Returns the settings of a history, given its columns by table and its settings: the version, and
/// the name under which the database is protected.
///
/// # Errors
///
/// When part of the history is missing.
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
    let has_table = has(&history.settings_table(), None);
    let mut read = Settings { version: shown, protected: None, has_table };
    let protection_lost = match settings {
        None if shown > WITHOUT_SETTINGS || !missing.problems.is_empty() => {
            missing.settings(history, has_table);
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
    /// Whether it cannot be completed: the values that rows had in a column are unknown.
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
        self.remedy.push(history.set_version());
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
            None => self.function_is_free(client, "created"),
        }
    }

    /// Reports the relations that have the names of the tables, where there is no history.
    pub(super) fn occupied(
        &self,
        client: &mut Client,
    ) -> Result<Option<HistoryError>, postgres::Error> {
        let found = self.occupants(client, &self.names())?;
        let is_rest = found.iter().all(|(_, is_table)| *is_table) && found.len() == 3;
        let by: Vec<_> = found.into_iter().map(|(what, _)| what).collect();
        Ok((!by.is_empty()).then(|| self.occupied_by(by, "created", is_rest)))
    }

    pub(super) fn occupied_by(
        &self,
        by: Vec<String>,
        what: &'static str,
        is_rest: bool,
    ) -> HistoryError {
        HistoryError::Occupied { table: self.table().to_string(), what, by, is_rest }
    }

    /// Returns the relations with these names (a list of SQL literals), and whether each is a table.
    pub(super) fn occupants(
        &self,
        client: &mut Client,
        names: &str,
    ) -> Result<Vec<(String, bool)>, postgres::Error> {
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
             WHERE nspname = $1 AND name IN ({names}) ORDER BY 1"
        );
        let found = client.query(&sql, &[&self.schema.as_str()])?;
        found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// Refuses to replace the function that keeps the log where something besides the log uses it.
    pub(super) fn function_is_free(
        &self,
        client: &mut Client,
        what: &'static str,
    ) -> Result<(), HistoryError> {
        let sql = "SELECT pg_catalog.format('the function `%s` (owner `%s`), which %s uses,', \
             p.oid::pg_catalog.regprocedure, pg_catalog.pg_get_userbyid(proowner), \
             pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0), ' and ')) \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace \
             JOIN pg_catalog.pg_depend d ON refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
             AND refobjid = p.oid \
             WHERE nspname = $1 AND proname = $2 AND pronargs = 0 \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = d.objid \
             AND d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND tgname = 'kept' \
             AND tgrelid = pg_catalog.to_regclass($3)) GROUP BY p.oid, proowner";
        let (function, log) = (self.log_function(), self.log_table().quoted());
        let names = [self.schema.as_str(), function.name.as_str(), &log];
        match client.query_opt(sql, &[&names[0], &names[1], &names[2]])? {
            Some(row) => Err(self.occupied_by(vec![row.try_get(0)?], what, false)),
            None => Ok(()),
        }
    }
}
