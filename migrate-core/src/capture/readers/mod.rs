//! How each kind of object is created and dropped, and which settings it has.
//!
//! A reader is a query over the addresses of objects of some kinds. Its rows are `class`, `object`,
//! `part`, `what`, `value` and `statements`, where `what` is
//!
//! - `create`: the statements that create the object; where `value` differs, it has to be recreated,
//! - `among rows`: those that create it where rows may prevent it, in a table that stayed; with a
//!   `value` if they may also omit it,
//! - `drop`: those that drop it,
//! - `name`: the text before an old name, between it and `value`, the new one, and after that,
//! - `set x`, a setting: `value` is none if it is the default of a new object; `once x` is for an
//!   object that is created, `change x` for an existing one, `late x` waits until all are created,
//!   `owner` and `acl r` for those, and `last x` follows; those of `options` are an `ALTER` and the options,
//! - `limit x`: why PostgreSQL will not make that setting again or, if it is `create`, the object,
//! - `left x`: what differs from the previous state after that,
//! - `withheld`: what is not stored, since it may be secret, each with what tells values apart,
//! - `own x`: `x` of what is inherited, as long as it is not,
//! - `with`: class, id and part of an object whose creation creates this one too,
//! - `fact`: that there is such a thing, for what has no id: its kind, and its identity as `value`,
//! - `needs`: class, id, part and kind of dependency of what such a thing needs.
//!
//! `every` reads what objects of any kind can have. A subquery with `OFFSET 0` is computed
//! once, not again for each row of `what` that mentions it.

mod column;
mod constraint;
mod every;
mod facts;
mod foreign;
mod index;
mod operator;
mod publication;
mod relation;
mod role;
mod routine;
mod row;
mod rules;
mod schema;
mod sequence;
mod server;
mod text_search;
mod user_type;
mod view;

use std::collections::{BTreeMap, HashMap, HashSet};

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{Oid, ToSql, Type};

use super::State;
use super::fact::{Address, Fact, Need};
use super::form::Forms;
use super::kind::Kind;
use super::objects::{Found, ids};
use crate::plan::Only;
use facts::Facts;

/// A query for objects of some kinds.
pub(super) struct Reader {
    kinds: &'static [Kind],
    sql: fn() -> String,
    /// A question that has to be answered with yes, for what not everyone may read.
    only_if: Option<&'static str>,
}

const READERS: &[Reader] = &[
    schema::SCHEMAS,
    schema::EXTENSIONS,
    schema::MEMBERS,
    user_type::TYPES,
    user_type::DOMAIN_CONSTRAINTS,
    routine::FUNCTIONS,
    sequence::SEQUENCES,
    relation::TABLES,
    relation::LINKS,
    column::COLUMNS,
    column::DEFAULTS,
    constraint::CONSTRAINTS,
    index::INDEXES,
    view::VIEWS,
    rules::TRIGGERS,
    rules::INTERNAL_TRIGGERS,
    rules::RULES,
    rules::POLICIES,
    rules::STATISTICS,
    publication::PUBLICATIONS,
    publication::TABLES,
    publication::SCHEMAS,
    role::ROLES,
    role::PASSWORDS,
    role::MEMBERSHIPS,
    role::DATABASES,
    role::TABLESPACES,
    role::DEFAULT_PRIVILEGES,
    foreign::WRAPPERS,
    foreign::SERVERS,
    foreign::USER_MAPPINGS,
    server::LANGUAGES,
    server::ACCESS_METHODS,
    server::EVENT_TRIGGERS,
    server::SUBSCRIPTIONS,
    server::CONNECTIONS,
    operator::OPERATORS,
    operator::CLASSES,
    operator::FAMILIES,
    operator::CASTS,
    operator::COLLATIONS,
    operator::CONVERSIONS,
    operator::TRANSFORMS,
    text_search::CONFIGURATIONS,
    text_search::DICTIONARIES,
    text_search::PARSERS,
    text_search::TEMPLATES,
];

