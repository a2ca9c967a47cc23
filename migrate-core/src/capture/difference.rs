//! From one state to another.

use std::collections::{HashMap, HashSet};

use super::State;
use super::fact::{Address, Change, Fact, Phase, Setting};
use super::order::order;

/// The statements that take `after` back to `before`.
pub(super) fn way_back(before: &State, after: &State) -> Vec<String> {
    let matched: HashMap<&Address, &Fact> = before
        .facts
        .iter()
        .filter_map(|(key, fact)| Some((&fact.address, after.facts.get(key)?)))
        .collect();
    let rebuilt = rebuilt(before, after);

    let gone = |fact: &Fact| !matched.contains_key(&fact.address) && !after.has(&fact.address);
    let made: Vec<&Fact> = before
        .facts
        .values()
        .filter(|fact| gone(fact) || rebuilt.contains(&matched_address(&matched, fact)))
        .collect();
    let dropped: Vec<&Fact> = after
        .facts
        .iter()
        .filter(|(key, fact)| {
            rebuilt.contains(&fact.address)
                || !before.facts.contains_key(*key) && before.is_older_than(&fact.address)
        })
        .map(|(_, fact)| fact)
        .collect();

    let mut script = Script { phases: Default::default() };
    drop_all(&dropped, &mut script);

    let made_addresses: HashSet<&Address> = made.iter().map(|fact| &fact.address).collect();
    let inside = inside(&made);
    let changed = before.facts.values().filter(|fact| {
        !made_addresses.contains(&fact.address) && matched.contains_key(&fact.address)
    });
    let all: Vec<&Fact> = made.iter().copied().chain(changed).collect();
    for fact in order(&all, &inside) {
        if made_addresses.contains(&fact.address) {
            if !inside.contains_key(&fact.address) {
                script.extend(Phase::InOrder, fact.create.iter().cloned());
            }
            for setting in fact.settings.iter().filter(|setting| setting.when.created) {
                script.extend(setting.when.phase, setting.of_new(before));
            }
        } else if let Some(found) = matched.get(&fact.address) {
            for setting in fact.settings.iter().filter(|setting| setting.when.changed) {
                if let Some(other) = found.setting(&setting.name) {
                    script.extend(setting.when.phase, setting.back_from(other));
                }
            }
        }
    }
    script.finish()
}

/// Statements, those that have to wait apart.
#[derive(Default)]
struct Script {
    phases: [Vec<String>; 4],
}

impl Script {
    fn extend(&mut self, phase: Phase, statements: impl IntoIterator<Item = String>) {
        self.phases[phase as usize].extend(statements);
    }

    /// A function may be made before the tables that its text mentions.
    fn finish(self) -> Vec<String> {
        let mut all: Vec<_> = self.phases.into_iter().flatten().collect();
        let makes_function = |sql: &String| {
            sql.starts_with("CREATE OR REPLACE FUNCTION")
                || sql.starts_with("CREATE OR REPLACE PROCEDURE")
        };
        if all.len() > 1 && all.iter().any(makes_function) {
            all.insert(0, "SET LOCAL check_function_bodies = off".to_owned());
        }
        all
    }
}

/// What is in both states, but cannot be changed in place, and what is in its way. Addresses are
/// those of `after`.
fn rebuilt(before: &State, after: &State) -> HashSet<Address> {
    let mut rebuilt: HashSet<Address> = HashSet::new();
    for (key, fact) in &before.facts {
        let Some(found) = after.facts.get(key) else { continue };
        let retyped = |address: &Address| {
            let types = [before, after].map(|state| {
                state.at(address).and_then(|fact| {
                    fact.setting("change type").and_then(|setting| setting.value.as_ref())
                })
            });
            types[0] != types[1]
        };
        // A default of the wrong type keeps its column from changing.
        let default = fact.address.class == "pg_attrdef" && fact.comes_with.iter().any(retyped);
        if fact.definition != found.definition || default {
            rebuilt.insert(found.address.clone());
        }
    }
    loop {
        let more: Vec<Address> = after
            .facts
            .values()
            .filter(|fact| {
                !rebuilt.contains(&fact.address)
                    && fact.needs.iter().any(|need| rebuilt.contains(&need.on))
                    && !holds_data(fact)
            })
            .map(|fact| fact.address.clone())
            .collect();
        if more.is_empty() {
            return rebuilt;
        }
        rebuilt.extend(more);
    }
}

/// Making it anew would lose what is in it.
fn holds_data(fact: &Fact) -> bool {
    let is_table = fact.setting("change persistence").is_some();
    let is_column = fact.address.part > 0 && fact.setting("change type").is_some();
    is_table || is_column && fact.definition.is_none() || fact.address.class == "pg_type"
}

fn matched_address(matched: &HashMap<&Address, &Fact>, fact: &Fact) -> Address {
    matched.get(&fact.address).map_or_else(|| fact.address.clone(), |found| found.address.clone())
}

