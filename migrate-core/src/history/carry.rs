//! Carries the log and the protection over a restore: a backup brings back the data of its
//! time, but what was done to the database since then was done all the same.
//!
//! The line about the restore comes first, followed by the lines that the backup does not have, with
//! the times at which they were written. A reader of the log recognizes them: their ids are higher
//! than that of a restore, and their times are earlier.

use migrate_dsl::{Identifier, Name, quote_literal as literal};
use postgres::Client;

use super::log::newest_column;
use super::schema::WITHOUT_SETTINGS;
use super::settings::{PROTECTED, all_settings};
use super::{Action, Actor, History, HistoryError, Line, TRANSACTION_MS};

/// The log beside it is read as a whole.
const TO_READ_THE_LOG: &str = "s.relowner IN (SELECT role FROM trusted) \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_class o WHERE o.relnamespace = s.relnamespace \
     AND o.relname = pg_catalog.regexp_replace(s.relname, 'settings$', 'log') \
     AND (o.relkind <> 'r' OR o.relhasrules OR o.relrowsecurity \
     OR o.relowner NOT IN (SELECT role FROM trusted)))";
/// Triggers are called by writing.
const TO_WRITE: &str = "NOT s.relhastriggers AND s.relowner IN (SELECT role FROM trusted)";

/// The lines of a log, as JSON.
#[derive(Debug, Clone)]
pub(crate) struct CarriedLog {
    pub(crate) history: History,
    lines: String,
}

/// The logs of all histories that a database has, but for those that are empty.
///
/// # Errors
///
/// When a query fails.
pub(crate) fn logs(client: &mut Client) -> Result<Vec<CarriedLog>, HistoryError> {
    let mut logs = Vec::new();
    for row in client.query(&all_settings(TO_READ_THE_LOG), &[])? {
        let (schema, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let history = table.strip_suffix("_settings").unwrap_or(&table);
        let history = History::new(Identifier::from(schema), Identifier::from(history));
        let sql = format!(
            "SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(l) ORDER BY l.id)::pg_catalog.text \
             FROM ONLY {} l",
            history.log_table().quoted()
        );
        if let Some(lines) = client.query_one(&sql, &[])?.try_get(0)? {
            logs.push(CarriedLog { history, lines });
        }
    }
    Ok(logs)
}

impl CarriedLog {
    /// SQL that adds, to the log that came with the backup or to a new one, that `database` was
    /// restored, and the lines that are not in it.
    pub(crate) fn restored(&self, actor: &Actor, database: &str, message: &str) -> String {
        let log = self.history.log_table().quoted();
        let schema = literal(self.history.schema.as_str());
        let restored = Line::done(Action::Restore, database).took(TRANSACTION_MS).message(message);
        let create = self.history.steps_to_create().collect::<Vec<_>>().join(";\n");
        let body = format!(
            "DECLARE columns text; BEGIN\n\
             IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = {schema}) THEN \
             CREATE SCHEMA {}; END IF;\n\
             IF pg_catalog.to_regclass({}) IS NULL THEN EXECUTE {}; END IF;\n\
             IF pg_catalog.to_regclass({}) IS NULL THEN RETURN; END IF;\n\
             IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) \
             AND attname = {}) THEN {}; ELSE {}; END IF;\n\
             SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ') INTO columns \
             FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) \
             AND attnum > 0 AND NOT attisdropped AND attname <> 'id';\n\
             EXECUTE pg_catalog.format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM \
             pg_catalog.jsonb_populate_recordset(NULL::%1$s, $1) r WHERE NOT EXISTS (SELECT \
             FROM %1$s l WHERE l.at = r.at AND l.action = r.action AND l.name = r.name) \
             ORDER BY r.id', {}, columns) USING {}::pg_catalog.jsonb;\nEND",
            self.history.schema.quoted(),
            literal(&self.history.table().quoted()),
            literal(&create),
            literal(&log),
            literal(&log),
            literal(newest_column()),
            self.history.log(actor, restored.clone()),
            self.history.log_of_version(WITHOUT_SETTINGS, actor, restored),
            literal(&log),
            literal(&log),
            literal(&self.lines),
        );
        format!("DO {};\n", literal(&body))
    }
}

/// SQL that protects a database as it [was protected](super::protections), and not otherwise, whatever
/// histories it has by now.
pub(crate) fn protect_as_before(protections: &[(History, String)]) -> String {
    let mut body = format!(
        "DECLARE found record; BEGIN\nFOR found IN {} LOOP \
         EXECUTE pg_catalog.format('DELETE FROM %I.%I WHERE key::text = %L', \
         found.schema, found.name, {}); END LOOP;\n",
        all_settings(TO_WRITE),
        literal(PROTECTED)
    );
    for (history, name) in protections {
        let is_missing =
            |table: Name| format!("pg_catalog.to_regclass({}) IS NULL", literal(&table.quoted()));
        let execute = |steps: Vec<String>| format!("EXECUTE {}", literal(&steps.join(";\n")));
        body += &format!(
            "CREATE SCHEMA IF NOT EXISTS {};\nIF {} THEN {}; ELSIF {} THEN {}; END IF;\n{};\n",
            history.schema.quoted(),
            is_missing(history.table.clone()),
            execute(history.steps_to_create().collect()),
            is_missing(history.settings_table()),
            execute(history.steps_to_upgrade(WITHOUT_SETTINGS, None).collect()),
            history.protect(Some(name)),
        );
    }
    format!("DO {};\n", literal(&(body + "END")))
}