/// The readers of the same objects when only their privileges are requested.
const RIGHTS: &[Reader] = &[relation::RIGHTS, column::RIGHTS];

/// The addresses that the readers are to read.
const WANTED: &str =
    "WITH wanted AS (SELECT * FROM unnest($1::oid[], $2::int8[]) AS w(objid, part))";

/// Reads what is to be known of the objects found.
pub(super) fn read(
    client: &mut Client,
    found: Vec<Found>,
    known: Forms,
    state: &mut State,
) -> Result<(), postgres::Error> {
    let aliases = aliases(&found);
    let of_rights = state.only.is_some_and(Only::is_of_rights);
    let mut facts = Facts::new(&found, known);
    for reader in READERS.iter().filter(|reader| !of_rights || !reader.is_of_relations()) {
        reader.read(client, &found, &mut facts)?;
    }
    for reader in RIGHTS.iter().filter(|_| of_rights) {
        reader.read(client, &found, &mut facts)?;
    }
    if !of_rights {
        sequence::positions(client, &found, &mut facts)?;
    }
    for row in role::parameters(client, &found)? {
        facts.take(&row)?;
    }
    facts.finish();
    super::column_order::make_independent(client, &mut facts.facts)?;
    // What is created with its range, or with its foreign key, is no object of its own.
    facts.facts.retain(|address, _| !aliases.contains_key(address));
    for found in found {
        // A view needs what its rule needs.
        let whole = resolve(found.address.clone(), &aliases);
        if let Some(fact) = facts.facts.get_mut(&whole) {
            fact.needs.extend(found.needs);
        }
        if whole == found.address && facts.facts.contains_key(&whole) {
            facts.keys.insert(whole, found.key);
        }
    }
    if !of_rights {
        every::read(client, &mut facts)?;
    }
    let Facts { mut facts, mut keys, .. } = facts;
    for fact in facts.values_mut() {
        resolve_needs(fact, &aliases);
    }
    links_in_between(&mut facts);
    state.defaults = defaults(client)?;
    state.facts = facts
        .into_iter()
        .filter_map(|(address, fact)| Some((keys.remove(&address)?, fact)))
        .collect();
    Ok(())
}

impl Reader {
    const fn of(kinds: &'static [Kind], sql: fn() -> String) -> Self {
        Self { kinds, sql, only_if: None }
    }

    /// Whether it reads what `RIGHTS` read too.
    fn is_of_relations(&self) -> bool {
        self.kinds.iter().all(|kind| RIGHTS.iter().any(|rights| rights.kinds.contains(kind)))
    }

    /// Reads those of its kinds.
    fn read(
        &self,
        client: &mut Client,
        found: &[Found],
        facts: &mut Facts,
    ) -> Result<(), postgres::Error> {
        let wanted = found.iter().filter(|found| self.kinds.contains(&found.key.kind));
        let (ids, parts) = ids(wanted.map(|found| &found.address));
        if ids.is_empty() || !self.may_read(client)? {
            return Ok(());
        }
        let sql = format!("{WANTED}\n{}", (self.sql)());
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&ids, Type::OID_ARRAY), (&parts, Type::INT8_ARRAY)];
        let mut rows = client.query_typed_raw(&sql, parameters)?;
        while let Some(row) = rows.next()? {
            facts.take(&row)?;
        }
        Ok(())
    }

    fn may_read(&self, client: &mut Client) -> Result<bool, postgres::Error> {
        match self.only_if {
            Some(question) => Ok(client.query_typed_one(question, &[])?.get(0)),
            None => Ok(true),
        }
    }
}

/// A query for what of a class depends on an object of another. It is looked up by that object, whatever
/// the server takes for likely.
fn dependents(class: &str, of_class: &str, of: &str) -> String {
    format!(
        "SELECT objid, objsubid FROM pg_depend
         WHERE refclassid = '{of_class}'::regclass AND refobjid = {of} AND classid = '{class}'::regclass
         OFFSET 0"
    )
}