/// Drops, the dependents first. What is part of something else that goes needs no word, except a
/// constraint that keeps another thing from going.
fn drop_all(dropped: &[&Fact], script: &mut Script) {
    let addresses: HashSet<&Address> = dropped.iter().map(|fact| &fact.address).collect();
    let mut inside = HashMap::new();
    for fact in dropped {
        let needed = fact.needs.iter().filter(|need| addresses.contains(&need.on));
        let (parts, others): (Vec<_>, Vec<_>) = needed.partition(|need| need.belongs);
        // A partition that foreign keys refer to has to be detached first.
        let is_held = match fact.address.class.as_str() {
            "pg_constraint" => !others.is_empty(),
            "pg_inherits" => parts.len() < 2,
            _ => false,
        };
        if let Some(whole) = parts.first().filter(|_| !is_held) {
            inside.insert(fact.address.clone(), whole.on.clone());
        }
    }
    for fact in order(dropped, &inside).into_iter().rev() {
        if !inside.contains_key(&fact.address) {
            script.extend(Phase::InOrder, fact.drop.iter().cloned());
        }
    }
}

/// What of all that is made comes with another part of it.
fn inside(made: &[&Fact]) -> HashMap<Address, Address> {
    let by_address: HashMap<&Address, &Fact> =
        made.iter().map(|fact| (&fact.address, *fact)).collect();
    let mut inside = HashMap::new();
    for fact in made {
        // A column comes with its table; its default does so only with a column that is added.
        let comes = fact.comes_with.iter().find(|whole| {
            let whole = by_address.get(whole);
            whole.is_some_and(|whole| {
                !whole.comes_with.iter().any(|outer| by_address.contains_key(outer))
            })
        });
        if let Some(whole) = comes {
            inside.insert(fact.address.clone(), whole.clone());
        }
    }
    inside
}

impl State {
    fn at(&self, address: &Address) -> Option<&Fact> {
        self.facts.values().find(|fact| fact.address == *address)
    }

    fn has(&self, address: &Address) -> bool {
        self.at(address).is_some()
    }

    /// Whether this state is older than an object: whether that was made later.
    fn is_older_than(&self, address: &Address) -> bool {
        if address.part > 0 && address.class == "pg_class" {
            let number = self.attributes.get(&address.object);
            return number.is_some_and(|number| i64::from(*number) < address.part)
                || self.is_older_than(&address.whole());
        }
        match self.newest.get(&address.class) {
            Some(newest) => *newest < address.object,
            // What joins two objects was not there if it was not found.
            None => true,
        }
    }
}

impl Setting {
    fn of_new(&self, before: &State) -> Vec<String> {
        match &self.change {
            Change::Privileges(privileges) => {
                let defaults = before.defaults.get(&self.name).map_or(&[][..], Vec::as_slice);
                privileges.of_new(defaults)
            }
            _ if self.value.is_none() => Vec::new(),
            Change::Statements(statements) => statements.clone(),
            Change::Options { alter, options } => set_options(alter, &[], options),
            Change::ForeignOptions { alter, options } => set_foreign_options(alter, &[], options),
        }
    }

    fn back_from(&self, after: &Self) -> Vec<String> {
        if self.value == after.value {
            return Vec::new();
        }
        match (&self.change, &after.change) {
            (Change::Privileges(privileges), Change::Privileges(found)) => {
                privileges.back_from(found)
            }
            (Change::Options { alter, options }, Change::Options { options: found, .. }) => {
                set_options(alter, found, options)
            }
            (
                Change::ForeignOptions { alter, options },
                Change::ForeignOptions { options: found, .. },
            ) => set_foreign_options(alter, found, options),
            (Change::Statements(statements), _) => statements.clone(),
            _ => Vec::new(),
        }
    }
}

/// The name and the value of an option.
fn parted(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

fn set_options(alter: &str, found: &[String], wanted: &[String]) -> Vec<String> {
    let names: HashSet<_> = wanted.iter().map(|option| parted(option).0).collect();
    let surplus: Vec<_> =
        found.iter().map(|option| parted(option).0).filter(|name| !names.contains(name)).collect();
    let missing: Vec<_> = wanted
        .iter()
        .filter(|option| !found.contains(option))
        .map(|option| {
            let (name, value) = parted(option);
            format!("{name} = {}", migrate_dsl::quote_literal(value))
        })
        .collect();
    let mut statements = Vec::new();
    if !surplus.is_empty() {
        statements.push(format!("{alter} RESET ({})", surplus.join(", ")));
    }
    if !missing.is_empty() {
        statements.push(format!("{alter} SET ({})", missing.join(", ")));
    }
    statements
}

fn set_foreign_options(alter: &str, found: &[String], wanted: &[String]) -> Vec<String> {
    let value = |options: &[String], name: &str| {
        options
            .iter()
            .map(|option| parted(option))
            .find(|option| option.0 == name)
            .map(|option| option.1.to_owned())
    };
    let quoted = |name: &str| migrate_dsl::Identifier::from(name).quoted();
    let mut changes = Vec::new();
    for name in found.iter().map(|option| parted(option).0) {
        if value(wanted, name).is_none() {
            changes.push(format!("DROP {}", quoted(name)));
        }
    }
    for (name, wanted) in wanted.iter().map(|option| parted(option)) {
        let verb = match value(found, name) {
            Some(found) if found == wanted => continue,
            Some(_) => "SET",
            None => "ADD",
        };
        changes.push(format!("{verb} {} {}", quoted(name), migrate_dsl::quote_literal(wanted)));
    }
    if changes.is_empty() {
        return Vec::new();
    }
    vec![format!("{alter} OPTIONS ({})", changes.join(", "))]
}
