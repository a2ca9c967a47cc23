//! What objects of any kind can have: comments, security labels, and an extension that they go with.

use std::collections::HashMap;

use migrate_dsl::{Identifier, quote_literal};
use postgres::Client;
use postgres::types::{Oid, Type};

use super::super::class::class;
use super::super::fact::{Address, Fact, Key, Need};
use super::super::form::{Change, Form, Phase, Setting, When};
use super::super::kind::Kind;
use super::super::objects::ids;
use super::Facts;

/// Reads these of the objects that are known so far.
pub(super) fn read(client: &mut Client, facts: &mut Facts) -> Result<(), postgres::Error> {
    let (ids, _) = ids(facts.keys.keys());
    comments(client, &ids, facts)?;
    let mut more = labels(client, &ids, facts)?;
    more.extend(extensions(client, &ids, facts)?);
    for (key, fact) in more {
        facts.keys.insert(fact.address.clone(), key);
        facts.insert(fact);
    }
    Ok(())
}

fn comments(client: &mut Client, ids: &[Oid], facts: &mut Facts) -> Result<(), postgres::Error> {
    let rows = client.query_typed(
        "SELECT classoid::regclass::text, objoid, objsubid::int8, description FROM pg_description
         WHERE objoid = ANY ($1)
         UNION ALL
         SELECT classoid::regclass::text, objoid, 0, description FROM pg_shdescription
         WHERE objoid = ANY ($1)",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    let mut comments: HashMap<Address, String> = HashMap::new();
    for row in rows {
        comments.insert(Address::of_row(&row), row.get(3));
    }
    let Facts { facts, keys, forms, .. } = facts;
    for (address, key) in keys {
        let (Some(fact), Some(object)) = (facts.get_mut(address), written(key)) else { continue };
        let value = comments.remove(address);
        let text = value.as_deref().map_or("NULL".to_owned(), quote_literal);
        let comment = Setting {
            name: "set comment".to_owned(),
            when: When {
                created: true,
                changed: true,
                phase: if fact.comes_from_parent() { Phase::Late } else { Phase::InOrder },
            },
            value,
            change: Change::Statements(vec![format!("COMMENT ON {object} IS {text}")]),
        };
        fact.add(comment, forms);
    }
    Ok(())
}

/// [`SECURITY LABEL`](https://www.postgresql.org/docs/current/sql-security-label.html), one of each
/// provider.
fn labels(
    client: &mut Client,
    ids: &[Oid],
    facts: &mut Facts,
) -> Result<Vec<(Key, Fact)>, postgres::Error> {
    let rows = client.query_typed(
        "SELECT classoid::regclass::text, objoid, objsubid::int8, provider, label FROM pg_seclabel
         WHERE objoid = ANY ($1)
         UNION ALL
         SELECT classoid::regclass::text, objoid, 0, provider, label FROM pg_shseclabel
         WHERE objoid = ANY ($1)",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    let labels = rows.iter().filter_map(|row| {
        let of = super::super::Address::of_row(row);
        let (provider, label): (String, String) = (row.get(3), row.get(4));
        let object = written(facts.keys.get(&of)?)?;
        let provider = Identifier::from(provider).quoted();
        let statement = format!("SECURITY LABEL FOR {provider} ON {object} IS");
        let class = class(&format!("label by {provider} in {}", of.class));
        let identity = format!("by {provider} on {object}");
        let form = Form {
            create: vec![format!("{statement} {}", quote_literal(&label))],
            drop: vec![format!("{statement} NULL")],
            definition: Some(label),
            ..Form::default()
        };
        let address = Address { class, ..of.clone() };
        let fact = facts.fact(address, vec![Need { on: of, belongs: true }], form);
        Some((Key { kind: Kind::SecurityLabel, identity }, fact))
    });
    Ok(labels.collect())
}

/// `DEPENDS ON EXTENSION`, which functions, indexes, triggers and materialized views can.
fn extensions(
    client: &mut Client,
    ids: &[Oid],
    facts: &mut Facts,
) -> Result<Vec<(Key, Fact)>, postgres::Error> {
    let rows = client.query_typed(
        "SELECT classid::regclass::text, objid, objsubid::int8, e.oid, quote_ident(extname)
         FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
         WHERE deptype = 'x' AND refclassid = 'pg_extension'::regclass AND objid = ANY ($1)",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    let dependent = rows.iter().filter_map(|row| {
        let of = super::super::Address::of_row(row);
        let (id, name): (Oid, String) = (row.get(3), row.get(4));
        let object = written(facts.keys.get(&of)?)?;
        let extension = Address { class: class("pg_extension"), object: id, part: 0 };
        let own = Address {
            class: class(&format!("extension of {}", of.class)),
            object: of.object,
            part: i64::from(id),
        };
        let needs = vec![Need { on: of, belongs: true }, Need { on: extension, belongs: false }];
        let form = Form {
            create: vec![format!("ALTER {object} DEPENDS ON EXTENSION {name}")],
            drop: vec![format!("ALTER {object} NO DEPENDS ON EXTENSION {name}")],
            ..Form::default()
        };
        let identity = format!("{name} of {object}");
        Some((Key { kind: Kind::ExtensionToGoWith, identity }, facts.fact(own, needs, form)))
    });
    Ok(dependent.collect())
}

/// An object as `COMMENT ON` names it.
fn written(key: &Key) -> Option<String> {
    let identity = &key.identity;
    Some(match key.kind {
        Kind::DefaultValue
        | Kind::Inheritance
        | Kind::InternalTriggers
        | Kind::PublicationRelation
        | Kind::PublicationNamespace
        | Kind::UserMapping
        | Kind::Parameter
        | Kind::DefaultPrivileges
        | Kind::RoleMembership
        | Kind::MemberOfExtension
        | Kind::TextSearchMapping => return None,
        Kind::DomainConstraint => {
            // The name of the constraint is quoted where it has a blank.
            let (name, domain) = identity.rsplit_once(" on ")?;
            format!("CONSTRAINT {name} ON DOMAIN {domain}")
        }
        Kind::Aggregate if identity.ends_with("()") => {
            format!("AGGREGATE {}(*)", identity.strip_suffix("()")?)
        }
        _ => format!("{} {identity}", key.words()),
    })
}
