//! Finding everything that belongs to the named objects and depends on them.

use std::collections::{BTreeMap, HashSet};

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{Oid, ToSql, Type};

use super::class::class;
use super::fact::{Address, Key, Need};
use super::kind::Kind;
use super::names::PARAMETER;
use crate::plan::Only;

/// An object of the catalog, with what it needs of the others found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) address: Address,
    pub(super) key: Key,
    pub(super) needs: Vec<Need>,
    /// What it is an internal part of.
    pub(super) internal: Vec<Address>,
}

/// What hangs on the named objects.
pub(super) struct Dependents {
    pub(super) found: Vec<Found>,
    /// What those refer to besides.
    pub(super) referred: Vec<Address>,
    /// What is of a kind that a newer server has: kind and name.
    pub(super) unknown: BTreeMap<Address, String>,
}

/// Classes of the catalog whose objects have ids.
const CLASSES: &[&str] = &[
    "pg_am",
    "pg_attrdef",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_rel",
    "pg_rewrite",
    "pg_statistic_ext",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",
    "pg_authid",
    "pg_database",
    "pg_tablespace",
];

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

/// Keeps others from changing the tables, in the order of their ids. A plain reader of a table may
/// not lock it, and has nothing to change there.
pub(super) fn lock(client: &mut Client, roots: &[Address]) -> Result<(), postgres::Error> {
    let (ids, _) = ids(roots.iter().filter(|address| address.class == "pg_class"));
    if ids.is_empty() {
        return Ok(());
    }
    let tables = client.query_typed(
        "SELECT format('%I.%I', nspname, relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace \
         WHERE c.oid = ANY ($1) AND relkind IN ('r', 'p') \
           AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') \
         ORDER BY c.oid",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    if tables.is_empty() {
        return Ok(());
    }
    let tables: Vec<String> =
        tables.iter().map(|row| format!("ONLY {}", row.get::<_, &str>(0))).collect();
    client
        .batch_execute(&format!("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", tables.join(", ")))
}

/// When a state was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    /// The transaction.
    transaction: String,
    /// What it saw.
    snapshot: String,
    /// Whether there is a cursor that still sees it.
    has_cursor: bool,
}

/// The cursor that sees what was there at the moment when it was declared. What it is asked for, it
/// reads from a parameter when it is fetched from: so it costs nothing if it is not asked.
const CURSOR: &str = "migrate_before_step";

impl Moment {
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
            0 => CLASSES.contains(&address.class.as_ref()),
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

    /// Whether it is certain of what was made since then that it was.
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
        // What has no id, or cannot be asked for its age, was not there if it was not found.
        let (aged, mut made): (HashSet<_>, HashSet<_>) =
            addresses.into_iter().partition(|address| {
                let class = address.class.as_ref();
                class == "pg_inherits" || CLASSES.contains(&class) && readable(class).1 == class
            });
        if aged.is_empty() {
            return Ok(made);
        }
        let classes: Vec<_> = aged.iter().map(|address| address.class.as_ref()).collect();
        let (ids, parts) = ids(aged.iter());
        let own: HashSet<_> = classes.iter().filter(|class| CLASSES.contains(class)).collect();
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

/// The ids, and the numbers of columns beside them, as queries take them.
pub(super) fn ids<'a>(addresses: impl Iterator<Item = &'a Address>) -> (Vec<Oid>, Vec<i64>) {
    addresses.map(|address| (address.object, address.part)).unzip()
}

