//! What holds for a database: the version of the history's tables, its protection.

use migrate_dsl::{Identifier, Name, quote_literal as literal};
use postgres::{Client, SimpleQueryMessage};

use super::schema::{VERSION, WITHOUT_SETTINGS};
use super::{History, HistoryError};

/// What holds for a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The version that the tables of the history have.
    pub version: usize,
    /// The name under which the database is protected.
    pub protected: Option<String>,
}

impl Settings {
    /// Whether the tables lack what newer ones have.
    pub(crate) fn is_older(&self) -> bool {
        self.version < VERSION
    }
}

/// The setting that protects a database.
const PROTECTED: &str = "protected";

impl History {
    /// Reads the settings, in one round trip.
    pub(super) fn settings(&self, client: &mut Client) -> Result<Settings, HistoryError> {
        let sql = format!("SELECT key, value FROM {}", self.settings_table().quoted());
        let mut settings = Settings { version: WITHOUT_SETTINGS + 1, protected: None };
        for message in client.simple_query(&sql)? {
            let SimpleQueryMessage::Row(row) = message else { continue };
            let value = row.get(1).unwrap_or_default();
            match row.get(0) {
                Some("version") => match value.parse() {
                    Ok(version) if version <= VERSION => settings.version = version,
                    _ => {
                        return Err(HistoryError::Newer {
                            table: self.table.to_string(),
                            found: value.to_owned(),
                            known: VERSION,
                        });
                    }
                },
                Some(PROTECTED) => settings.protected = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok(settings)
    }

    /// Sets a setting.
    pub(super) fn set(&self, key: &str, value: &str) -> String {
        format!(
            "INSERT INTO {} (key, value) VALUES ({}, {}) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            self.settings_table().quoted(),
            literal(key),
            literal(value),
        )
    }

    /// Protects the database under a name, or no longer.
    pub(crate) fn protect(&self, name: Option<&str>) -> String {
        match name {
            Some(name) => self.set(PROTECTED, name),
            None => {
                let table = self.settings_table().quoted();
                format!("DELETE FROM {table} WHERE key = {}", literal(PROTECTED))
            }
        }
    }
}

/// The names under which a database is protected, by whatever histories it has: what destroys the
/// whole of it must not depend on which history is asked about.
///
/// # Errors
///
/// When the server cannot be asked.
pub fn protections(client: &mut Client) -> Result<Vec<String>, HistoryError> {
    let tables = client.query(
        "SELECT n.nspname::text, s.relname::text FROM pg_catalog.pg_class s \
         JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace \
         WHERE s.relname LIKE '%\\_settings' AND s.relkind = 'r' AND 2 = ( \
         SELECT count(*) FROM pg_catalog.pg_class o WHERE o.relnamespace = s.relnamespace \
         AND o.relname IN (pg_catalog.regexp_replace(s.relname, 'settings$', 'log'), \
         pg_catalog.regexp_replace(s.relname, 'settings$', 'journal'))) AND 2 = ( \
         SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = s.oid \
         AND a.attname IN ('key', 'value') AND NOT a.attisdropped) ORDER BY 1, 2",
        &[],
    )?;
    let mut names = Vec::new();
    for row in tables {
        let (schema, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let table = Name::from((Identifier::from(schema), Identifier::from(table))).quoted();
        let sql = format!("SELECT value::text FROM {table} WHERE key::text = $1");
        for row in client.query(&sql, &[&PROTECTED])? {
            names.push(row.try_get(0)?);
        }
    }
    Ok(names)
}
