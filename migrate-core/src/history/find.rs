//! Whether a database has a history, and whether it is ours.

use std::collections::BTreeMap;

use migrate_dsl::quote_literal as literal;
use postgres::{Client, SimpleQueryMessage};

use super::schema::WITHOUT_SETTINGS;
use super::{History, HistoryError, Settings, completeness, journal, log, row};

impl History {
    /// The settings of the history that the database has, or nothing where it has none; its
    /// columns are checked to be ours.
    ///
    /// # Errors
    ///
    /// When a table of that name belongs to something else or to a newer version of this tool, or
    /// the server cannot be asked.
    pub fn find(&self, client: &mut Client) -> Result<Option<Settings>, HistoryError> {
        let (history, settings) = (&self.table.name, self.settings_table().name);
        let names = [&self.schema, &settings].map(migrate_dsl::Identifier::problem);
        if let Some(problem) = names.into_iter().flatten().next() {
            return Err(HistoryError::Name { table: self.table.to_string(), problem });
        }
        // Every command asks this, so it is one message, and not two. What is plainly the current
        // role's own, or an administrator's, needs no closer look to be read.
        let sql = format!(
            "SELECT c.relname, a.attname, c.relkind <> 'r' OR c.relhasrules OR c.relrowsecurity \
             OR c.relhassubclass OR c.relowner NOT IN (SELECT oid FROM pg_catalog.pg_roles \
             WHERE rolname = current_user OR rolsuper UNION ALL \
             SELECT datdba FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database()) \
             FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname IN ({}) AND a.attnum > 0 \
             AND NOT a.attisdropped ORDER BY a.attnum",
            literal(self.schema.as_str()),
            self.names(),
        );
        let mut found = BTreeMap::<String, Vec<String>>::new();
        let mut is_suspect = false;
        for message in client.simple_query(&sql)? {
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
            // What is left of a history is not none.
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
        let is_whole = |columns: &Vec<String>| {
            ["key", "value"].iter().all(|name| columns.iter().any(|column| column == name))
        };
        if let Some(columns) = found.get(settings.as_str())
            && !self.has_settings(&found)
        {
            is_ours(&self.settings_table(), columns, ["key", "value"])?;
        }
        let kept = match found.get(settings.as_str()).is_some_and(is_whole) {
            true => Some(self.settings(client)?),
            false => None,
        };
        completeness::check(self, &found, kept).map(Some)
    }

    /// Whether these columns by table are of a version that has made its settings: the table of that
    /// name is ours then.
    fn has_settings(&self, found: &BTreeMap<String, Vec<String>>) -> bool {
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
