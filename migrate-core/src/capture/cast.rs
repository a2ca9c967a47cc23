//! Whether a column's values can be cast back to the type that it had.

use postgres::Client;
use postgres::error::SqlState;

use super::State;
use super::form::Change;
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::{shown, trusted};

impl State {
    /// Returns why the columns whose type is another in `after` cannot get back their previous one:
    /// the server knows no cast. To be called in a transaction.
    ///
    /// This uses the parser, not `pg_cast`: it alone knows of arrays, domains and composite types.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn impossible_cast(
        &self,
        client: &mut Client,
        after: &Self,
    ) -> Result<Option<String>, postgres::Error> {
        for (key, before) in self.facts.iter().filter(|(_, fact)| fact.address.part > 0) {
            let now = after.facts.get(key);
            let now = now.filter(|now| now.address == before.address && !now.is_same(before));
            let Some(now) = now.and_then(|now| now.setting("change type")) else { continue };
            let Some(was) = before.setting("change type") else { continue };
            let Change::Statements(change) = &was.change else { continue };
            let Some(query) =
                change.first().and_then(|sql| cast(sql)).filter(|_| was.value != now.value)
            else {
                continue;
            };
            if !is_possible(client, &query)? {
                let [was, now] = [was, now].map(|it| shown(it.value.clone().unwrap_or_default()));
                return Ok(Some(format!(
                    "there is no cast from `{now}` back to `{was}`, and no `.down(..)` that says how"
                )));
            }
        }
        Ok(None)
    }
}

/// The query that casts as this statement does: `ALTER TABLE t ALTER COLUMN c TYPE x USING c::x`.
fn cast(sql: &str) -> Option<String> {
    let (table, change) = sql.strip_prefix("ALTER TABLE ")?.split_once(" ALTER COLUMN ")?;
    let (_, using) = change.rsplit_once(" USING ")?;
    Some(format!("SELECT {using} FROM {table}"))
}

/// Whether the server knows the cast of a query. Other errors of the query do not count as an answer.
fn is_possible(client: &mut Client, query: &str) -> Result<bool, postgres::Error> {
    trusted(client, |client| {
        client.batch_execute(&savepoint("migrate_cast"))?;
        let prepared = client.prepare(query);
        client
            .batch_execute("ROLLBACK TO SAVEPOINT migrate_cast; RELEASE SAVEPOINT migrate_cast")?;
        match prepared {
            Err(error) if error.code() == Some(&SqlState::CANNOT_COERCE) => Ok(false),
            _ => Ok(true),
        }
    })
}