/// Everything that hangs on the roots, and what that refers to besides. What an extension brings along is looked through, for what
/// uses it goes with the extension, but is not part of what is found.
pub(super) fn find(
    client: &mut Client,
    roots: &[Address],
    known: &[&Address],
    only: Option<Only>,
) -> Result<Dependents, postgres::Error> {
    // What has no id of its own comes with what it joins.
    let known = known.iter().filter(|address| CLASSES.contains(&address.class.as_ref()));
    let (roots, nameless): (Vec<&Address>, Vec<_>) =
        roots.iter().partition(|root| root.class.starts_with("pg_"));
    let roots = roots.into_iter().map(|root| (root, true));
    let roots: Vec<_> = roots.chain(known.map(|known| (*known, false))).collect();
    let classes: Vec<_> = roots.iter().map(|(address, _)| address.class.as_ref()).collect();
    let (ids, parts) = ids(roots.iter().map(|(address, _)| *address));
    let sure: Vec<_> = roots.iter().map(|(_, sure)| *sure).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&classes, Type::TEXT_ARRAY),
        (&ids, Type::OID_ARRAY),
        (&parts, Type::INT8_ARRAY),
        (&sure, Type::BOOL_ARRAY),
        (&only.is_none(), Type::BOOL),
        (&only.is_some_and(Only::is_of_rights), Type::BOOL),
    ];
    let rows = client.query_typed_raw(FIND, parameters)?;
    let (mut found, mut unknown) = (Vec::new(), BTreeMap::new());
    for row in rows.iterator() {
        let row = row?;
        match Kind::parse(row.get(3)) {
            Some(kind) => found.push(dependent(&row, kind)),
            None => {
                let (kind, identity): (&str, &str) = (row.get(3), row.get(4));
                unknown.insert(Address::of_row(&row), format!("{kind} `{identity}`"));
            }
        }
    }
    found.extend(nameless.into_iter().map(|address| Found {
        key: Key {
            kind: match address.class.starts_with(PARAMETER) {
                true => Kind::Parameter,
                false => Kind::DefaultPrivileges,
            },
            identity: String::new(),
        },
        address: address.clone(),
        needs: Vec::new(),
        internal: Vec::new(),
    }));
    let ids: HashSet<Oid> = found.iter().map(|found| found.address.object).collect();
    let needed = found.iter().flat_map(|found| &found.needs).map(|need| &need.on);
    let referred: HashSet<&Address> = needed.filter(|on| !ids.contains(&on.object)).collect();
    let referred = referred.into_iter().cloned().collect();
    for found in &mut found {
        found.needs.retain(|need| ids.contains(&need.on.object));
        found.needs.shrink_to_fit();
        found.internal.retain(|whole| ids.contains(&whole.object));
        found.internal.shrink_to_fit();
    }
    Ok(Dependents { found, referred, unknown })
}

fn dependent(row: &postgres::Row, kind: Kind) -> Found {
    let address = Address::of_row(row);
    let (classes, ids, parts, letters): (Vec<&str>, Vec<Oid>, Vec<i64>, Vec<&str>) =
        (row.get(5), row.get(6), row.get(7), row.get(8));
    let (mut needs, mut internal) = (Vec::new(), Vec::new());
    for (((name, object), part), letter) in classes.into_iter().zip(ids).zip(parts).zip(letters) {
        let on = Address { class: class(name), object, part };
        internal.extend((letter == "i").then(|| on.clone()));
        needs.push(Need { on, belongs: letter != "n" });
    }
    let key = Key { kind, identity: row.get(4) };
    Found { key, address, needs, internal }
}

