//! The statements that rename and move back what is the same object under another name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::State;
use super::fact::{Address, Fact, Key};
use super::form::Form;
use super::kind::Kind;
use super::moved::{Name, Names};

/// The statements that undo the moves, and what `after` looks like then.
pub(super) fn undo_moves<'a>(before: &State, after: &'a State) -> (Vec<String>, Cow<'a, State>) {
    let mut undo = Undo::of(before, after);
    let columns = undo.rename_parts();
    let along = undo.along();
    if undo.moved.is_empty() {
        let Undo { mut renamed, mut statements, of_indexes, mut free_names, .. } = undo;
        statements.extend(of_indexes);
        if !along.is_empty() {
            rename_along(renamed.to_mut(), &along, &Names::new(&[]), &mut free_names);
        }
        if !columns.is_empty() {
            renamed.to_mut().forget_names_of_columns(before, &columns);
        }
        return (statements, renamed);
    }
    let schemas = undo.schemas();
    let current = undo.clear_names(&schemas);
    undo.statements.append(&mut undo.of_indexes);
    undo.rename_schemas(&schemas, &current);
    undo.move_back(&schemas, &current);
    let Undo { renamed, statements, mut names, mut free_names, .. } = undo;
    names.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    let mut renamed = renamed.renamed(&names);
    rename_along(&mut renamed, &along, &Names::new(&names), &mut free_names);
    renamed.forget_names_of_columns(before, &columns);
    (statements, Cow::Owned(renamed))
}

/// Schemas that were renamed, by their names now, with those that they had.
type Schemas<'x> = HashMap<&'x str, &'x str>;

/// Moves that are being undone.
struct Undo<'b, 'a> {
    before: &'b State,
    after: &'a State,
    /// What there is now, by where the catalog has it.
    found: HashMap<&'a Address, (&'a Key, &'a Fact)>,
    /// What there was before.
    known: HashSet<&'b Address>,
    /// What has another name as a whole, with its keys before and after.
    moved: BTreeMap<&'b Address, (&'b Key, &'a Key)>,
    free_names: FreeNames<'b>,
    /// What there is once the statements have run.
    renamed: Cow<'a, State>,
    statements: Vec<String>,
    /// Those that rename the indexes of constraints.
    of_indexes: Vec<String>,
    /// Present full names, with the requested ones.
    names: Vec<(String, String)>,
}

