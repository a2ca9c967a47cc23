//! Facts as the rows of readers make them.

use std::collections::HashMap;
use std::sync::Arc;

use postgres::Row;
use postgres::types::Oid;

use super::super::class::{Class, class};
use super::super::fact::{Address, Fact, Key, Need};
use super::super::form::{Change, Form, Forms, Limit, Phase, Relation, Setting, Style, When};
use super::super::kind::Kind;
use super::super::objects::Found;
use super::super::options::is_internal;
use super::super::privileges::Privileges;
use super::row::{Content, ReaderRow, What};

/// Facts as they are read, row by row.
pub(super) struct Facts {
    pub(super) facts: HashMap<Address, Fact>,
    pub(super) keys: HashMap<Address, Key>,
    /// The object that the last row was of.
    current: Option<Draft>,
    pub(super) forms: Forms,
    /// The relations that objects are of, by the ids of both.
    relations: HashMap<(Class, Oid), Arc<Relation>>,
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
    pub(super) fn take(&mut self, row: &Row) -> Result<(), postgres::Error> {
        let ReaderRow { address, what, value, content } = ReaderRow::parse(row)?;
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
        let Some(draft) = &mut self.current else { return Ok(()) };
        match content {
            Content::Kind(kind) => {
                let identity = value.unwrap_or_default();
                self.keys.insert(draft.address.clone(), Key { kind, identity });
            }
            Content::Need(Some(need)) if what == What::With => draft.comes_with.push(need.on),
            Content::Need(need) => draft.needs.extend(need),
            Content::Statements(statements) => draft.form.take(what, value, statements),
        }
        Ok(())
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
                self.relations.get(&(class("pg_class"), address.object))
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
fn relations(found: &[Found]) -> HashMap<(Class, Oid), Arc<Relation>> {
    let is_whole = |found: &&Found| {
        found.address.class == "pg_class"
            && found.address.part == 0
            && ![Kind::Index, Kind::Sequence].contains(&found.key.kind)
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

impl Form {
    /// Takes what a row says.
    fn take(&mut self, what: What, value: Option<String>, mut statements: Vec<String>) {
        match what {
            What::Own(what) => self.own.get_or_insert_default().take(*what, value, statements),
            What::Create => (self.create, self.definition) = (statements, value),
            What::AmongRows => {
                (self.among_rows, self.may_be_left_off) = (statements, value.is_some());
            }
            What::Drop => self.drop = statements,
            What::Limit { of, fails } => {
                let limit = |reason| Limit { of, reason, fails, unless_in_order: None };
                self.limits.extend(value.map(limit));
            }
            What::Name => self.name = value.map(|name| (name, statements)),
            What::Withheld => self.withheld = statements,
            What::Privileges { name } => {
                let privileges = Privileges::parse(&statements);
                self.settings.push(Setting {
                    name,
                    when: When { created: true, changed: true, phase: Phase::Privileges },
                    value: Some(privileges.value()),
                    change: Change::Privileges(privileges),
                });
            }
            What::Setting { name, when, style } => {
                let mut value = value;
                let change = match style {
                    Some(style) if !statements.is_empty() => {
                        let alter = statements.remove(0);
                        if style == Style::Parameters {
                            statements.retain(|option| !is_internal(option));
                            value = (!statements.is_empty()).then(|| statements.join("\u{1f}"));
                        }
                        Change::Options { alter, style, options: statements }
                    }
                    _ => Change::Statements(statements),
                };
                self.settings.push(Setting { name, when, value, change });
            }
            // These are about others.
            What::With | What::Needs | What::Fact => {}
        }
    }
}
