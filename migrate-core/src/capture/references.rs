//! What the objects refer to and is not captured. An inverse names it: it has to be there when that runs,
//! and to be the same.

use std::collections::HashSet;

use postgres::Client;
use postgres::types::Type;

use super::State;
use super::fact::Address;
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
        if self.referred.is_empty() {
            return Ok(());
        }
        let classes: Vec<_> = self.referred.iter().map(|address| address.class.as_ref()).collect();
        let (ids, parts) = objects::ids(self.referred.iter());
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
                       OFFSET 0) AS r \
                 CROSS JOIN pg_identify_object(r.classid, r.objid, r.part) AS o \
                 CROSS JOIN pg_identify_object_as_address(r.classid, r.objid, r.part) AS a \
                 WHERE o.identity IS NOT NULL AND o.type <> ALL ($4)",
                &[
                    (&classes, Type::TEXT_ARRAY),
                    (&ids, Type::OID_ARRAY),
                    (&parts, Type::INT8_ARRAY),
                    (&NAMELESS.as_slice(), Type::TEXT_ARRAY),
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

    /// What has become of what the objects referred to before the step. To be called in a transaction.
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
            // What is stored as a value of a type is nothing to another of that name.
            let reason = match now {
                _ if has_successor && reference.address.class == "pg_type" => {
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
                "the step {reason}, which is not captured, and which what is captured refers to"
            ));
        }
        changed.replaced.sort();
        Ok(changed)
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
    /// Whether something else has its name now.
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
