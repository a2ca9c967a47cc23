//! How each kind of object is created and dropped, and what can be set of it.
//!
//! A reader is a query over the addresses of objects of some kinds. Its rows are `class`, `object`,
//! `part`, `what`, `value` and `statements`, where `what` is
//!
//! - `create`: the statements that make the object; where `value` differs, it has to be made anew,
//! - `among rows`: those that make it where rows may be in its way, in a table that stayed; with a
//!   `value` if they may also leave it off,
//! - `drop`: those that drop it,
//! - `name`: what is said before an old name, between it and `value`, the new one, and after that,
//! - `set x`, a setting: `value` is none if it is what a new object has; `once x` is for an object
//!   that is made, `change x` for one that is there already, `late x` waits until all is made,
//!   `owner` and `acl r` for those, and so does `last x`; the statements of `options` are an `ALTER` and the options,
//! - `limit x`: why PostgreSQL will not make that setting again or, if it is `create`, the object,
//! - `with`: class, id and part of what creates this one too,
//! - `fact`: that there is such a thing, for what has no id: its kind, and its identity as `value`,
//! - `needs`: class, id, part and kind of dependency of what such a thing needs.
//!
//! What objects of any kind can have, `every` reads.

mod column;
mod constraint;
mod every;
mod foreign;
mod index;
mod operator;
mod publication;
mod relation;
mod role;
mod routine;
mod rules;
mod schema;
mod sequence;
mod server;
mod text_search;
mod user_type;
mod view;

use std::collections::{BTreeMap, HashMap, HashSet};

use postgres::types::{Oid, Type};
use postgres::{Client, Row};

use super::State;
use super::fact::{Address, Change, Fact, Key, Need, Phase, Setting, Style, When};
use super::objects::{Found, ids};
use super::options::is_internal;
use super::privileges::Privileges;
use crate::plan::Only;

/// A query for objects of some kinds.
pub(super) struct Reader {
    kinds: &'static [&'static str],
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

/// What reads the same objects where only their rights are asked for.
const RIGHTS: &[Reader] = &[relation::RIGHTS, column::RIGHTS];

/// The addresses that the readers are asked for.
const WANTED: &str =
    "WITH wanted AS (SELECT * FROM unnest($1::oid[], $2::int8[]) AS w(objid, part))";

/// Reads what is to be known of the objects found.
pub(super) fn read(
    client: &mut Client,
    found: Vec<Found>,
    state: &mut State,
) -> Result<(), postgres::Error> {
    let aliases = aliases(&found);
    let mut keys: HashMap<Address, Key> = HashMap::new();
    let mut facts: HashMap<Address, Fact> = HashMap::new();
    let mut rows = Vec::new();
    let of_rights = state.only.is_some_and(Only::is_of_rights);
    for reader in READERS.iter().filter(|reader| !of_rights || !reader.is_of_relations()) {
        rows.extend(reader.rows(client, &found)?);
    }
    for reader in RIGHTS.iter().filter(|_| of_rights) {
        rows.extend(reader.rows(client, &found)?);
    }
    if !of_rights {
        rows.extend(sequence::positions(client, &found)?);
    }
    rows.extend(role::parameters(client, &found)?);
    for row in rows {
        let address = super::objects::address(&row);
        let (what, value): (String, Option<String>) = (row.get(3), row.get(4));
        let statements: Option<Vec<Option<String>>> = row.get(5);
        // A statement of which a part is null is none.
        let statements: Vec<String> = statements.into_iter().flatten().flatten().collect();
        let fact =
            facts.entry(address.clone()).or_insert_with(|| Fact::new(address.clone(), Vec::new()));
        if what == "fact" {
            let kind = statements.into_iter().next().unwrap_or_default();
            keys.insert(address, Key { kind, identity: value.unwrap_or_default() });
        } else {
            take(fact, &what, value, statements);
        }
    }
    super::column_order::make_independent(client, &mut facts)?;
    // What comes with its range, or with its foreign key, is nothing by itself.
    facts.retain(|address, _| !aliases.contains_key(address));
    for found in &found {
        if facts.contains_key(&found.address) {
            keys.insert(found.address.clone(), found.key.clone());
        }
        // A view needs what its rule needs.
        if let Some(fact) = facts.get_mut(&resolve(found.address.clone(), &aliases)) {
            fact.needs.extend(found.needs.iter().cloned());
        }
    }
    if !of_rights {
        every::read(client, &mut keys, &mut facts)?;
    }
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
    const fn of(kinds: &'static [&'static str], sql: fn() -> String) -> Self {
        Self { kinds, sql, only_if: None }
    }

    /// Whether it reads what `RIGHTS` read too.
    fn is_of_relations(&self) -> bool {
        self.kinds.iter().all(|kind| RIGHTS.iter().any(|rights| rights.kinds.contains(kind)))
    }

    /// The rows for those of its kinds.
    fn rows(&self, client: &mut Client, found: &[Found]) -> Result<Vec<Row>, postgres::Error> {
        let wanted = found.iter().filter(|found| self.kinds.contains(&found.key.kind.as_str()));
        let (ids, parts) = ids(wanted.map(|found| &found.address));
        if ids.is_empty() || !self.may_read(client)? {
            return Ok(Vec::new());
        }
        let sql = format!("{WANTED}\n{}", (self.sql)());
        client.query_typed(&sql, &[(&ids, Type::OID_ARRAY), (&parts, Type::INT8_ARRAY)])
    }

    fn may_read(&self, client: &mut Client) -> Result<bool, postgres::Error> {
        match self.only_if {
            Some(question) => Ok(client.query_typed_one(question, &[])?.get(0)),
            None => Ok(true),
        }
    }
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
    let handlers = handlers.collect::<Vec<_>>().join(" || ");
    format!(
        "(SELECT 'DO ' || CASE WHEN strpos(body, '$$') = 0 THEN '$$' || body || '$$'
                               ELSE quote_literal(body) END
          FROM concat(E'\\nBEGIN\\n    ', {statement}, E';\\nEXCEPTION ', {handlers}, E'END\\n') AS body)"
    )
}

