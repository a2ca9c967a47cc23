//! When a state was read, and what was made since then.

use std::collections::HashSet;

use postgres::Client;
use postgres::types::Type;

use super::class::WITH_IDS;
use super::fact::Address;
use super::objects::ids;

/// Those whose objects may depend on nothing that `pg_depend` tells of.
const INDEPENDENT: &[&str] = &[
    "pg_am",
    "pg_authid",
    "pg_cast",
    "pg_database",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_language",
    "pg_namespace",
    "pg_publication",
    "pg_tablespace",
    "pg_user_mapping",
];

/// When a state was read.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadPoint {
    /// The transaction.
    transaction: String,
    /// What it saw.
    snapshot: String,
    /// Whether there is a cursor that still sees it.
    has_cursor: bool,
}

/// The cursor that sees the state at the moment when it was declared. It reads the objects in question
/// from a parameter when it is fetched from: so it costs nothing if it is not used.
const CURSOR: &str = "migrate_before_step";

impl ReadPoint {
    /// This moment, for what is found by its name if it is there.
    pub(super) fn of_named(client: &mut Client) -> Result<Self, postgres::Error> {
        let row = client.query_typed_one(
            "SELECT pg_current_xact_id()::text, pg_current_snapshot()::text",
            &[],
        )?;
        Ok(Self { transaction: row.get(0), snapshot: row.get(1), has_cursor: false })
    }

    /// This moment.
    pub(super) fn now(client: &mut Client) -> Result<Self, postgres::Error> {
        close_cursor(client)?;
        let itself = INDEPENDENT.iter().map(|class| {
            let (id, rows) = readable(class);
            format!(
                "\nUNION ALL SELECT class, objid, part FROM asked \
                 WHERE class = '{class}' AND EXISTS (SELECT FROM {rows} WHERE {id} = objid OFFSET 0)"
            )
        });
        client.batch_execute(&format!(
            "DECLARE {CURSOR} NO SCROLL CURSOR FOR
WITH asked AS MATERIALIZED (
    SELECT split_part(address, ' ', 1) AS class, split_part(address, ' ', 2)::oid AS objid,
           split_part(address, ' ', 3)::int8 AS part
    FROM unnest(string_to_array(current_setting('migrate.asked', true), ',')) AS address
)
SELECT class, objid, part FROM asked
WHERE part = 0 AND EXISTS (SELECT FROM pg_depend d
                           WHERE d.classid = class::regclass AND d.objid = asked.objid OFFSET 0)
UNION ALL SELECT class, objid, part FROM asked
WHERE part > 0 AND EXISTS (SELECT FROM pg_attribute
                           WHERE attrelid = objid AND attnum = part AND NOT attisdropped OFFSET 0){}",
            itself.collect::<String>()
        ))?;
        Ok(Self { has_cursor: true, ..Self::of_named(client)? })
    }

    /// Which of these were there, as far as that can still be seen.
    fn were_there(
        &self,
        client: &mut Client,
        addresses: &HashSet<Address>,
    ) -> Result<HashSet<Address>, postgres::Error> {
        let readable = addresses.iter().filter(|address| match address.part {
            0 => WITH_IDS.contains(&address.class.as_ref()),
            _ => address.class == "pg_class",
        });
        let asked: Vec<_> = readable
            .map(|address| format!("{} {} {}", address.class, address.object, address.part))
            .collect();
        let is_open = "SELECT EXISTS (SELECT FROM pg_cursors WHERE name = $1)";
        if !self.has_cursor
            || asked.is_empty()
            || !self.is_in_this_transaction(client)?
            || !client.query_typed_one(is_open, &[(&CURSOR, Type::TEXT)])?.get::<_, bool>(0)
        {
            return Ok(HashSet::new());
        }
        let ask = "SELECT set_config('migrate.asked', $1, true)";
        client.query_typed(ask, &[(&asked.join(","), Type::TEXT)])?;
        let there = client.query_typed(&format!("FETCH ALL FROM {CURSOR}"), &[])?;
        client.query_typed(ask, &[(&"", Type::TEXT)])?;
        Ok(there.iter().map(Address::of_row).collect())
    }

    /// Whether it can determine with certainty what was created since then.
    pub(super) fn is_certain(&self, client: &mut Client) -> Result<bool, postgres::Error> {
        Ok(self.has_cursor && self.is_in_this_transaction(client)?)
    }

    /// Whether the transaction of this moment is still open.
    pub(super) fn is_in_this_transaction(
        &self,
        client: &mut Client,
    ) -> Result<bool, postgres::Error> {
        let now = client.query_typed_one("SELECT pg_current_xact_id()::text", &[])?;
        Ok(self.transaction == now.get::<_, String>(0))
    }

