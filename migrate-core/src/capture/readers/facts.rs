//! Facts as the rows of readers make them.

use std::collections::HashMap;
use std::sync::Arc;

use postgres::Row;
use postgres::types::Oid;

use super::super::fact::{Address, Fact, Key, Need};
use super::super::form::{Change, Form, Forms, Limit, Phase, Relation, Setting, Style, When};
use super::super::objects::{self, Found};
use super::super::options::is_internal;
use super::super::privileges::Privileges;
use super::super::word::{Word, word};

/// Facts as they are read, row by row.
pub(super) struct Facts {
    pub(super) facts: HashMap<Address, Fact>,
    pub(super) keys: HashMap<Address, Key>,
    /// The object that the last row was of.
    current: Option<Draft>,
    pub(super) forms: Forms,
    /// The relations that objects are of, by the ids of both.
    relations: HashMap<(Word, Oid), Arc<Relation>>,
}

/// A fact that is being read.
struct Draft {
    address: Address,
    needs: Vec<Need>,
    comes_with: Vec<Address>,
    form: Form,
}

impl Facts {
    pub(super) fn new(found: &[Found], forms: Forms) -> Self {
        let (facts, keys) = (HashMap::new(), HashMap::new());
        Self { facts, keys, current: None, forms, relations: relations(found) }
    }

    /// Takes a row of a reader.
    pub(super) fn take(&mut self, row: &Row) {
        let address = objects::address(row);
        let (what, value): (&str, Option<String>) = (row.get(3), row.get(4));
        let statements: Option<Vec<Option<String>>> = row.get(5);
        // A statement of which a part is null is none.
        let statements: Vec<String> = statements.into_iter().flatten().flatten().collect();
        if self.current.as_ref().is_none_or(|current| current.address != address) {
            self.finish();
            self.current = Some(match self.facts.remove(&address) {
                Some(fact) => Draft {
                    form: fact.form(),
                    address: fact.address,
                    needs: fact.needs,
                    comes_with: fact.comes_with,
                },
                None => Draft {
                    address,
                    needs: Vec::new(),
                    comes_with: Vec::new(),
                    form: Form::default(),
                },
            });
        }
        let Some(draft) = &mut self.current else { return };
        if what == "fact" {
            let kind = word(statements.first().map_or("", String::as_str));
            let identity = value.unwrap_or_default();
            self.keys.insert(draft.address.clone(), Key { kind, identity });
        } else {
            draft.take(what, value, statements);
        }
    }

    /// Keeps what has been read of the last object.
    pub(super) fn finish(&mut self) {
        if let Some(Draft { address, needs, mut comes_with, form }) = self.current.take() {
            comes_with.shrink_to_fit();
            let mut fact = self.fact(address, needs, form);
            fact.comes_with = comes_with;
            self.insert(fact);
        }
    }

    pub(super) fn fact(&mut self, address: Address, needs: Vec<Need>, form: Form) -> Fact {
        let relation = match address.class.as_ref() {
            "pg_inherits" | "internal triggers" => {
                self.relations.get(&(word("pg_class"), address.object))
            }
            _ => self.relations.get(&(address.class, address.object)),
        };
        Fact::new(address, needs, relation.cloned(), form, &mut self.forms)
    }

    pub(super) fn insert(&mut self, fact: Fact) {
        self.facts.insert(fact.address.clone(), fact);
    }
}

/// Which relation each object is of: a table of itself, an index of its table.
fn relations(found: &[Found]) -> HashMap<(Word, Oid), Arc<Relation>> {
    let is_whole = |found: &&Found| {
        found.address.class == "pg_class"
            && found.address.part == 0
            && !["index", "sequence"].contains(&found.key.kind.as_ref())
    };
    let key = |address: &Address| (address.class, address.object);
    let wholes = found.iter().filter(is_whole);
    let mut relations: HashMap<_, _> = wholes
        .map(|found| (key(&found.address), Arc::new(Relation::new(found.key.identity.clone()))))
        .collect();
    // The index of a constraint is of that, and that of a table.
    for _ in 0..2 {
        for found in found {
            if !relations.contains_key(&key(&found.address)) {
                let mut wholes = found.needs.iter().filter(|need| need.belongs);
                let relation = wholes.find_map(|need| relations.get(&key(&need.on)).cloned());
                relations.extend(relation.map(|relation| (key(&found.address), relation)));
            }
        }
    }
    relations
}

impl Draft {
    /// Takes what a row says.
    fn take(&mut self, what: &str, value: Option<String>, mut statements: Vec<String>) {
        let (word, name) = what.split_once(' ').unwrap_or((what, what));
        if word == "own" {
            let own = self.form.own.take().unwrap_or_default();
            let form = std::mem::replace(&mut self.form, *own);
            self.take(name, value, statements);
            let own = Box::new(std::mem::replace(&mut self.form, form));
            self.form.own = Some(own);
            return;
        }
        let form = &mut self.form;
        match word {
            "create" => (form.create, form.definition) = (statements, value),
            "among" => (form.among_rows, form.may_be_left_off) = (statements, value.is_some()),
            "drop" => form.drop = statements,
            "limit" | "left" => form.limits.extend(value.map(|reason| Limit {
                of: name.to_owned(),
                reason,
                fails: word == "limit",
                unless_in_order: None,
            })),
            "name" => form.name = value.map(|name| (name, statements)),
            "withheld" => form.withheld = statements,
            "with" => self.comes_with.extend(written_address(&statements)),
            "needs" => {
                let belongs = statements.get(3).is_some_and(|kind| kind != "n");
                self.needs.extend(written_address(&statements).map(|on| Need { on, belongs }));
            }
            "acl" => {
                let privileges = Privileges::parse(&statements);
                form.settings.push(Setting {
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
                        statements
                            .retain(|option| style != Style::Parameters || !is_internal(option));
                        Change::Options { alter, style, options: statements }
                    }
                    _ => Change::Statements(statements),
                };
                form.settings.push(Setting {
                    name: what.to_owned(),
                    when: When::parse(word),
                    value,
                    change,
                });
            }
        }
    }
}

fn written_address(texts: &[String]) -> Option<Address> {
    let [class, object, part, ..] = texts else { return None };
    Some(Address { class: word(class), object: object.parse().ok()?, part: part.parse().ok()? })
}
