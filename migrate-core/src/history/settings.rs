//! What holds for a database: the version of the history's tables, its protection.

use crate::connect::permission::TRUSTED_ROLES;
use migrate_dsl::{Identifier, Name, quote_literal as literal};
use postgres::Client;

use super::schema::VERSION;
use super::{Action, History, HistoryError, Outcome};

/// What holds for a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The version that the tables of the history have.
    pub version: usize,
    /// The name under which the database is protected.
    pub protected: Option<String>,
    /// Whether they were read from a table.
    pub(super) has_table: bool,
}

impl Settings {
    /// Whether the tables lack what newer ones have.
    pub(crate) fn is_older(&self) -> bool {
        self.version < VERSION
    }
}

/// The setting that protects a database.
pub(super) const PROTECTED: &str = "protected";

impl History {
    /// Returns SQL that reads the settings.
    pub(super) fn select_settings(&self) -> String {
        format!("SELECT key, value FROM {}", self.settings_table().quoted())
    }

    /// Reads the settings from keys and values; they may not tell the version.
    pub(super) fn settings<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Option<usize>, Option<String>), HistoryError> {
        let (mut told, mut protected) = (None, None);
        for (key, value) in pairs {
            match key {
                "version" => match value.parse() {
                    Ok(version) if version <= VERSION => told = Some(version),
                    _ => {
                        return Err(HistoryError::Newer {
                            table: self.table.to_string(),
                            found: value.to_owned(),
                            known: VERSION,
                        });
                    }
                },
                PROTECTED => protected = Some(value.to_owned()),
                _ => {}
            }
        }
        Ok((told, protected))
    }

    /// Refuses to continue without the protection that the log, in its last entry on it, records.
    ///
    /// # Errors
    ///
    /// When there is one, or a query fails.
    pub(crate) fn check_protection(&self, client: &mut Client) -> Result<(), HistoryError> {
        // A restore leaves the protection unchanged, which the log does not record.
        let sql = format!(
            "SELECT name, action FROM {} WHERE action IN ({}, {}, {}) AND outcome = {} \
             ORDER BY at DESC, id DESC LIMIT 1",
            self.log_table().quoted(),
            literal(Action::Protect.as_str()),
            literal(Action::Unprotect.as_str()),
            literal(Action::Restore.as_str()),
            literal(Outcome::Done.as_str()),
        );
        let rows = client.query_typed(&sql, &[])?;
        let Some(row) = rows.first() else { return Ok(()) };
        if row.try_get::<_, &str>(1)? != Action::Protect.as_str() {
            return Ok(());
        }
        let name: String = row.try_get(0)?;
        let settings = self.settings_table();
        Err(HistoryError::Incomplete {
            table: self.table.to_string(),
            problems: vec![format!(
                "`{settings}` has no row `{PROTECTED}`, and the log tells that the database is \
                 protected as `{name}`"
            )],
            remedy: vec![self.protect(Some(&name))],
            protection_lost: false,
        })
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

/// Returns the tables with settings of all histories in a database. Any role may make a table that
/// looks like one: of those that fulfil `safe`, no code of their owner is called.
pub(super) fn all_settings(safe: &str) -> String {
    format!(
        "WITH RECURSIVE {TRUSTED_ROLES} \
         SELECT n.nspname::text AS schema, s.relname::text AS name FROM pg_catalog.pg_class s \
         JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace \
         WHERE s.relname LIKE '%\\_settings' AND s.relkind = 'r' AND NOT s.relhasrules \
         AND ({safe}) AND 2 = ( \
         SELECT count(*) FROM pg_catalog.pg_class o WHERE o.relnamespace = s.relnamespace \
         AND o.relname IN (pg_catalog.regexp_replace(s.relname, 'settings$', 'log'), \
         pg_catalog.regexp_replace(s.relname, 'settings$', 'journal'))) AND 2 = ( \
         SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = s.oid \
         AND a.attname IN ('key', 'value') AND a.atttypid = 'text'::pg_catalog.regtype \
         AND NOT a.attisdropped) ORDER BY 1, 2"
    )
}

/// Policies are called by reading.
const TO_READ: &str = "NOT s.relrowsecurity OR s.relowner IN (SELECT role FROM trusted)";
/// The name of a protected database, given by a user who intends to destroy data in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The name.
    pub name: String,
    /// Where it was given: a flag, a variable.
    pub origin: String,
}

/// Returns the names under which a database is protected, by any of its histories: a command that
/// destroys the whole of it must not depend on which history is queried.
///
/// # Errors
///
/// When a query fails.
pub(crate) fn protections(client: &mut Client) -> Result<Vec<(History, String)>, HistoryError> {
    let mut protections = Vec::new();
    for row in client.query(&all_settings(TO_READ), &[])? {
        let (schema, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let history = table.strip_suffix("_settings").unwrap_or(&table);
        let history = History::new(schema.as_str(), history);
        let table = Name::from((Identifier::from(schema), Identifier::from(table))).quoted();
        let sql = format!("SELECT value::text FROM ONLY {table} WHERE key::text = $1");
        for row in client.query(&sql, &[&PROTECTED])? {
            protections.push((history.clone(), row.try_get(0)?));
        }
    }
    Ok(protections)
}
