//! Whether a database has a history, and whether it is ours.

use std::collections::BTreeMap;

use migrate_dsl::quote_literal as literal;
use postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::schema::WITHOUT_SETTINGS;
use super::{History, HistoryError, Settings, completeness, journal, log, row};
use crate::plan::Fingerprint;

/// The columns by table.
type Columns = BTreeMap<String, Vec<String>>;

/// What a history has, in short.
///
/// ```no_run
/// use migrate_core::plan::{Fingerprint, Plan};
/// use migrate_core::{History, Session};
///
/// # fn is_applied(plan: &Plan, session: &mut Session) -> Result<bool, migrate_core::Error> {
/// let summary = History::default().summary(session)?;
/// let is_applied = summary.has_just(&Fingerprint::of_plan(&plan));
/// # Ok(is_applied)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HistorySummary {
    /// Nothing where there is no history.
    pub(crate) settings: Option<Settings>,
    /// Nothing of a history that an older version made.
    pub(super) counts: Option<Counts>,
}

#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// Of what is applied, in the order of applying.
    pub(super) applied: Fingerprint,
    /// How many migrations are partially applied.
    pub(super) unfinished: usize,
}

impl HistorySummary {
    /// The name under which the database is protected.
    #[must_use]
    pub fn protected(&self) -> Option<&str> {
        self.settings.as_ref()?.protected.as_deref()
    }

    /// Whether just the migrations of this fingerprint are applied, in their order, and none is partially applied.
    #[must_use]
    pub fn has_just(&self, migrations: &Fingerprint) -> bool {
        let counts = self.counts.as_ref();
        counts.is_some_and(|counts| counts.unfinished == 0 && counts.applied == *migrations)
    }
}

impl History {
    /// Returns the settings of the history that the database has, or none where it has none; its
    /// columns are checked to be ours.
    ///
    /// # Errors
    ///
    /// When a table of that name belongs to another tool or to a newer version of this one, or
    /// a query fails.
    pub fn find(&self, client: &mut Client) -> Result<Option<Settings>, HistoryError> {
        Ok(self.find_with(client, None)?.map(|(settings, _)| settings))
    }

    /// As [`summary`](Self::summary), where what is not as it should be is named.
    pub(super) fn find_summary(&self, client: &mut Client) -> Result<HistorySummary, HistoryError> {
        let sql = format!(
            "SELECT pg_catalog.count(*), pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to( \
             coalesce(pg_catalog.string_agg(name || ' ' || checksum || E'\\n', '' ORDER BY id), ''), 'UTF8')), 'hex'), \
             (SELECT pg_catalog.count(*) FROM {}) FROM {}",
            self.journal_table().quoted(),
            self.table.quoted(),
        );
        let (settings, counts) = self.find_with(client, Some(&sql))?.unzip();
        Ok(HistorySummary { settings, counts: counts.flatten() })
    }

    fn find_with(
        &self,
        client: &mut Client,
        summary: Option<&str>,
    ) -> Result<Option<(Settings, Option<Counts>)>, HistoryError> {
        let Some(found) = self.columns(client)? else { return Ok(None) };
        let settings = self.settings_table().name;
        let is_whole = |columns: &Vec<String>| {
            ["key", "value"].iter().all(|name| columns.iter().any(|column| column == name))
        };
        if let Some(columns) = found.get(settings.as_str())
            && !self.has_settings(&found)
        {
            is_ours(&self.settings_table(), columns, ["key", "value"])?;
        }
        if !found.get(settings.as_str()).is_some_and(is_whole) {
            let settings = completeness::check(self, &found, None)?;
            return Ok(Some((settings, None)));
        }
        // If the history is incomplete, the error names it, and nothing more is queried.
        let is_complete = self.is_complete(&found);
        let summary = summary.filter(|_| is_complete);
        let sql = [Some(self.select_settings().as_str()), summary]
            .map(Option::unwrap_or_default)
            .join(";\n");
        let messages = client.simple_query(&sql)?;
        let [settings, summary] = results(&messages);
        let pairs = settings
            .iter()
            .map(|row| (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default()));
        let settings = self.settings(pairs)?;
        let settings = completeness::check(self, &found, Some(settings))?;
        Ok(Some((settings, summary.first().copied().and_then(counts_of))))
    }

