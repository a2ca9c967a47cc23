//! What an inverse does about partitions and children that may be missing when it runs: a job may have
//! dropped or detached them since.

use std::collections::{BTreeSet, HashMap, HashSet};

use migrate_dsl::quote_literal;
use postgres::Client;
use postgres::types::{Oid, Type};

use super::State;
use super::class::class;
use super::fact::{Address, Fact};

/// Classes whose objects belong to tables, and which table that is.
const TABLES: [(&str, &str); 6] = [
    ("pg_class", "indrelid"),
    ("pg_constraint", "conrelid"),
    ("pg_attrdef", "adrelid"),
    ("pg_trigger", "tgrelid"),
    ("pg_policy", "polrelid"),
    ("pg_statistic_ext", "stxrelid"),
];

/// More levels than occur in practice.
const DEEPEST: usize = 100;

/// Partitions and children that a step has only reached through their parent, and what belongs to
/// them.
#[derive(Default)]
pub(super) struct Partitions {
    /// The partition and those that it is below, by the address of it or of what belongs to it.
    names: HashMap<Address, Vec<Named>>,
}

/// A partition by its id, which does not change when it is renamed, and its full name.
type Named = (Oid, String);

/// A partition or child.
#[derive(Debug, Clone)]
pub(super) struct Child {
    name: String,
    parent: Oid,
}

impl Partitions {
    /// Those that are so in both states and in between, but for those that are `moved`. Of one that the
    /// author has named, the inverse is to fail.
    pub(super) fn of(before: &State, after: &State, moved: &HashSet<Oid>) -> Self {
        let named: HashSet<Address> =
            before.roots.iter().chain(&after.roots).map(Address::whole).collect();
        let stays = |id: &Oid| after.children.contains_key(id) && !moved.contains(id);
        let children = before.children.iter().filter(|(id, _)| stays(id));
        let addresses = children.map(|(&object, child)| {
            let above = |(_, child): &(Oid, &Child)| {
                let parent = before.children.get(&child.parent).filter(|_| stays(&child.parent));
                Some((child.parent, parent?))
            };
            let line = std::iter::successors(Some((object, child)), above);
            let line = line.map(|(id, child)| (id, child.name.clone()));
            (Address { class: class("pg_class"), object, part: 0 }, line.take(DEEPEST).collect())
        });
        let mut names: HashMap<Address, Vec<Named>> =
            addresses.filter(|(address, _)| !named.contains(address)).collect();
        if names.is_empty() {
            return Self::default();
        }
        let of_tables = before.tables.iter().chain(&after.tables);
        let of_tables: Vec<_> = of_tables
            .filter(|(address, _)| !named.contains(*address))
            .filter_map(|(address, &object)| {
                let table = Address { class: class("pg_class"), object, part: 0 };
                Some((address.clone(), names.get(&table)?.clone()))
            })
            .collect();
        names.extend(of_tables);
        // First indexes and constraints, then what belongs to these.
        for _ in 0..2 {
            let all = before.facts.values().chain(after.facts.values());
            let parts: Vec<_> = all
                .filter(|fact| !names.contains_key(&fact.address) && !named.contains(&fact.address))
                .filter_map(|fact| Some((fact.address.clone(), Self::owner(&names, fact)?.clone())))
                .collect();
            names.extend(parts);
        }
        Self { names }
    }