impl<'b, 'a: 'b> Undo<'b, 'a> {
    fn of(before: &'b State, after: &'a State) -> Self {
        let found: HashMap<&Address, (&Key, &Fact)> =
            after.facts.iter().map(|(key, fact)| (&fact.address, (key, fact))).collect();
        let whole = before.facts.iter().filter(|(_, fact)| {
            let address = &fact.address;
            address.part == 0 && address.class.starts_with("pg_") && !fact.has_name()
        });
        let moved = whole.filter_map(|(key, fact)| {
            let (other, now) = found.get(&fact.address)?;
            // An index that a new constraint took over moves with that.
            let taken = now.comes_with.iter().any(|whole| after.made.contains(whole));
            (key != *other && key.kind == other.kind && !taken)
                .then_some((&fact.address, (key, *other)))
        });
        Self {
            before,
            after,
            moved: moved.collect(),
            found,
            known: before.facts.values().map(|fact| &fact.address).collect(),
            free_names: FreeNames { token: &before.token, count: 0 },
            renamed: Cow::Borrowed(after),
            statements: Vec::new(),
            of_indexes: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Whether it was there before, or was made by the step for certain.
    fn is_of_step(&self, address: &Address) -> bool {
        self.known.contains(address) || self.after.is_certain && self.after.made.contains(address)
    }

    /// Renames what has a name of its own within another object, a column or a constraint for example.
    /// Returns the columns, with their present names and the requested ones.
    fn rename_parts(&mut self) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        for fact in self.before.facts.values() {
            let Some((other, now)) = self.found.get(&fact.address) else { continue };
            if fact.is_same(now) {
                continue;
            }
            let (Some((wanted, _)), Some((is, around))) = (fact.name(), now.name()) else {
                continue;
            };
            if wanted != is {
                let as_before = other.called(&is, &wanted);
                parts.push((as_before, fact, *other, wanted, is, around));
            }
        }
        let constraints = parts.iter().filter_map(|(_, fact, _, wanted, is, _)| {
            let index = self.index_of(&fact.address)?;
            Some((index, index.called(is, wanted)))
        });
        let with_names: Vec<_> = constraints.filter_map(|it| self.has_name_of_index(it)).collect();
        let keys: BTreeSet<_> = parts.iter().map(|(key, ..)| key).chain(with_names).collect();
        let current = self.clear_names_of_parts(keys);
        let mut columns = Vec::new();
        for (key, fact, other, wanted, is, around) in parts {
            if self.renamed.facts.contains_key(&key) {
                continue;
            }
            let [front, between, rest @ ..] = around.as_slice() else { continue };
            let (other, name) = match current.get(&fact.address) {
                Some((other, name)) => (other, name),
                None => (other, &is),
            };
            let rename = format!("{front}{name}{between}{wanted}{}", rest.concat());
            // Of all relations of the schema one may have that name.
            match front.starts_with("ALTER INDEX ") {
                true => self.of_indexes.push(rename),
                false => self.statements.push(rename),
            }
            if fact.address.part > 0 {
                columns.push((is.clone(), wanted.clone()));
            }
            let renamed = self.renamed.to_mut();
            if let Some(mut now) = renamed.facts.remove(other) {
                // Under its old name it would be dropped, if it has to be recreated.
                now.set_form(Form { drop: fact.drop(), ..now.form() });
                renamed.facts.insert(key, now);
            }
        }
        columns
    }

    /// The index of a constraint, as it is called now.
    fn index_of(&self, constraint: &Address) -> Option<&'a Key> {
        let mut indexes = self.after.facts.iter().filter(|(key, _)| key.kind == Kind::Index);
        indexes.find(|(_, index)| index.comes_with.contains(constraint)).map(|(key, _)| key)
    }

    /// The constraint of another table whose index has the name that this one is to have: all of a schema
    /// share their names.
    fn has_name_of_index(&self, (index, wanted): (&Key, Key)) -> Option<&'a Key> {
        let (other, fact) = self.after.facts.get_key_value(&wanted)?;
        let constraint = fact.comes_with.first().filter(|_| other != index)?;
        self.found.get(constraint).map(|(key, _)| *key)
    }

    /// Renames what has one of these names and is something else, out of the way; what it is called then.
    fn clear_names_of_parts<'k>(
        &mut self,
        wanted: BTreeSet<&'k Key>,
    ) -> HashMap<&'a Address, (Key, String)> {
        let mut current = HashMap::new();
        for key in wanted {
            let other = self.after.facts.get(key);
            let Some(other) = other.filter(|other| self.is_of_step(&other.address)) else {
                continue;
            };
            let Some((name, around)) = other.name() else { continue };
            let ([front, between, rest @ ..], free) = (around.as_slice(), self.free_names.next())
            else {
                continue;
            };
            self.statements.push(format!("{front}{name}{between}{free}{}", rest.concat()));
            let renamed = self.renamed.to_mut();
            if let Some(mut now) = renamed.facts.remove(key) {
                let key = key.called(&name, &free);
                let names = [(name, free.clone())];
                let drop = now.drop();
                let drop = drop.iter().map(|sql| Names::new(&names).replaced(sql)).collect();
                now.set_form(Form { drop, name: Some((free.clone(), around)), ..now.form() });
                current.insert(&other.address, (key.clone(), free));
                renamed.facts.insert(key, now);
            }
        }
        current
    }

    /// Returns what has another name because another object has: its keys before and after.
    fn along(&self) -> Vec<(&'b Key, &'a Key)> {
        let parts = self.before.facts.iter().filter(|(_, fact)| {
            fact.address.part > 0
                || fact.address.class == "pg_attrdef"
                || fact.is_inherited_constraint()
        });
        let along = parts.filter_map(|(key, fact)| {
            let (other, now) = self.found.get(&fact.address)?;
            let has_own_way = fact.name().is_some() && now.name().is_some();
            (key != *other && !has_own_way).then_some((key, *other))
        });
        along.collect()
    }

    /// Returns the moves of schemas, which move all that they contain.
    fn schemas(&self) -> Schemas<'b> {
        let schemas = self.moved.values().filter(|(key, _)| key.kind == Kind::Schema);
        schemas.map(|(key, other)| (other.identity.as_str(), key.identity.as_str())).collect()
    }

    /// Renames what has the name of something that was moved and is something else, out of the way; what it
    /// is called then.
    fn clear_names(&mut self, schemas: &Schemas<'_>) -> HashMap<&'a Address, String> {
        let mut current = HashMap::new();
        for (key, other) in self.moved.values() {
            let parts = [*key, *other].map(|key| Name::of(&key.identity));
            let [Some(wanted), Some(is)] = parts else { continue };
            let goes_with_schema = is.name == wanted.name
                && is.schema.is_some_and(|schema| schemas.get(schema).copied() == wanted.schema);
            if goes_with_schema {
                continue;
            }
            let in_the_way = with_name_of(key, self.after);
            let in_the_way = in_the_way.filter(|(_, fact)| self.is_of_step(&fact.address));
            let Some((key, fact)) = in_the_way else { continue };
            let Some(name) = Name::of(&key.identity) else { continue };
            let free = self.free_names.next();
            // The index of a constraint is renamed with it.
            if fact.comes_with.is_empty() {
                let words = key.words();
                self.statements.push(format!("ALTER {words} {} RENAME TO {free}", key.identity));
            }
            if !self.moved.contains_key(&fact.address) {
                self.names.push((name.full(), Name { name: &free, ..name }.full()));
            }
            current.insert(&fact.address, free);
        }
        current
    }

    fn rename_schemas(&mut self, schemas: &Schemas<'_>, current: &HashMap<&'a Address, String>) {
        for (is, wanted) in schemas {
            let mut moved = self.moved.values();
            let now = moved.find(|(key, _)| key.kind == Kind::Schema && key.identity == *wanted);
            let address = now.and_then(|(_, other)| self.after.facts.get(*other));
            let free = address.and_then(|fact| current.get(&fact.address));
            let is = free.map_or(*is, String::as_str);
            self.statements.push(format!("ALTER SCHEMA {is} RENAME TO {wanted}"));
        }
    }

    /// Gives what was moved its schema and name again.
    fn move_back(&mut self, schemas: &Schemas<'b>, current: &HashMap<&'a Address, String>) {
        let is_elsewhere = self.elsewhere();
        let mut finally = Vec::new();
        for (address, (key, other)) in &self.moved {
            let (Some(wanted), Some(is)) = (Name::of(&key.identity), Name::of(&other.identity))
            else {
                continue;
            };
            self.names.push((is.full(), wanted.full()));
            // Indexes and sequences of a table move with it; that of a constraint has its name.
            let (_, fact) = self.found[address];
            let goes_along =
                fact.needs.iter().any(|need| need.belongs && is_elsewhere.contains(&need.on));
            if goes_along && !fact.comes_with.is_empty() {
                continue;
            }
            let schema = is.schema.map(|schema| schemas.get(schema).copied().unwrap_or(schema));
            let free = current.get(address).map(String::as_str);
            let is_there = is.name == wanted.name && (goes_along || schema == wanted.schema);
            if key.kind == Kind::Schema || is_there && free.is_none() {
                continue;
            }
            let (words, rest) = (key.words(), &other.identity[is.full().len()..]);
            let at = |schema, name| Name { schema, name }.full() + rest;
            let name = free.unwrap_or(is.name);
            let mut rename = |schema| {
                if name != wanted.name {
                    let is = at(schema, name);
                    finally.push(format!("ALTER {words} {is} RENAME TO {}", wanted.name));
                }
            };
            match wanted.schema.filter(|wanted| schema != Some(*wanted)) {
                // Its name may be taken where it is.
                Some(wanted_schema) if free.is_some() => {
                    let is = at(schema, name);
                    self.statements.push(format!("ALTER {words} {is} SET SCHEMA {wanted_schema}"));
                    rename(Some(wanted_schema));
                }
                Some(wanted_schema) => {
                    rename(schema);
                    let is = at(schema, wanted.name);
                    finally.push(format!("ALTER {words} {is} SET SCHEMA {wanted_schema}"));
                }
                None => rename(schema),
            }
        }
        self.statements.append(&mut finally);
    }

    /// Returns what has another key, whether as a whole or a part.
    fn elsewhere(&self) -> HashSet<&'b Address> {
        let facts = self.before.facts.iter();
        let elsewhere = facts.filter(|(key, fact)| {
            self.found.get(&fact.address).is_some_and(|(other, _)| *key != *other)
        });
        elsewhere.map(|(_, fact)| &fact.address).collect()
    }
}

