//! The tables: how they are made and brought up to date.

use migrate_dsl::{Name, quote_literal as literal};
use postgres::Client;

use super::columns::{add_columns, create_table, newest};
use super::{History, HistoryError, journal, log, row};
use crate::connect::search_path::LEAVE_TRUSTED;

/// The version of the tables: that of their newest column, which a number in the settings tells.
pub(super) const VERSION: usize = newest(&[row::COLUMNS, log::COLUMNS, journal::COLUMNS]);

/// The version of tables that have no settings to tell it.
pub(super) const WITHOUT_SETTINGS: usize = 1;

/// A statement that makes a part of the tables.
struct Step {
    /// The version that brought it.
    version: usize,
    table: Name,
    sql: String,
}

/// SQL for a history that stays local where Citus is, whatever the cluster does with other tables and
/// schemas: in its metadata, an identity column starts again.
const STAY_LOCAL: &str = "SELECT pg_catalog.set_config(name, 'off', true) \
     FROM pg_catalog.pg_settings WHERE setting = 'on' AND name IN \
     ('citus.use_citus_managed_tables', 'citus.enable_schema_based_sharding')";

impl History {
    /// Creates the tables, and the schema if it does not exist: all or nothing.
    ///
    /// # Errors
    ///
    /// When the role lacks a privilege, or a query fails.
    pub fn create(&self, client: &mut Client) -> Result<(), HistoryError> {
        let schema_exists = client
            .query_opt(
                "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
                &[&self.schema.as_str()],
            )?
            .is_some();
        if schema_exists {
            self.names_are_free(client)?;
        }
        let mut sql = Vec::new();
        if !schema_exists {
            sql.push(format!("CREATE SCHEMA {}", self.schema.quoted()));
        }
        sql.extend(self.steps_to_create());
        in_transaction(client, sql)
    }

    /// Returns the steps that create the tables. A new history goes through all steps, an older one
    /// through those that it has not seen, so that both end up the same. A column carries its own step;
    /// steps are added, never changed.
    fn steps(&self) -> Vec<Step> {
        let tables = [
            (self.table.clone(), row::COLUMNS),
            (self.log_table(), log::COLUMNS),
            (self.journal_table(), journal::COLUMNS),
        ];
        let mut steps = Vec::new();
        for version in 1..=VERSION {
            for (table, columns) in &tables {
                let sql = match version {
                    1 => vec![create_table(table, columns)],
                    _ => add_columns(table, *columns, version),
                };
                let step = |sql| Step { version, table: table.clone(), sql };
                steps.extend(sql.into_iter().map(step));
            }
            steps.extend(self.more_steps(version));
        }
        steps
    }

    /// Returns what a version has added besides columns.
    fn more_steps(&self, version: usize) -> Vec<Step> {
        let (log, journal, settings) =
            (self.log_table(), self.journal_table(), self.settings_table());
        let step = |table: &Name, sql| Step { version, table: table.clone(), sql };
        match version {
            2 => vec![
                step(&log, self.create_log_function()),
                step(&log, self.create_log_trigger()),
                step(
                    &settings,
                    format!(
                        "CREATE TABLE {} (key pg_catalog.text PRIMARY KEY, \
                         value pg_catalog.text NOT NULL)",
                        settings.quoted()
                    ),
                ),
            ],
            3 => vec![step(
                &journal,
                format!(
                    "ALTER TABLE {} ALTER COLUMN started_at SET DEFAULT pg_catalog.now()",
                    journal.quoted()
                ),
            )],
            _ => Vec::new(),
        }
    }

    /// Returns the statements that create the tables where there are none.
    pub(super) fn steps_to_create(&self) -> impl Iterator<Item = String> {
        self.steps().into_iter().map(|step| step.sql).chain([self.set_version()])
    }