/// Takes a row of a reader.
fn take(fact: &mut Fact, what: &str, value: Option<String>, mut statements: Vec<String>) {
    let (word, name) = what.split_once(' ').unwrap_or((what, what));
    match word {
        "create" => (fact.create, fact.definition) = (statements, value),
        "among" => (fact.among_rows, fact.may_be_left_off) = (statements, value.is_some()),
        "drop" => fact.drop = statements,
        "limit" => fact.limits.extend(value.map(|reason| (name.to_owned(), reason))),
        "name" => fact.name = value.map(|name| (name, statements)),
        "with" => fact.comes_with.extend(written_address(&statements)),
        "needs" => {
            let belongs = statements.get(3).is_some_and(|kind| kind != "n");
            fact.needs.extend(written_address(&statements).map(|on| Need { on, belongs }));
        }
        "acl" => {
            let privileges = Privileges::parse(&statements);
            fact.settings.push(Setting {
                name: what.to_owned(),
                when: When { created: true, changed: true, phase: Phase::Privileges },
                value: Some(privileges.value()),
                change: Change::Privileges(privileges),
            });
        }
        _ => {
            let change = match Style::of(name) {
                Some(style) if !statements.is_empty() => {
                    let alter = statements.remove(0);
                    statements.retain(|option| !is_internal(option));
                    Change::Options { alter, style, options: statements }
                }
                _ => Change::Statements(statements),
            };
            fact.settings.push(Setting {
                name: what.to_owned(),
                when: When::parse(word),
                value,
                change,
            });
        }
    }
}

fn written_address(texts: &[String]) -> Option<Address> {
    let [class, object, part, ..] = texts else { return None };
    Some(Address { class: class.clone(), object: object.parse().ok()?, part: part.parse().ok()? })
}

/// What is an internal part of another object and nothing by itself, and that other object: the
/// row type of a table, the rule of a view, the triggers of a foreign key. The constraint of a
/// trigger can have a comment.
fn aliases(found: &[Found]) -> HashMap<Address, Address> {
    let by_itself = ["sequence", "index", "operator family", "operator class"];
    let is_of_trigger = |found: &Found| {
        found.address.class == "pg_constraint"
            && found.internal.iter().any(|whole| whole.class == "pg_trigger")
    };
    found
        .iter()
        .filter(|found| !by_itself.contains(&found.key.kind.as_str()) && !is_of_trigger(found))
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
    let is_foreign_key = |fact: &Fact| fact.setting("change time").is_some();
    let mut of_relation: BTreeMap<Oid, HashSet<Address>> = BTreeMap::new();
    let mut links: BTreeMap<i64, Vec<Address>> = BTreeMap::new();
    let mut inherited: HashMap<Oid, Vec<Address>> = HashMap::new();
    for fact in facts.values_mut().filter(|fact| fact.is_inherited_constraint()) {
        // The parent's needs the links.
        fact.needs.retain(|need| need.belongs && need.on.class == "pg_class");
        for need in &fact.needs {
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