/// The walk goes from an object to what depends on it and to its columns; from what is an internal
/// part of something else (the rule of a view, the index of a constraint) to that; and from a
/// column, or a check, to those that inherited it. Where only something of the named objects matters, it goes to
/// sequences of tables, and to columns with privileges, at most. Members of extensions are marked, and what belongs to
/// them; so are temporary relations, which do not outlive the session.
const FIND: &str = "
WITH RECURSIVE roots AS (
    SELECT class::regclass::oid AS classid, objid, part::int4 AS objsubid
    FROM unnest($1::text[], $2::oid[], $3::int8[], $4::bool[]) AS root(class, objid, part, sure)
    WHERE sure
       OR (EXISTS (SELECT FROM pg_depend d WHERE d.classid = class::regclass AND d.objid = root.objid)
           -- these may depend on nothing
           OR class = 'pg_namespace' AND EXISTS (SELECT FROM pg_namespace n WHERE n.oid = root.objid)
           OR class = 'pg_publication' AND EXISTS (SELECT FROM pg_publication p WHERE p.oid = root.objid)
           OR class = 'pg_foreign_data_wrapper'
              AND EXISTS (SELECT FROM pg_foreign_data_wrapper w WHERE w.oid = root.objid)
           OR class = 'pg_language' AND EXISTS (SELECT FROM pg_language l WHERE l.oid = root.objid)
           OR class = 'pg_am' AND EXISTS (SELECT FROM pg_am m WHERE m.oid = root.objid))
      AND (part = 0 OR EXISTS (SELECT FROM pg_attribute
                               WHERE attrelid = objid AND attnum = part AND NOT attisdropped))
),
temporary AS (SELECT oid FROM pg_class WHERE relpersistence = 't'),
found AS (
    SELECT classid, objid, objsubid, classid = 'pg_class'::regclass AND objid IN (SELECT * FROM temporary)
               AS of_extension
    FROM roots
    UNION
    SELECT next.classid, next.objid, next.objsubid,
           of_it OR next.classid = 'pg_class'::regclass AND next.objid IN (SELECT * FROM temporary)
    FROM found f CROSS JOIN LATERAL (
        SELECT d.classid, d.objid, d.objsubid,
               d.deptype = 'e' OR f.of_extension AND d.deptype NOT IN ('n', 'x')
        FROM pg_depend d
        WHERE ($5 OR $6 AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
                     AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = d.objid))
          AND d.refclassid = f.classid AND d.refobjid = f.objid
          AND (f.objsubid = 0 OR d.refobjsubid = f.objsubid)
          AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'e', 'x')
        UNION ALL
        SELECT d.refclassid, d.refobjid, d.refobjsubid, f.of_extension
        FROM pg_depend d
        WHERE $5 AND d.classid = f.classid AND d.objid = f.objid AND d.deptype = 'i'
          -- a partitioned table goes with a column of its key
          AND ((d.refclassid, d.refobjid) IS DISTINCT FROM (f.classid, f.objid)
               OR f.objsubid > 0 AND d.objsubid = f.objsubid)
        UNION ALL
        SELECT f.classid, f.objid, attnum, f.of_extension
        FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        WHERE ($5 OR $6 AND attacl IS NOT NULL)
          AND f.classid = 'pg_class'::regclass AND c.oid = f.objid AND f.objsubid = 0
          AND relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
        UNION ALL
        SELECT f.classid, heir.attrelid, heir.attnum, f.of_extension
        FROM pg_attribute own
        JOIN pg_inherits ON inhparent = own.attrelid
        JOIN pg_attribute heir ON heir.attrelid = inhrelid AND heir.attname = own.attname
        WHERE $5 AND f.classid = 'pg_class'::regclass AND f.objsubid > 0
          AND own.attrelid = f.objid AND own.attnum = f.objsubid
        UNION ALL
        SELECT f.classid, heir.oid, 0, f.of_extension
        FROM pg_constraint own
        JOIN pg_inherits ON inhparent = own.conrelid
        JOIN pg_constraint heir ON heir.conrelid = inhrelid AND heir.conname = own.conname
        WHERE $5 AND f.classid = 'pg_constraint'::regclass AND own.oid = f.objid
          AND own.contype = 'c' AND heir.contype = 'c' AND heir.coninhcount > 0
        UNION ALL
        -- a foreign key that is recreated takes over those of partitions
        SELECT f.classid, heir.oid, 0, f.of_extension
        FROM pg_constraint own
        JOIN pg_inherits ON inhparent = own.conrelid
        JOIN pg_constraint heir ON heir.conrelid = inhrelid AND heir.confrelid = own.confrelid
        WHERE $5 AND f.classid = 'pg_constraint'::regclass AND own.oid = f.objid
          AND own.contype = 'f' AND heir.contype = 'f' AND heir.conparentid = 0
        UNION ALL
        -- before 15 no dependency is kept on a column of the rows that a function returns
        SELECT d.classid, d.objid, d.objsubid, f.of_extension
        FROM pg_class c
        JOIN pg_depend t ON t.refclassid = 'pg_type'::regclass AND t.refobjid = c.reltype
                        AND t.classid = 'pg_proc'::regclass
        JOIN pg_proc p ON p.oid = t.objid AND p.prorettype = c.reltype
        JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.deptype = 'n'
                        AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass)
        WHERE $5 AND current_setting('server_version_num')::int4 < 150000
          AND f.classid = 'pg_class'::regclass AND f.objsubid > 0 AND c.oid = f.objid
    ) AS next(classid, objid, objsubid, of_it)
),
kept AS (
    SELECT classid, objid, objsubid FROM found
    WHERE classid < 16384 -- `pg_identify_object` fails for the class of an extension
    GROUP BY 1, 2, 3 HAVING NOT bool_or(of_extension)
)
SELECT classid::regclass::text, objid, objsubid::int8, type, identity,
       needed.classes, needed.ids, needed.parts, needed.kinds
FROM kept k CROSS JOIN pg_identify_object(classid, objid, objsubid) CROSS JOIN LATERAL (
    SELECT COALESCE(array_agg(refclassid::regclass::text), '{}') AS classes,
           COALESCE(array_agg(refobjid), '{}') AS ids,
           COALESCE(array_agg(refobjsubid::int8), '{}') AS parts,
           COALESCE(array_agg(deptype::text), '{}') AS kinds
    FROM pg_depend d
    WHERE d.classid = k.classid AND d.objid = k.objid AND d.objsubid = k.objsubid
) AS needed
WHERE type IS NOT NULL AND identity IS NOT NULL";