/// What is done where a statement meets with an error that rows give rise to.
#[derive(Clone)]
struct Otherwise<'a> {
    /// The error's condition, or several.
    error: &'a str,
    /// An expression for the statement that then runs; for an empty text, none does.
    instead: &'a str,
    /// An expression for what is warned of.
    warning: &'a str,
}

/// An expression for a statement that tries another, given as an expression too.
fn attempt(statement: &str, otherwise: &[Otherwise<'_>]) -> String {
    let handlers = otherwise.iter().map(|Otherwise { error, instead, warning }| {
        format!(
            "format(E'WHEN {error} THEN%s\\n    RAISE WARNING USING MESSAGE = %L;\\n',
                    COALESCE(E'\\n    ' || NULLIF({instead}, '') || ';', ''), {warning})"
        )
    });
    attempt_with(statement, &handlers.collect::<Vec<_>>().join(" || "))
}

/// The same, with handlers of its own: an expression too.
fn attempt_with(statement: &str, handlers: &str) -> String {
    format!(
        "(SELECT 'DO ' || CASE WHEN strpos(body, '$$') = 0 THEN '$$' || body || '$$'
                               ELSE quote_literal(body) END
          FROM concat(E'\\nBEGIN\\n    ', {statement}, E';\\nEXCEPTION ', {handlers}, E'END\\n') AS body)"
    )
}

/// Returns internal parts of other objects that are no objects of their own, with those others: the
/// row type of a table, the rule of a view, the triggers of a foreign key. The constraint of a
/// trigger can have a comment.
fn aliases(found: &[Found]) -> HashMap<Address, Address> {
    let by_itself = [Kind::Sequence, Kind::Index, Kind::OperatorFamily, Kind::OperatorClass];
    let is_of_trigger = |found: &Found| {
        found.address.class == "pg_constraint"
            && found.internal.iter().any(|whole| whole.class == "pg_trigger")
    };
    found
        .iter()
        .filter(|found| !by_itself.contains(&found.key.kind) && !is_of_trigger(found))
        .filter_map(|found| {
            let whole =
                found.internal.iter().find(|whole| whole.whole() != found.address.whole())?;
            Some((found.address.clone(), whole.clone()))
        })
        .collect()
}

/// The object that an address is a part of by name only.
fn resolve(mut address: Address, aliases: &HashMap<Address, Address>) -> Address {
    // The element of an array may be a row, and that of a table.
    for _ in 0..4 {
        match aliases.get(&address) {
            Some(whole) => address = whole.clone(),
            None => break,
        }
    }
    address
}

fn resolve_needs(fact: &mut Fact, aliases: &HashMap<Address, Address>) {
    let own = fact.address.clone();
    if own.part > 0 && own.class == "pg_class" {
        fact.needs.push(Need { on: own.whole(), belongs: true });
        fact.comes_with.push(resolve(own.whole(), aliases));
    }
    for need in &mut fact.needs {
        need.on = resolve(need.on.clone(), aliases);
    }
    fact.needs.retain(|need| need.on != own);
    // Either kind of dependency may be there besides the other.
    fact.needs.sort_by(|a, b| a.on.cmp(&b.on).then(b.belongs.cmp(&a.belongs)));
    fact.needs.dedup_by(|a, b| a.on == b.on);
}