    fn owner<'a>(names: &'a HashMap<Address, Vec<Named>>, fact: &Fact) -> Option<&'a Vec<Named>> {
        let is_link = fact.address.class == "pg_inherits";
        let wholes = fact.needs.iter().filter(|need| need.belongs).map(|need| need.on.whole());
        // A link belongs to both that it links.
        let wholes = wholes.filter(|whole| !is_link || whole.object == fact.address.object);
        [fact.address.whole()].into_iter().chain(wholes).find_map(|whole| names.get(&whole))
    }

    /// Returns statements about a fact that do nothing if its partition is missing; a notice reports
    /// that the first time, and a warning if the table still exists, even under another name.
    pub(super) fn guarded(
        &self,
        fact: &Fact,
        statements: Vec<String>,
        told: &mut HashSet<String>,
    ) -> Vec<String> {
        let Some(names) = self.names.get(&fact.address) else { return statements };
        let Some((id, name)) = names.first() else { return statements };
        let classes = names
            .iter()
            .map(|(_, name)| format!("pg_catalog.to_regclass({})", quote_literal(name)))
            .collect::<Vec<_>>();
        let is_there = match classes.as_slice() {
            [class] => format!(
                "EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid OPERATOR(pg_catalog.=) {class})"
            ),
            all => format!(
                "{} OPERATOR(pg_catalog.=) (SELECT pg_catalog.count(DISTINCT inhrelid) FROM pg_catalog.pg_inherits \
                 WHERE inhrelid OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.oid[]))",
                all.len(),
                all.join(", ")
            ),
        };
        let guarded = statements.into_iter().map(|statement| {
            let otherwise = match told.insert(name.clone()) {
                true => {
                    let class = &classes[0];
                    let [gone, detached] = ["", ", and is left as it is"].map(|what| {
                        quote_literal(&format!("`{name}` is no partition or child any more{what}"))
                    });
                    let [renamed, left] = [&format!("`{name}` was renamed to `"), "` since, and is left as it is"]
                        .map(quote_literal);
                    let renamed_to = format!(
                        "(SELECT oid::pg_catalog.regclass FROM pg_catalog.pg_class \
                         WHERE oid OPERATOR(pg_catalog.=) {id})"
                    );
                    format!(
                        "    ELSIF {class} IS NULL AND {renamed_to} IS NULL THEN\n        \
                         RAISE NOTICE USING MESSAGE = {gone};\n    \
                         ELSIF {class} IS NULL THEN\n        \
                         RAISE WARNING USING MESSAGE = pg_catalog.concat({renamed}, {renamed_to}, {left});\n    \
                         ELSE\n        RAISE WARNING USING MESSAGE = {detached};\n"
                    )
                }
                false => String::new(),
            };
            let body = format!(
                "\nBEGIN\n    IF {is_there} THEN\n        {statement};\n{otherwise}    END IF;\nEND\n",
            );
            match body.contains("$$") {
                true => format!("DO {}", quote_literal(&body)),
                false => format!("DO $${body}$$"),
            }
        });
        guarded.collect()
    }
}

impl State {
    /// Reads which of the tables that the objects belong to are partitions or children.
    pub(super) fn read_children(
        &mut self,
        client: &mut Client,
        earlier: Option<&Self>,
    ) -> Result<(), postgres::Error> {
        let is_table = |fact: &&Fact| fact.address.class == "pg_class" && fact.is_table();
        let tables: HashSet<&Address> =
            self.facts.values().filter(is_table).map(|fact| &fact.address).collect();
        let is_alone = |fact: &&Fact| {
            let mut wholes = fact.needs.iter().filter(|need| need.belongs);
            fact.address.part == 0
                && !tables.contains(&fact.address)
                && !wholes.any(|need| need.on.part > 0 || tables.contains(&need.on))
        };
        let alone = self.facts.values().filter(is_alone).map(|fact| &fact.address);
        let alone: Vec<&Address> = alone
            .filter(|address| TABLES.iter().any(|(class, _)| address.class == *class))
            .collect();
        if !alone.is_empty() {
            let classes: Vec<&str> = alone.iter().map(|address| address.class.as_ref()).collect();
            let ids: Vec<Oid> = alone.iter().map(|address| address.object).collect();
            let of_class = TABLES.map(|(class, table)| {
                let id = if class == "pg_class" { "indexrelid" } else { "r.oid" };
                let rows = if class == "pg_class" { "pg_index" } else { class };
                format!(
                    "SELECT class, id, 0::int8, {table} FROM asked JOIN {rows} r ON {id} = id WHERE class = '{class}'"
                )
            });
            let sql = format!(
                "WITH asked AS (SELECT * FROM unnest($1::text[], $2::oid[]) AS a(class, id))\n{}",
                of_class.join("\nUNION ALL ")
            );
            let rows = client
                .query_typed(&sql, &[(&classes, Type::TEXT_ARRAY), (&ids, Type::OID_ARRAY)])?;
            self.tables = rows.iter().map(|row| (Address::of_row(row), row.get(3))).collect();
        }
        let of_columns = self.facts.values().map(|fact| &fact.address);
        let of_columns = of_columns.filter(|address| address.class == "pg_class");
        let mut relations: BTreeSet<Oid> = of_columns.map(|address| address.object).collect();
        relations.extend(self.tables.values());
        relations.extend(earlier.into_iter().flat_map(|earlier| earlier.children.keys()));
        if relations.is_empty() {
            return Ok(());
        }
        let relations: Vec<Oid> = relations.into_iter().collect();
        let rows = client.query_typed(
            "SELECT inhrelid, inhrelid::regclass::text, min(inhparent)
             FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
             WHERE inhrelid = ANY ($1) AND relkind IN ('r', 'p', 'f') GROUP BY inhrelid",
            &[(&relations, Type::OID_ARRAY)],
        )?;
        self.children = rows
            .iter()
            .map(|row| (row.get(0), Child { name: row.get(1), parent: row.get(2) }))
            .collect();
        Ok(())
    }
}