/// Gives columns and constraints of children the names that their parents' get again.
/// Their relations have theirs by `names`.
fn rename_along(
    state: &mut State,
    along: &[(&Key, &Key)],
    names: &Names<'_>,
    free_names: &mut FreeNames<'_>,
) {
    let facts = along.iter().map(|(key, other)| {
        let other = Key { identity: names.replaced(&other.identity), ..(*other).clone() };
        Some(((*key).clone(), state.facts.remove(&other)?))
    });
    let facts: Vec<_> = facts.collect();
    for (key, fact) in facts.into_iter().flatten() {
        if let Some(in_the_way) = state.facts.insert(key.clone(), fact) {
            let identity = format!("{} {}", key.identity, free_names.next());
            state.facts.insert(Key { identity, ..key }, in_the_way);
        }
    }
}

/// Returns the object with the same name: relations and types of every kind share their names.
fn with_name_of<'a>(key: &Key, state: &'a State) -> Option<(&'a Key, &'a Fact)> {
    let kinds = match Kind::RELATIONS.contains(&key.kind) {
        true => Kind::RELATIONS,
        false => &[],
    };
    let others = kinds.iter().map(|kind| Key { kind: *kind, ..key.clone() });
    let mut keys = [key.clone()].into_iter().chain(others);
    keys.find_map(|key| state.facts.get_key_value(&key))
}

/// Names that nothing has, for what is in the way of something that gets its old name again.
struct FreeNames<'a> {
    /// Of the state before the step. No other session can know it, and so use such a name.
    token: &'a str,
    count: usize,
}

impl FreeNames<'_> {
    fn next(&mut self) -> String {
        self.count += 1;
        format!("migrate_renamed_{}_{}", self.token, self.count)
    }
}