/// A partition is attached when it has all its constraints and indexes: those of the same form as
/// the parent's are then joined to them, and none are made under other names. Foreign keys come
/// last, and go to all partitions at once.
fn links_in_between(facts: &mut HashMap<Address, Fact>) {
    let is_link = |fact: &Fact| fact.address.class == "pg_inherits" && fact.comes_with.is_empty();
    let is_foreign_key = |fact: &Fact| fact.has_setting("change time");
    let mut of_relation: BTreeMap<Oid, HashSet<Address>> = BTreeMap::new();
    let mut links: BTreeMap<i64, Vec<Address>> = BTreeMap::new();
    let mut inherited: HashMap<Oid, Vec<Address>> = HashMap::new();
    for fact in facts.values_mut().filter(|fact| fact.is_inherited_constraint()) {
        // The parent's foreign key needs the links; a check needs its parent's.
        fact.needs.retain(|need| match need.on.class.as_ref() {
            "pg_class" => need.belongs,
            "pg_constraint" => !need.belongs,
            _ => false,
        });
        for need in fact.needs.iter().filter(|need| need.belongs) {
            inherited.entry(need.on.object).or_default().push(fact.address.clone());
        }
    }
    for fact in facts.values() {
        // Another partition is part of the parent as well.
        let is_index =
            fact.address.class == "pg_class" && fact.address.part == 0 && !fact.is_table();
        if fact.address.class == "pg_inherits" {
            links.entry(fact.address.part).or_default().push(fact.address.clone());
        } else if is_index
            || fact.address.class == "pg_constraint"
                && !is_foreign_key(fact)
                && !fact.is_inherited_constraint()
        {
            for need in fact.needs.iter().filter(|need| need.belongs && need.on.class == "pg_class")
            {
                of_relation.entry(need.on.object).or_default().insert(fact.address.clone());
            }
        }
    }
    for fact in facts.values_mut() {
        let ends: HashSet<_> = fact.needs.iter().map(|need| need.on.object).collect();
        let more: Vec<Address> = if is_link(fact) {
            let indexes = ends.iter().filter_map(|end| of_relation.get(end)).flatten();
            let indexes = indexes.filter(|address| !ends.contains(&address.object));
            let own = inherited.get(&fact.address.object).into_iter().flatten();
            indexes.chain(own).cloned().collect()
        } else if is_foreign_key(fact) {
            // Those of the partitions' partitions too.
            let mut below: Vec<Address> = Vec::new();
            let mut parents: Vec<Oid> = ends.into_iter().collect();
            while let Some(parent) = parents.pop() {
                let joined = links.get(&i64::from(parent)).map_or(&[][..], Vec::as_slice);
                parents.extend(joined.iter().map(|link| link.object));
                below.extend_from_slice(joined);
            }
            below
        } else {
            continue;
        };
        fact.needs.extend(more.into_iter().map(|on| Need { on, belongs: false }));
    }
}

/// The roles that default privileges mention, by the letter of the kind of object.
fn defaults(client: &mut Client) -> Result<HashMap<String, Vec<String>>, postgres::Error> {
    let rows = client.query_typed(
        "SELECT CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END::text,
                array_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
         FROM pg_default_acl, aclexplode(defaclacl) GROUP BY 1",
        &[],
    )?;
    Ok(rows
        .iter()
        .map(|row| {
            // As `acldefault` has it.
            let letter: String = row.get(0);
            (format!("acl {letter}"), row.get(1))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_or_goes_with_another() {
        let goes_with_another = [
            Kind::CompositeType,
            Kind::DefaultAcl,
            Kind::FunctionOfAccessMethod,
            Kind::IndexColumn,
            Kind::OperatorOfAccessMethod,
            Kind::SequenceColumn,
            Kind::ToastTable,
            Kind::ToastTableColumn,
        ];
        let named_by_a_reader = [
            Kind::ExtensionToGoWith,
            Kind::Inheritance,
            Kind::InternalTriggers,
            Kind::MemberOfExtension,
            Kind::Parameter,
            Kind::RoleMembership,
            Kind::SecurityLabel,
            Kind::TextSearchMapping,
        ];
        let is_read = |kind: &Kind| READERS.iter().any(|reader| reader.kinds.contains(kind));
        let not_read: Vec<_> = Kind::ALL.iter().filter(|kind| !is_read(kind)).copied().collect();
        let mut expected = [goes_with_another, named_by_a_reader].concat();
        expected.sort();
        assert_eq!(not_read, expected);
    }
}
