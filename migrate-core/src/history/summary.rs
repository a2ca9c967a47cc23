//! The summary of a history, requested in a single message: round trips to a remote server are slow.

use migrate_dsl::quote_literal as literal;
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};
use serde::Deserialize;

use super::find::{Counts, HistorySummary};
use super::schema::VERSION;
use super::{History, HistoryError, Settings, journal, log, row};
use crate::connect::{HISTORY_LOOK, Session};
use crate::plan::Fingerprint;

/// What a history that is whole, and plainly of a role that is trusted, says of itself.
#[derive(Deserialize)]
struct Answer {
    /// Keys and values.
    settings: Vec<(String, String)>,
    applied: usize,
    digest: String,
    unfinished: usize,
}

impl History {
    /// Returns the summary of the history, however long it is, in one message; where the history is
    /// incomplete, or another role might have made it, in two more.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and when other sessions keep it locked for a second.
    pub fn summary(&self, session: &mut Session) -> Result<HistorySummary, HistoryError> {
        self.summary_by(session.history_client(HISTORY_LOOK))
    }

    pub(crate) fn summary_by(&self, client: &mut Client) -> Result<HistorySummary, HistoryError> {
        match self.ask(client).map_err(|error| error.advised(client, "SELECT"))? {
            Some(summary) => Ok(summary),
            None => self.find_summary(client),
        }
    }

    fn ask(&self, client: &mut Client) -> Result<Option<HistorySummary>, HistoryError> {
        if [&self.schema, &self.settings_table().name].iter().any(|name| name.problem().is_some()) {
            return Ok(None);
        }
        let messages = match client.simple_query(&self.question()) {
            Ok(messages) => messages,
            // A server may be built without XML, or the role may not be allowed to use it.
            Err(error) if error.code().is_some_and(|code| !says_enough(code)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let answer = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        // An answer that cannot be parsed is requested again, and the error explained then.
        let answer = answer.and_then(|answer| serde_json::from_str::<Answer>(answer).ok());
        let Some(answer) = answer else { return Ok(None) };
        let settings = answer.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let (Some(version @ VERSION), protected) = self.settings(settings)? else {
            return Ok(None);
        };
        Ok(Some(HistorySummary {
            settings: Some(Settings { version, protected, has_table: true }),
            counts: Some(Counts {
                applied: Fingerprint { migrations: answer.applied, digest: answer.digest },
                unfinished: answer.unfinished,
            }),
        }))
    }

    /// A relation is not read before it is known to be a table of a trusted role: a view would run
    /// functions of another role. So the statement that reads is a text, which
    /// [`query_to_xml`](https://www.postgresql.org/docs/current/functions-xml.html#FUNCTIONS-XML-MAPPING)
    /// does not parse unless that is so. As hexadecimal digits, the answer needs no XML escapes.
    fn question(&self) -> String {
        let columns = [
            (self.table.clone(), row::COLUMNS),
            (self.log_table(), log::COLUMNS),
            (self.journal_table(), journal::COLUMNS),
        ];
        let of_table = |table: &migrate_dsl::Name, column: &str| {
            format!("({}, {})", literal(table.name.as_str()), literal(column))
        };
        let columns = columns
            .iter()
            .flat_map(|(table, columns)| columns.iter().map(|column| of_table(table, column.name)));
        let settings = ["key", "value"].map(|column| of_table(&self.settings_table(), column));
        let columns: Vec<_> = columns.chain(settings).collect();
        let read = format!(
            "SELECT encode(convert_to(json_build_object( \
             'settings', (SELECT coalesce(json_agg(json_build_array(key, value)), '[]') FROM {}), \
             'applied', (SELECT count(*) FROM {history}), \
             'digest', (SELECT encode(sha256(convert_to(coalesce(string_agg( \
             name || ' ' || checksum || E'\\n', '' ORDER BY id), ''), 'UTF8')), 'hex') FROM {history}), \
             'unfinished', (SELECT count(*) FROM {}))::text, 'UTF8'), 'hex') AS hex",
            self.settings_table().quoted(),
            self.journal_table().quoted(),
            history = self.table.quoted(),
        );
        format!(
            "SELECT convert_from(decode(substring(CASE WHEN \
             (SELECT count(*) FILTER (WHERE (relname, attname) IN ({})) = {} \
             AND coalesce(bool_and(NOT is_suspect), false) FROM ({}) AS found) \
             THEN query_to_xml({}, true, true, '')::text END FROM '<hex>([0-9a-f]*)</hex>'), 'hex'), 'UTF8')",
            columns.join(", "),
            columns.len(),
            self.select_columns(),
            literal(&read),
        )
    }
}

/// Whether another query would fail likewise: the history is locked, or the wait was canceled.
fn says_enough(code: &SqlState) -> bool {
    [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED].contains(code)
}
