//! What the objects refer to and is not captured. An inverse names it: it has to be there when that runs,
//! and to be the same.

use std::collections::HashSet;

use postgres::Client;
use postgres::types::Type;

use super::State;
use super::class::class as class_of;
use super::fact::{Address, Fact};
use super::kind::Kind;
use super::objects;
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::trusted;

/// Something that was referred to before a step.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    address: Address,
    /// As `pg_identify_object` gives them.
    kind: String,
    identity: String,
    /// As `pg_get_object_address` takes it.
    names: Vec<String>,
    arguments: Vec<String>,
}

/// What an inverse refers to by what it does, and not by its name.
const NAMELESS: [&str; 4] = ["index", "table constraint", "default value", "trigger"];

/// Classes in which what has taken the name of another can do nothing for that.
const IS_NO_OTHER: [&str; 2] = ["pg_type", "pg_authid"];

/// What has become of references.
#[derive(Debug, Default)]
pub(crate) struct ChangedReferences {
    /// Why the inverse cannot restore what refers to them, if so.
    pub(crate) reason: Option<String>,
    /// What there is another of by now.
    pub(crate) replaced: Vec<String>,
}

impl State {
    /// Reads the names of what the objects refer to and is not among them. For what an extension brings
    /// along it is the extension.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn read_references(&mut self, client: &mut Client) -> Result<(), postgres::Error> {
        let classes: Vec<_> = self.referred.iter().map(|address| address.class.as_ref()).collect();
        let (ids, parts) = objects::ids(self.referred.iter());
        let (own_ids, _) = objects::ids(self.facts.values().map(|fact| &fact.address));
        let rows = trusted(client, |client| {
            client.query_typed(
                "SELECT DISTINCT r.classid::regclass::text, r.objid, r.part::int8, o.type, o.identity, \
                        a.object_names, a.object_args \
                 FROM (SELECT COALESCE(d.refclassid, class::regclass) AS classid, \
                              COALESCE(d.refobjid, w.objid) AS objid, \
                              CASE WHEN d.refobjid IS NULL THEN part ELSE 0 END::int4 AS part \
                       FROM unnest($1::text[], $2::oid[], $3::int8[]) AS w(class, objid, part) \
                       LEFT JOIN pg_depend d \
                         ON d.classid = class::regclass AND d.objid = w.objid AND d.deptype = 'e' \
                       UNION \
                       SELECT refclassid, refobjid, 0 FROM pg_shdepend \
                       WHERE objid = ANY ($5) AND refclassid = 'pg_authid'::regclass \
                         AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \
                       OFFSET 0) AS r \
                 CROSS JOIN pg_identify_object(r.classid, r.objid, r.part) AS o \
                 CROSS JOIN pg_identify_object_as_address(r.classid, r.objid, r.part) AS a \
                 WHERE o.identity IS NOT NULL AND o.type <> ALL ($4)",
                &[
                    (&classes, Type::TEXT_ARRAY),
                    (&ids, Type::OID_ARRAY),
                    (&parts, Type::INT8_ARRAY),
                    (&NAMELESS.as_slice(), Type::TEXT_ARRAY),
                    (&own_ids, Type::OID_ARRAY),
                ],
            )
        })?;
        let own = self.addresses();
        let references = rows.iter().map(|row| Reference {
            address: Address::of_row(row),
            kind: row.get(3),
            identity: row.get(4),
            names: row.get(5),
            arguments: row.get(6),
        });
        let references = references.filter(|reference| !own.contains(&reference.address)).collect();
        self.references = references;
        Ok(())
    }

    /// Returns what became of the objects referred to before the step. To be called in a transaction.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn changed_references(
        &self,
        client: &mut Client,
    ) -> Result<ChangedReferences, postgres::Error> {
        let mut changed = ChangedReferences::default();
        if self.references.is_empty() {
            return Ok(changed);
        }
        let now = trusted(client, |client| self.identities_now(client))?;
        let moved: Vec<_> = self
            .references
            .iter()
            .zip(now)
            .filter(|(reference, now)| now.as_ref() != Some(&reference.identity))
            .collect();
        // A table is named for its columns.
        let wholes: HashSet<Address> = moved
            .iter()
            .map(|(reference, _)| reference.address.clone())
            .filter(|address| address.part == 0)
            .collect();
        for (reference, now) in moved {
            if reference.address.part > 0 && wholes.contains(&reference.address.whole()) {
                continue;
            }
            let Reference { kind, identity, .. } = reference;
            let has_successor = reference.has_successor(client)?;
            let is_of_column =
                |fact: &Fact| fact.address.part > 0 && fact.address.whole() == reference.address;
            // A column is not added to another table.
            let is_no_other = IS_NO_OTHER.contains(&&*reference.address.class)
                || self.facts.values().any(is_of_column);
            // A value of a type is nothing to another of that name, and a role has no rights by its name.
            let reason = match now {
                _ if has_successor && is_no_other => {
                    format!("replaces {kind} `{identity}` by another of that name")
                }
                _ if has_successor => {
                    changed.replaced.push(format!("the former {kind} `{identity}`"));
                    continue;
                }
                Some(now) => format!("renames {kind} `{identity}` to `{now}`"),
                None => format!("drops {kind} `{identity}`"),
            };
            changed.reason.get_or_insert(format!(
                "the step {reason}, which captured objects refer to and which has no `.captures(..)` of its own"
            ));
        }
        changed.replaced.sort();
        Ok(changed)
    }

    /// Why what was renamed, or dropped, cannot have its name again: something else has it that is not
    /// captured.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn name_taken_by_others(
        &self,
        client: &mut Client,
        after: &Self,
    ) -> Result<Option<String>, postgres::Error> {
        if self.is_of_settings() {
            return Ok(None);
        }
        let function = |kind| match kind {
            Kind::Function | Kind::Procedure | Kind::Aggregate => {
                Some(("pg_proc", "to_regprocedure"))
            }
            Kind::Type => Some(("pg_type", "to_regtype")),
            kind if Kind::RELATIONS.contains(&kind) => Some(("pg_class", "to_regclass")),
            _ => None,
        };
        let missing = self.facts.iter().filter(|(key, _)| !after.facts.contains_key(key));
        let missing = missing.filter_map(|(key, fact)| Some((key, fact, function(key.kind)?)));
        let missing: Vec<_> = missing.collect();
        let there = after.addresses();
        for (class, function) in
            [("pg_class", "to_regclass"), ("pg_type", "to_regtype"), ("pg_proc", "to_regprocedure")]
        {
            let of_class: Vec<_> = missing.iter().filter(|(.., of)| of.0 == class).collect();
            if of_class.is_empty() {
                continue;
            }
            let names: Vec<&str> = of_class.iter().map(|(key, ..)| key.identity.as_str()).collect();
            let sql = format!(
                "SELECT COALESCE({function}(name)::oid, 0) \
                 FROM unnest($1::text[]) WITH ORDINALITY AS n(name, number) ORDER BY number"
            );
            let rows =
                trusted(client, |client| client.query_typed(&sql, &[(&names, Type::TEXT_ARRAY)]))?;
            for ((key, fact, _), row) in of_class.into_iter().zip(&rows) {
                let address = Address { class: class_of(class), object: row.get(0), part: 0 };
                if address.object != 0 && !there.contains(&address) {
                    let is_there = there.contains(&fact.address);
                    return Ok(Some(key.taken(if is_there { "renamed" } else { "dropped" })));
                }
            }
        }
        Ok(None)
    }

    fn identities_now(&self, client: &mut Client) -> Result<Vec<Option<String>>, postgres::Error> {
        let addresses = self.references.iter().map(|reference| &reference.address);
        let classes: Vec<_> = addresses.clone().map(|address| address.class.as_ref()).collect();
        let (ids, parts) = objects::ids(addresses);
        let rows = client.query_typed(
            "SELECT CASE WHEN NOT EXISTS ( \
                        SELECT FROM pg_attribute WHERE class = 'pg_class' AND attrelid = objid \
                        AND attnum = part AND attisdropped) THEN o.identity END \
             FROM unnest($1::text[], $2::oid[], $3::int8[]) WITH ORDINALITY AS w(class, objid, part, number) \
             CROSS JOIN pg_identify_object(class::regclass, objid, part::int4) AS o ORDER BY number",
            &[
                (&classes, Type::TEXT_ARRAY),
                (&ids, Type::OID_ARRAY),
                (&parts, Type::INT8_ARRAY),
            ],
        )?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

impl Reference {
    /// Whether another object has its name now.
    fn has_successor(&self, client: &mut Client) -> Result<bool, postgres::Error> {
        trusted(client, |client| {
            client.batch_execute(&savepoint("migrate_reference"))?;
            let found = client.query_typed(
                "SELECT FROM pg_get_object_address($1, $2, $3)",
                &[
                    (&self.kind, Type::TEXT),
                    (&self.names, Type::TEXT_ARRAY),
                    (&self.arguments, Type::TEXT_ARRAY),
                ],
            );
            let end =
                "ROLLBACK TO SAVEPOINT migrate_reference; RELEASE SAVEPOINT migrate_reference";
            client.batch_execute(end)?;
            match found {
                Ok(_) => Ok(true),
                // There is no such object.
                Err(error) if error.code().is_some() => Ok(false),
                Err(error) => Err(error),
            }
        })
    }
}