    /// Which of these were made since then: by this transaction if it is still the same one,
    /// otherwise by whomever. A change leaves some old row of an object behind, here or in
    /// `pg_depend`, so what is new has none but new ones.
    pub(super) fn made_since(
        &self,
        client: &mut Client,
        addresses: HashSet<Address>,
    ) -> Result<HashSet<Address>, postgres::Error> {
        let mut made = self.new_since(client, addresses)?;
        // All of what the catalog says of a function is rewritten when it is replaced.
        let there = self.were_there(client, &made)?;
        made.retain(|address| !there.contains(address));
        if self.has_cursor {
            close_cursor(client)?;
        }
        Ok(made)
    }

    /// Which of these have new rows alone.
    fn new_since(
        &self,
        client: &mut Client,
        addresses: HashSet<Address>,
    ) -> Result<HashSet<Address>, postgres::Error> {
        // An object that has no id, or no age, did not exist if it was not found.
        let (aged, mut made): (HashSet<_>, HashSet<_>) =
            addresses.into_iter().partition(|address| {
                let class = address.class.as_ref();
                class == "pg_inherits" || WITH_IDS.contains(&class) && readable(class).1 == class
            });
        if aged.is_empty() {
            return Ok(made);
        }
        let classes: Vec<_> = aged.iter().map(|address| address.class.as_ref()).collect();
        let (ids, parts) = ids(aged.iter());
        let own: HashSet<_> = classes.iter().filter(|class| WITH_IDS.contains(class)).collect();
        let own: String = own
            .into_iter()
            .map(|class| {
                format!(
                    " UNION ALL SELECT class, objid, part, r.xmin FROM asked JOIN {class} r \
                     ON r.oid = objid WHERE class = '{class}' AND part = 0"
                )
            })
            .collect();
        let is_new = if self.is_in_this_transaction(client)? {
            // A part of the transaction that has a number of its own has a later one.
            "CASE WHEN age(row_xmin) > 0 THEN false ELSE \
             pg_xact_status((pg_current_xact_id()::text::int8 - age(row_xmin))::text::xid8) \
             = 'in progress' END"
                .to_owned()
        } else {
            let snapshot = &self.snapshot;
            format!(
                "age(row_xmin) >= 0 AND NOT pg_visible_in_snapshot(GREATEST(0, \
                 pg_current_xact_id()::text::int8 - age(row_xmin))::text::xid8, '{snapshot}')"
            )
        };
        let sql = format!(
            "
WITH asked AS (SELECT * FROM unnest($1::text[], $2::oid[], $3::int8[]) AS a(class, objid, part))
SELECT class, objid, part
FROM (
    SELECT class, asked.objid, part, d.xmin
    FROM asked JOIN pg_depend d ON classid = class::regclass AND d.objid = asked.objid
    WHERE part = 0 AND class <> 'pg_inherits'
    UNION ALL
    SELECT class, objid, part, a.xmin
    FROM asked JOIN pg_attribute a ON attrelid = objid AND part IN (0, attnum)
    WHERE class = 'pg_class'
    UNION ALL
    SELECT class, objid, part, i.xmin
    FROM asked JOIN pg_inherits i ON inhrelid = objid AND inhparent = part::oid
    WHERE class = 'pg_inherits'{own}
) AS row(class, objid, part, row_xmin)
GROUP BY class, objid, part
HAVING bool_and({is_new})"
        );
        let rows = client.query_typed(
            &sql,
            &[(&classes, Type::TEXT_ARRAY), (&ids, Type::OID_ARRAY), (&parts, Type::INT8_ARRAY)],
        )?;
        made.extend(rows.iter().map(Address::of_row));
        Ok(made)
    }
}

/// Closes the cursor, if the transaction has one.
fn close_cursor(client: &mut Client) -> Result<(), postgres::Error> {
    let open = "SELECT FROM pg_cursors WHERE name = $1";
    if !client.query_typed(open, &[(&CURSOR, Type::TEXT)])?.is_empty() {
        client.batch_execute(&format!("CLOSE {CURSOR}"))?;
    }
    Ok(())
}

/// The column with the id of a class, and where to read it: not everyone may read these two.
fn readable(class: &str) -> (&str, &str) {
    match class {
        "pg_authid" => ("oid", "pg_roles"),
        "pg_user_mapping" => ("umid", "pg_user_mappings"),
        class => ("oid", class),
    }
}
