//! Keeps statements with secrets out of the server's log.
//!
//! To the server, a statement that contains a secret is like any other: it logs those that fail and,
//! depending on its configuration, slow ones, or all. If the role may set the parameters that control
//! this (a superuser, or from 15 on a role to which `SET` on them was granted), they are set for these
//! statements; otherwise the manual of `env` warns.

use postgres::Client;

use crate::connect::OpenTransaction;

/// The parameters that make the server, or a module in it, log or keep the text of a statement or
/// the values in its error, and what keeps it from that.
const PARAMETERS: &[(&str, &str)] = &[
    ("log_min_error_statement", "panic"),
    // The message, too, may repeat a value; what is more severe than an error stays.
    ("log_min_messages", "log"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_duration", "off"),
    ("auto_explain.log_min_duration", "-1"),
    ("pg_stat_statements.track", "none"),
    ("pgaudit.log", "none"),
];

/// Parameters of the server, and the values that they had.
pub(crate) struct Logging(Vec<(String, String)>);

impl Logging {
    /// Has the server log nothing of what follows in this transaction, as far as this role may say so.
    pub(crate) fn off_within(transaction: &mut OpenTransaction<'_>) -> Result<(), postgres::Error> {
        Self::set(transaction.client(), true).map(drop)
    }

    /// The same for the session.
    pub(super) fn off(client: &mut Client) -> Result<Self, postgres::Error> {
        Self::set(client, false)
    }

    fn set(client: &mut Client, in_transaction: bool) -> Result<Self, postgres::Error> {
        let version = "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4";
        let version: i32 = client.query_one(version, &[])?.try_get(0)?;
        let granted = match version >= 150_000 {
            true => "pg_catalog.has_parameter_privilege(s.name, 'SET')",
            false => "false",
        };
        let values = PARAMETERS.iter().map(|(name, value)| format!("('{name}', '{value}')"));
        let sql = format!(
            "SELECT s.name, s.setting, pg_catalog.set_config(s.name, v.value, {in_transaction}) \
             FROM (VALUES {}) AS v (name, value) JOIN pg_catalog.pg_settings s \
             ON s.name OPERATOR(pg_catalog.=) v.name \
             WHERE pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' \
             OR {granted}",
            values.collect::<Vec<_>>().join(", ")
        );
        let rows = client.query(&sql, &[])?;
        let had = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        Ok(Self(had.collect::<Result<_, postgres::Error>>()?))
    }

    /// Gives the session back what it had.
    pub(super) fn restore(self, client: &mut Client) -> Result<(), postgres::Error> {
        for (name, value) in self.0 {
            let sql = "SELECT pg_catalog.set_config($1, $2, false)";
            client.query(sql, &[&name, &value])?;
        }
        Ok(())
    }
}