    /// Returns the statements that upgrade tables of this version, except for an existing table.
    pub(super) fn steps_to_upgrade(
        &self,
        version: usize,
        there: Option<&Name>,
    ) -> impl Iterator<Item = String> {
        let log = self.log_table().quoted();
        // It may be there whatever the version says, and then the function cannot be dropped.
        let first = format!("DROP TRIGGER IF EXISTS kept ON {log}");
        let mut steps = self.steps();
        steps.retain(|step| step.version > version && Some(&step.table) != there);
        let steps = steps.into_iter().map(|step| step.sql).chain([self.set_version()]);
        (version <= WITHOUT_SETTINGS).then_some(first).into_iter().chain(steps)
    }

    /// Sets the version to that of this program.
    pub(super) fn set_version(&self) -> String {
        self.set("version", &VERSION.to_string())
    }

    /// Returns the statements that create one of the tables in its current form.
    pub(super) fn steps_of(&self, table: &Name) -> impl Iterator<Item = String> {
        let steps = self.steps().into_iter().filter(move |step| step.table == *table);
        steps.map(|step| step.sql)
    }

    /// The log is append-only. A trigger enforces this rather than privileges, which would not prevent
    /// the owner of the table or a superuser from changing it inadvertently. A role that intends to
    /// change it can still disable the trigger, which makes the intention explicit.
    fn create_log_function(&self) -> String {
        let message = literal(&format!("`{}` is only added to", self.log_table()));
        let hint = literal("it is what `migrate log` and `migrate verify` read");
        let body = literal(&format!(
            "BEGIN RAISE EXCEPTION USING MESSAGE = {message}, HINT = {hint}, \
             ERRCODE = 'restrict_violation'; END"
        ));
        // It remains where the tables are dropped by hand. CREATE OR REPLACE would keep its owner.
        format!(
            "DROP ROUTINE IF EXISTS {0}(); CREATE FUNCTION {0}() RETURNS pg_catalog.trigger \
             LANGUAGE plpgsql AS {body}",
            self.log_function().quoted()
        )
    }

    fn create_log_trigger(&self) -> String {
        format!(
            "CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {} \
             FOR EACH STATEMENT EXECUTE FUNCTION {}()",
            self.log_table().quoted(),
            self.log_function().quoted()
        )
    }
}

impl History {
    /// Returns the SQL that restores the trigger that protects the log, if it is missing or disabled.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn guard_of_log(&self, client: &mut Client) -> Result<Option<String>, HistoryError> {
        let log = self.log_table().quoted();
        // The first version has neither the column nor the trigger. 58: before UPDATE, DELETE and
        // TRUNCATE, once a statement.
        let sql = "SELECT tgname IS NOT NULL, tgtype = 58 AND tgqual IS NULL AND tgfoid = \
             pg_catalog.to_regprocedure($2), tgenabled IN ('O', 'A') \
             FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_trigger \
             ON tgrelid = attrelid AND tgname = 'kept' \
             WHERE attrelid = $1::pg_catalog.text::pg_catalog.regclass AND attname = 'checksum'";
        let function = format!("{}()", self.log_function().quoted());
        let (make_function, make_trigger) = (self.create_log_function(), self.create_log_trigger());
        let Some(row) = client.query_opt(sql, &[&log, &function])? else { return Ok(None) };
        let [is_there, is_ours, runs] = [0, 1, 2].map(|column| row.get(column));
        let is = |answer: Option<bool>| answer.unwrap_or(false);
        Ok(match () {
            () if !is(is_there) => Some(format!("{make_function};\n{make_trigger}")),
            () if !is(is_ours) => {
                Some(format!("DROP TRIGGER kept ON {log};\n{make_function};\n{make_trigger}"))
            }
            () if !is(runs) => Some(format!("ALTER TABLE {log} ENABLE TRIGGER kept")),
            () => None,
        })
    }
}

/// With the author's `search_path`: an event trigger of the database's may rely on it. So everything
/// in it is qualified.
pub(super) fn in_transaction(client: &mut Client, sql: Vec<String>) -> Result<(), HistoryError> {
    let sql = format!("BEGIN;\n{STAY_LOCAL};\n{LEAVE_TRUSTED};\n{};\nCOMMIT", sql.join(";\n"));
    client.batch_execute(&sql).inspect_err(|_| {
        // Leaves the session usable; the first error is the one that counts.
        _ = client.batch_execute("ROLLBACK");
    })?;
    Ok(())
}
