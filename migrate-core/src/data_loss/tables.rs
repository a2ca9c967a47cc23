//! The tables that may hold rows of users, and what a statement removes from them.

use std::collections::{HashMap, HashSet};

use postgres::Client;
use postgres::types::Oid;

use super::Loss;
use crate::connect::OpenTransaction;
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::shown;
use crate::event::Direction;
use crate::execute::error::{Failure, is_lock};
use crate::history::History;

/// The tables that have rows of their own, and those of their columns that are no more.
pub(super) struct TableInventory {
    tables: Vec<Table>,
    dropped: HashSet<(Oid, i16)>,
    types: Types,
}

/// The types of columns, each with its modifier.
type Types = HashMap<(Oid, i16), (Oid, i32)>;

/// A table that has rows of its own.
pub(super) struct Table {
    oid: Oid,
    shown: String,
    /// Where its rows are: another place once it was truncated, or rewritten.
    place: Oid,
    /// The last of its columns.
    columns: i16,
}

/// What a statement has dropped or emptied: a table, or a column of it; or a column whose values it
/// has made into those of another type.
pub(super) struct DroppedTable {
    table: Oid,
    shown: String,
    column: Option<i16>,
    becomes: Option<String>,
}

impl TableInventory {
    /// Reads all tables but those of the history.
    pub(super) fn read(client: &mut Client, history: &History) -> Result<Self, postgres::Error> {
        let ours = [
            history.table().quoted(),
            history.log_table().quoted(),
            history.journal_table().quoted(),
            history.settings_table().quoted(),
        ];
        let rows = client.query(
            "SELECT c.oid, c.oid::regclass::text, c.relfilenode, c.relnatts \
             FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind = 'r' AND c.relpersistence <> 't' \
             AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
             AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::text[]) AS ours (name) \
             WHERE pg_catalog.to_regclass(ours.name) = c.oid) ORDER BY 2",
            &[&ours.as_slice()],
        )?;
        let table = |row: &postgres::Row| {
            let oid = row.try_get(0)?;
            Ok(Table {
                oid,
                shown: shown(row.try_get(1)?),
                place: row.try_get(2)?,
                columns: row.try_get(3)?,
            })
        };
        let tables: Result<_, _> = rows.iter().map(table).collect();
        let mut inventory =
            Self { tables: tables?, dropped: HashSet::new(), types: HashMap::new() };
        inventory.dropped = inventory.dropped_columns(client)?.into_iter().collect();
        let oids: Vec<_> = inventory.tables.iter().map(|table| table.oid).collect();
        inventory.retyped(client, &oids)?;
        Ok(inventory)
    }

    /// Whether there is nothing to lose.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Returns what was dropped since the last call.
    pub(super) fn gone(
        &mut self,
        transaction: &mut OpenTransaction<'_>,
        direction: Direction,
    ) -> Result<Vec<DroppedTable>, Failure> {
        let before: Vec<_> = self.tables.iter().map(|table| (table.oid, table.place)).collect();
        let tables = self.look_again(transaction.client()).map_err(Failure::connection)?;
        let mut all: Vec<_> = tables
            .into_iter()
            .map(|table| DroppedTable {
                table: table.oid,
                shown: table.shown,
                column: None,
                becomes: None,
            })
            .collect();
        let moved = |table: &&Table| !before.contains(&(table.oid, table.place));
        let moved: Vec<_> = self.tables.iter().filter(moved).map(|table| table.oid).collect();
        if !moved.is_empty() {
            all.extend(self.retyped(transaction.client(), &moved).map_err(Failure::connection)?);
        }
        // Of an inverse that empties a table, its author says that the rows are the migration's own.
        if direction == Direction::Up {
            for table in self.tables.iter().filter(|table| moved.contains(&table.oid)) {
                let gone = DroppedTable {
                    table: table.oid,
                    shown: table.shown.clone(),
                    column: None,
                    becomes: None,
                };
                if gone.is_emptied(transaction).map_err(Failure::connection)? {
                    all.push(gone);
                }
            }
        }
        for (table, column) in
            self.dropped_columns(transaction.client()).map_err(Failure::connection)?
        {
            let known = self.tables.iter().find(|known| known.oid == table);
            // Columns that were added on the way held no data before.
            let Some(known) = known.filter(|known| column <= known.columns) else { continue };
            if self.dropped.insert((table, column)) {
                all.push(DroppedTable {
                    table,
                    shown: known.shown.clone(),
                    column: Some(column),
                    becomes: None,
                });
            }
        }
        Ok(all)
    }

    /// Removes the tables that were dropped, returns them, and updates the location of the others.
    pub(super) fn look_again(
        &mut self,
        client: &mut Client,
    ) -> Result<Vec<Table>, postgres::Error> {
        let oids: Vec<_> = self.tables.iter().map(|table| table.oid).collect();
        let left = client.query(
            "SELECT oid, relfilenode FROM pg_catalog.pg_class WHERE oid = ANY ($1)",
            &[&oids],
        )?;
        let left: HashMap<Oid, Oid> = left.iter().map(|row| (row.get(0), row.get(1))).collect();
        let (tables, gone) = std::mem::take(&mut self.tables)
            .into_iter()
            .partition(|table| left.contains_key(&table.oid));
        self.tables = tables;
        for table in &mut self.tables {
            table.place = left.get(&table.oid).copied().unwrap_or(table.place);
        }
        Ok(gone)
    }

    /// The columns of these tables whose type is another than it was.
    fn retyped(
        &mut self,
        client: &mut Client,
        tables: &[Oid],
    ) -> Result<Vec<DroppedTable>, postgres::Error> {
        let rows = client.query(
            "SELECT attrelid, attnum, atttypid, atttypmod, \
             pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute \
             WHERE NOT attisdropped AND attnum > 0 AND attrelid = ANY ($1) ORDER BY 1, 2",
            &[&tables],
        )?;
        let mut all = Vec::new();
        for row in rows {
            let (table, column) = (row.try_get(0)?, row.try_get(1)?);
            let now = (row.try_get(2)?, row.try_get(3)?);
            let before = self.types.insert((table, column), now);
            let Some(known) = self.tables.iter().find(|known| known.oid == table) else { continue };
            if column <= known.columns && before.is_some_and(|before| before != now) {
                let (shown, becomes) = (known.shown.clone(), row.try_get(4)?);
                all.push(DroppedTable { table, shown, column: Some(column), becomes });
            }
        }
        Ok(all)
    }

    fn dropped_columns(&self, client: &mut Client) -> Result<Vec<(Oid, i16)>, postgres::Error> {
        let oids: Vec<_> = self.tables.iter().map(|table| table.oid).collect();
        let rows = client.query(
            "SELECT attrelid, attnum FROM pg_catalog.pg_attribute \
             WHERE attisdropped AND attnum > 0 AND attrelid = ANY ($1) ORDER BY 1, 2",
            &[&oids],
        )?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

impl DroppedTable {
    /// Returns the rows in it; called once it exists again.
    pub(super) fn loss(
        &self,
        transaction: &mut OpenTransaction<'_>,
        name: &str,
    ) -> Result<Option<Loss>, Failure> {
        let (column, rows) = match self.count(transaction.client()) {
            Ok((column, rows)) => (column, Some(rows)),
            Err(error) if error.code().is_some_and(is_lock) => {
                return Err(Failure::queued(None, Some(error.into())));
            }
            // No cast leads there and back: what becomes of a value is the author's own word.
            Err(error) if error.as_db_error().is_some() && self.becomes.is_some() => {
                return Ok(None);
            }
            Err(error) if error.as_db_error().is_some() => (None, None),
            Err(error) => return Err(Failure::connection(error)),
        };
        let becomes = self.becomes.clone();
        let table = self.shown.clone();
        let loss = Loss { table, column, becomes, rows, ..Loss::of(name) };
        Ok((rows != Some(0)).then_some(loss))
    }

    /// Whether no rows remain in an existing table; also if this role may not read it. Changes
    /// nothing.
    fn is_emptied(&self, transaction: &mut OpenTransaction<'_>) -> Result<bool, postgres::Error> {
        let look = savepoint("look");
        transaction.execute(&format!("{look}; RESET ROLE; SET LOCAL row_security = off"))?;
        let client = transaction.client();
        let has_rows = self.path(client).and_then(|table| {
            client.query_one(&format!("SELECT EXISTS (SELECT FROM ONLY {table})"), &[])?.try_get(0)
        });
        let has_rows = match has_rows {
            Err(error) if error.as_db_error().is_some() => false,
            has_rows => has_rows?,
        };
        transaction.execute("ROLLBACK TO look; RELEASE look")?;
        Ok(!has_rows)
    }

    /// The name of the table, for SQL.
    fn path(&self, client: &mut Client) -> Result<String, postgres::Error> {
        let row = client.query_one(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
            &[&self.table],
        )?;
        row.try_get(0)
    }

    fn count(&self, client: &mut Client) -> Result<(Option<String>, i64), postgres::Error> {
        let table = self.path(client)?;
        if let Some((number, becomes)) = self.column.zip(self.becomes.as_ref()) {
            return self.count_changed(client, &table, number, becomes);
        }
        if let Some(number) = self.column {
            return self.count_column(client, &table, number);
        }
        let most = Loss::MOST + 1;
        let sql = format!("SELECT count(*) FROM (SELECT FROM ONLY {table} LIMIT {most}) counted");
        Ok((None, client.query_one(&sql, &[])?.try_get(0)?))
    }

    /// The values of a column that another type makes other values of: they are not what they were
    /// once they are back. Text tells where a type compares nothing, or by an operator of a user's.
    fn count_changed(
        &self,
        client: &mut Client,
        table: &str,
        number: i16,
        becomes: &str,
    ) -> Result<(Option<String>, i64), postgres::Error> {
        let row = client.query_one(
            "SELECT a.attname::text, pg_catalog.quote_ident(a.attname), \
             pg_catalog.format_type(a.atttypid, a.atttypmod), \
             EXISTS (SELECT FROM pg_catalog.pg_operator o \
             WHERE o.oprname = '=' AND o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace \
             AND o.oprleft = a.atttypid AND o.oprright = a.atttypid) \
             FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum = $2",
            &[&self.table, &number],
        )?;
        let (name, quoted): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let own: String = row.try_get(2)?;
        let text = if row.try_get(3)? { "" } else { "::text" };
        let sql = format!(
            "SELECT count(*) FROM ONLY {table} \
             WHERE ({quoted}::{becomes}::{own}){text} IS DISTINCT FROM {quoted}{text}"
        );
        Ok((Some(name), client.query_one(&sql, &[])?.try_get(0)?))
    }

    /// Counts the values of a column that users have put there: those that the server itself puts there,
    /// by a default or a number, are no loss.
    fn count_column(
        &self,
        client: &mut Client,
        table: &str,
        number: i16,
    ) -> Result<(Option<String>, i64), postgres::Error> {
        let row = client.query_one(
            "SELECT a.attname::text, pg_catalog.quote_ident(a.attname), \
             a.attidentity = 'a' OR a.attgenerated <> '', \
             pg_catalog.pg_get_expr(d.adbin, d.adrelid), (a.attmissingval::text::text[])[1] \
             FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d \
             ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attrelid = $1 AND a.attnum = $2",
            &[&self.table, &number],
        )?;
        let (name, quoted): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if row.try_get(2)? {
            return Ok((Some(name), 0));
        }
        let default: Option<String> = row.try_get(3)?;
        // What calls a function may say something else each time, or count.
        let default = default.filter(|default| is_constant(default));
        let default = default.unwrap_or_else(|| "NULL".to_owned());
        let missing: Option<String> = row.try_get(4)?;
        let most = Loss::MOST + 1;
        let sql = format!(
            "SELECT count(*) FROM (SELECT FROM ONLY {table} WHERE {quoted} IS NOT NULL \
             AND {quoted}::text IS DISTINCT FROM ({default})::text \
             AND {quoted}::text IS DISTINCT FROM $1 LIMIT {most}) counted"
        );
        Ok((Some(name), client.query_one(&sql, &[&missing])?.try_get(0)?))
    }
}

/// Whether an expression, as the server writes it, calls nothing.
fn is_constant(expression: &str) -> bool {
    // A quote in a literal is doubled, so what lies between two of them is outside or nothing.
    expression.split('\'').step_by(2).all(|outside| !outside.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants() {
        for constant in ["0", "'(1,2)'::point", "'it''s (not)'::text", "true", "ARRAY[]::text[]"] {
            assert!(is_constant(constant), "{constant}");
        }
        for call in ["now()", "nextval('s'::regclass)", "('a'::text || upper('b'::text))"] {
            assert!(!is_constant(call), "{call}");
        }
    }
}
