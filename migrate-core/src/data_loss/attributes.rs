//! The attributes of composite types, which columns of many tables may have values in.

use std::collections::HashSet;

use postgres::Client;
use postgres::types::Oid;

use super::Loss;
use crate::connect::OpenTransaction;
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::shown;
use crate::execute::error::Failure;

/// The attributes that are no more.
pub(super) struct Attributes {
    dropped: HashSet<(Oid, i16)>,
}

/// An attribute that a statement has dropped.
pub(super) struct Attribute {
    of: Oid,
    number: i16,
}

/// A column that has values of its type, or of one that is made of that.
struct Column {
    shown_table: String,
    shown: String,
    table: String,
    /// The attribute in a value of the column; none where it is further inside.
    attribute: Option<String>,
    column: String,
}

impl Attributes {
    pub(super) fn read(client: &mut Client) -> Result<Self, postgres::Error> {
        Ok(Self { dropped: dropped(client)?.into_iter().collect() })
    }

    /// Returns the attributes dropped since the last call.
    pub(super) fn gone(&mut self, client: &mut Client) -> Result<Vec<Attribute>, postgres::Error> {
        let mut gone = dropped(client)?;
        gone.retain(|attribute| self.dropped.insert(*attribute));
        Ok(gone.into_iter().map(|(of, number)| Attribute { of, number }).collect())
    }
}

fn dropped(client: &mut Client) -> Result<Vec<(Oid, i16)>, postgres::Error> {
    let rows = client.query(
        "SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         WHERE c.relkind = 'c' AND a.attisdropped AND a.attnum > 0 ORDER BY 1, 2",
        &[],
    )?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

impl Attribute {
    /// Returns the values in it; called once it exists again.
    pub(super) fn losses(
        &self,
        transaction: &mut OpenTransaction<'_>,
        name: &str,
    ) -> Result<Vec<Loss>, Failure> {
        let mut losses = Vec::new();
        for column in self.columns(transaction.client()).map_err(Failure::connection)? {
            transaction.execute(&savepoint("look")).map_err(Failure::connection)?;
            let rows = match column.count(transaction.client()) {
                Err(error) if error.as_db_error().is_some() => None,
                rows => rows.map_err(Failure::connection)?,
            };
            let undo = "ROLLBACK TO look; RELEASE look";
            transaction.execute(undo).map_err(Failure::connection)?;
            if rows != Some(0) {
                let (table, shown) = (column.shown_table, Some(column.shown));
                losses.push(Loss { table, column: shown, rows, ..Loss::of(name) });
            }
        }
        Ok(losses)
    }

    fn columns(&self, client: &mut Client) -> Result<Vec<Column>, postgres::Error> {
        let rows = client.query(
            "WITH RECURSIVE own AS ( \
             SELECT c.reltype, a.attname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
             WHERE c.oid = $1 AND a.attnum = $2), \
             parts (part, whole) AS ( \
             SELECT typelem, oid FROM pg_catalog.pg_type WHERE typelem <> 0 UNION ALL \
             SELECT typbasetype, oid FROM pg_catalog.pg_type WHERE typbasetype <> 0 UNION ALL \
             SELECT a.atttypid, t.oid FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_type t ON t.typrelid = a.attrelid \
             WHERE a.attnum > 0 AND NOT a.attisdropped), \
             made (type) AS (SELECT reltype FROM own UNION \
             SELECT whole FROM made JOIN parts ON part = type) \
             SELECT c.oid::regclass::text, \
             pg_catalog.concat_ws('.', a.attname, CASE WHEN direct THEN own.attname END), \
             pg_catalog.format('%I.%I', n.nspname, c.relname), \
             CASE WHEN direct THEN pg_catalog.quote_ident(own.attname) END, \
             pg_catalog.quote_ident(a.attname) \
             FROM own CROSS JOIN made \
             JOIN pg_catalog.pg_attribute a ON a.atttypid = made.type AND NOT a.attisdropped \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             CROSS JOIN LATERAL (SELECT made.type = own.reltype) direct (direct) \
             WHERE c.relkind = 'r' AND c.relpersistence <> 't' ORDER BY 1, 2",
            &[&self.of, &self.number],
        )?;
        let column = |row: &postgres::Row| {
            Ok(Column {
                shown_table: shown(row.try_get(0)?),
                shown: row.try_get(1)?,
                table: row.try_get(2)?,
                attribute: row.try_get(3)?,
                column: row.try_get(4)?,
            })
        };
        rows.iter().map(column).collect()
    }
}

impl Column {
    /// Returns how many values have something in the attribute; none for more deeply nested ones.
    fn count(&self, client: &mut Client) -> Result<Option<i64>, postgres::Error> {
        let Self { table, column, .. } = self;
        let value = match &self.attribute {
            Some(attribute) => format!("({column}).{attribute}"),
            None => column.clone(),
        };
        let most = if self.attribute.is_some() { Loss::MOST + 1 } else { 1 };
        let sql = format!(
            "SELECT count(*) FROM (SELECT FROM ONLY {table} \
             WHERE {value} IS DISTINCT FROM NULL LIMIT {most}) counted"
        );
        let rows: i64 = client.query_one(&sql, &[])?.try_get(0)?;
        Ok((self.attribute.is_some() || rows == 0).then_some(rows))
    }
}
