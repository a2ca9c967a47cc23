//! What objects of any kind can have: comments, security labels, and an extension that they go with.

use std::collections::HashMap;

use migrate_dsl::{Identifier, quote_literal};
use postgres::Client;
use postgres::types::{Oid, Type};

use super::super::fact::{Address, Change, Fact, Key, Need, Setting, When};
use super::super::objects::ids;

/// Reads these of the objects that are known so far.
pub(super) fn read(
    client: &mut Client,
    keys: &mut HashMap<Address, Key>,
    facts: &mut HashMap<Address, Fact>,
) -> Result<(), postgres::Error> {
    let (ids, _) = ids(keys.keys());
    comments(client, &ids, keys, facts)?;
    let mut more = labels(client, &ids, keys)?;
    more.extend(extensions(client, &ids, keys)?);
    for (key, fact) in more {
        keys.insert(fact.address.clone(), key);
        facts.insert(fact.address.clone(), fact);
    }
    Ok(())
}

fn comments(
    client: &mut Client,
    ids: &[Oid],
    keys: &HashMap<Address, Key>,
    facts: &mut HashMap<Address, Fact>,
) -> Result<(), postgres::Error> {
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
        comments.insert(super::super::objects::address(&row), row.get(3));
    }
    for (address, key) in keys {
        let (Some(fact), Some(object)) = (facts.get_mut(address), written(key)) else { continue };
        let value = comments.remove(address);
        let text = value.as_deref().map_or("NULL".to_owned(), quote_literal);
        fact.settings.push(Setting {
            name: "set comment".to_owned(),
            when: When::parse(if fact.comes_from_parent() { "late" } else { "set" }),
            value,
            change: Change::Statements(vec![format!("COMMENT ON {object} IS {text}")]),
        });
    }
    Ok(())
}

/// [`SECURITY LABEL`](https://www.postgresql.org/docs/current/sql-security-label.html), one of each
/// provider.
fn labels(
    client: &mut Client,
    ids: &[Oid],
    keys: &HashMap<Address, Key>,
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
        let of = super::super::objects::address(row);
        let (provider, label): (String, String) = (row.get(3), row.get(4));
        let object = written(keys.get(&of)?)?;
        let provider = Identifier::from(provider).quoted();
        let statement = format!("SECURITY LABEL FOR {provider} ON {object} IS");
        let class = format!("label by {provider} in {}", of.class);
        let identity = format!("by {provider} on {object}");
        let fact = Fact {
            create: vec![format!("{statement} {}", quote_literal(&label))],
            drop: vec![format!("{statement} NULL")],
            definition: Some(label),
            ..Fact::new(Address { class, ..of.clone() }, vec![Need { on: of, belongs: true }])
        };
        Some((Key { kind: "security label".to_owned(), identity }, fact))
    });
    Ok(labels.collect())
}

/// `DEPENDS ON EXTENSION`, which functions, indexes, triggers and materialized views can.
fn extensions(
    client: &mut Client,
    ids: &[Oid],
    keys: &HashMap<Address, Key>,
) -> Result<Vec<(Key, Fact)>, postgres::Error> {
    let rows = client.query_typed(
        "SELECT classid::regclass::text, objid, objsubid::int8, e.oid, quote_ident(extname)
         FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
         WHERE deptype = 'x' AND refclassid = 'pg_extension'::regclass AND objid = ANY ($1)",
        &[(&ids, Type::OID_ARRAY)],
    )?;
    let dependent = rows.iter().filter_map(|row| {
        let of = super::super::objects::address(row);
        let (id, name): (Oid, String) = (row.get(3), row.get(4));
        let object = written(keys.get(&of)?)?;
        let extension = Address { class: "pg_extension".to_owned(), object: id, part: 0 };
        let own = Address {
            class: format!("extension of {}", of.class),
            object: of.object,
            part: i64::from(id),
        };
        let needs = vec![Need { on: of, belongs: true }, Need { on: extension, belongs: false }];
        let fact = Fact {
            create: vec![format!("ALTER {object} DEPENDS ON EXTENSION {name}")],
            drop: vec![format!("ALTER {object} NO DEPENDS ON EXTENSION {name}")],
            ..Fact::new(own, needs)
        };
        let identity = format!("{name} of {object}");
        Some((Key { kind: "extension to go with".to_owned(), identity }, fact))
    });
    Ok(dependent.collect())
}

/// An object as `COMMENT ON` names it.
fn written(key: &Key) -> Option<String> {
    let identity = &key.identity;
    Some(match key.kind.as_str() {
        "default value"
        | "inheritance"
        | "internal triggers"
        | "publication relation"
        | "publication namespace"
        | "user mapping"
        | "parameter"
        | "default privileges"
        | "role membership"
        | "member of an extension"
        | "text search mapping" => return None,
        "domain constraint" => {
            // The name of the constraint is quoted where it has a blank.
            let (name, domain) = identity.rsplit_once(" on ")?;
            format!("CONSTRAINT {name} ON DOMAIN {domain}")
        }
        "aggregate" if identity.ends_with("()") => {
            format!("AGGREGATE {}(*)", identity.strip_suffix("()")?)
        }
        _ => format!("{} {identity}", key.words()),
    })
}