    /// The columns of the tables that are there, of which the history is one.
    fn columns(&self, client: &mut Client) -> Result<Option<Columns>, HistoryError> {
        let (history, settings) = (&self.table.name, self.settings_table().name);
        let names = [&self.schema, &settings].map(migrate_dsl::Identifier::problem);
        if let Some(problem) = names.into_iter().flatten().next() {
            return Err(HistoryError::Name { table: self.table.to_string(), problem });
        }
        let mut found = Columns::new();
        let mut is_suspect = false;
        for message in client.simple_query(&self.select_columns())? {
            if let SimpleQueryMessage::Row(row) = message {
                let text = |column| row.get(column).unwrap_or_default().to_owned();
                found.entry(text(0)).or_default().push(text(1));
                is_suspect |= row.get(2) == Some("t");
            }
        }
        if is_suspect {
            self.trusted(client)?;
        }
        let Some(columns) = found.get(history.as_str()) else {
            // The remains of a history are not the same as no history.
            let rest = if found.is_empty() { None } else { self.occupied(client)? };
            let rest = rest.filter(|it| matches!(it, HistoryError::Occupied { is_rest: true, .. }));
            return rest.map_or(Ok(None), Err);
        };
        // Beside the tables that go with it, it is ours, whatever was done to it.
        if ![self.log_table(), self.journal_table()]
            .iter()
            .any(|it| found.contains_key(it.name.as_str()))
        {
            is_ours(&self.table, columns, row::COLUMNS.iter().map(|column| column.name))?;
        }
        Ok(Some(found))
    }

    /// Returns SQL for the columns of the existing tables, and whether another role might have made them.
    /// Tables of the current role, or of an administrator, need no closer look before they are read.
    pub(super) fn select_columns(&self) -> String {
        format!(
            "SELECT c.relname, a.attname, c.relkind <> 'r' OR c.relhasrules OR c.relrowsecurity \
             OR c.relhassubclass OR c.relowner NOT IN (SELECT oid FROM pg_catalog.pg_roles \
             WHERE rolname = current_user OR rolsuper UNION ALL \
             SELECT datdba FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database()) AS is_suspect \
             FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname IN ({}) AND a.attnum > 0 \
             AND NOT a.attisdropped ORDER BY a.attnum",
            literal(self.schema.as_str()),
            self.names(),
        )
    }

    /// Whether there are all columns of all tables.
    fn is_complete(&self, found: &Columns) -> bool {
        let tables = [
            (self.table.clone(), row::COLUMNS),
            (self.log_table(), log::COLUMNS),
            (self.journal_table(), journal::COLUMNS),
        ];
        tables.iter().all(|(table, columns)| {
            let has = found.get(table.name.as_str());
            columns
                .iter()
                .all(|column| has.is_some_and(|has| has.iter().any(|it| it == column.name)))
        })
    }

    /// Whether these columns by table are of a version that has made its settings: the table of that
    /// name is ours then.
    fn has_settings(&self, found: &Columns) -> bool {
        [(self.log_table(), log::COLUMNS), (self.journal_table(), journal::COLUMNS)].iter().any(
            |(table, columns)| {
                let later = columns.iter().filter(|column| column.since > WITHOUT_SETTINGS);
                let has = found.get(table.name.as_str());
                later
                    .into_iter()
                    .any(|column| has.is_some_and(|has| has.iter().any(|it| it == column.name)))
            },
        )
    }
}

/// The rows of two statements.
fn results(messages: &[SimpleQueryMessage]) -> [Vec<&SimpleQueryRow>; 2] {
    let mut results = [Vec::new(), Vec::new()];
    let mut number = 0;
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) if number < results.len() => results[number].push(row),
            SimpleQueryMessage::CommandComplete(_) => number += 1,
            _ => {}
        }
    }
    results
}

fn counts_of(row: &SimpleQueryRow) -> Option<Counts> {
    let applied =
        Fingerprint { migrations: row.get(0)?.parse().ok()?, digest: row.get(1)?.to_owned() };
    Some(Counts { applied, unfinished: row.get(2)?.parse().ok()? })
}

/// Refuses a table that lacks one of our columns.
fn is_ours<'a>(
    table: &migrate_dsl::Name,
    found: &[String],
    ours: impl IntoIterator<Item = &'a str>,
) -> Result<(), HistoryError> {
    let missing = ours.into_iter().find(|name| !found.iter().any(|column| column == name));
    let Some(missing) = missing else { return Ok(()) };
    Err(HistoryError::Foreign {
        table: table.to_string(),
        missing: missing.to_owned(),
        columns: found.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    })
}
