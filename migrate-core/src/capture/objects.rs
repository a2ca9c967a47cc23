//! Finding everything that belongs to the named objects and depends on them.

use std::collections::{BTreeMap, HashSet};

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{Oid, ToSql, Type};

use super::class::{WITH_IDS, class};
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
    // What has no id of its own is found through what it joins.
    let known = known.iter().filter(|address| WITH_IDS.contains(&address.class.as_ref()));
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
    let referred = references(&found);
    for found in &mut found {
        found.needs.retain(|need| ids.contains(&need.on.object));
        found.needs.shrink_to_fit();
        found.internal.retain(|whole| ids.contains(&whole.object));
        found.internal.shrink_to_fit();
    }
    Ok(Dependents { found, referred, unknown })
}

/// Returns what these refer to and is not among them; a column refers to its table.
fn references(found: &[Found]) -> Vec<Address> {
    let known: HashSet<&Address> = found.iter().map(|found| &found.address).collect();
    let ids: HashSet<Oid> = found.iter().map(|found| found.address.object).collect();
    let needed = found.iter().flat_map(|found| &found.needs).map(|need| need.on.clone());
    let needed = needed.filter(|on| !ids.contains(&on.object));
    let columns = found.iter().filter(|found| found.address.part > 0);
    let wholes = columns.map(|column| column.address.whole()).filter(|it| !known.contains(it));
    let referred: HashSet<Address> = needed.chain(wholes).collect();
    referred.into_iter().collect()
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
          -- a range, for the index
          AND d.refobjsubid BETWEEN CASE f.objsubid WHEN 0 THEN -32768 ELSE f.objsubid END
                                AND CASE f.objsubid WHEN 0 THEN 32767 ELSE f.objsubid END
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
        CROSS JOIN LATERAL (
            SELECT attrelid, attnum FROM pg_attribute h
            WHERE h.attrelid = inhrelid AND h.attname = own.attname OFFSET 0) AS heir
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
