//! From one state to another.

mod change_back;
mod rebuild;
mod recreate;
mod restoration;

use std::collections::{BTreeSet, HashMap, HashSet};

use postgres::types::Oid;

use super::State;
use super::drops::drop_all;
use super::fact::{Address, Fact, Key};
use super::form::Phase;
use super::inheritance::apart;
use super::order::spread;
use super::partition::Partitions;
use super::undo_moves::undo_moves;
use super::untrusted::Code;
use restoration::Restoration;

/// Returns the statements that take `after` back to `before`: moved objects are moved back; objects
/// that are new, or have to be recreated, are dropped; missing ones are created and changed ones
/// changed, each after what it needs; then follows what has to wait for all of that.
pub(super) fn inverse(before: &State, after: &State) -> Vec<String> {
    script(before, after).finish()
}

/// The code of untrusted roles that these statements run.
pub(super) fn code(before: &State, after: &State) -> BTreeSet<Code> {
    if before.has_no_code() {
        return BTreeSet::new();
    }
    script(before, after).code
}

/// Which of these statements will fail, or leave something as it is, and why.
pub(super) fn limits(before: &State, after: &State) -> Vec<String> {
    if !before.facts.values().any(Fact::has_limits) {
        return Vec::new();
    }
    script(before, after).limits
}

/// Options that they do not set again.
pub(super) fn withheld(before: &State, after: &State) -> Vec<String> {
    if !before.facts.values().any(Fact::withholds) {
        return Vec::new();
    }
    let mut withheld = script(before, after).withheld;
    withheld.sort();
    withheld
}

fn script(before: &State, after: &State) -> Script {
    let mut script = Script::default();
    if before.is_of_settings() {
        let facts = before.facts.iter().filter(|(key, fact)| {
            after.facts.get(key).is_some_and(|found| found.address == fact.address)
        });
        let facts = facts.map(|(key, fact)| (key.clone(), fact.clone())).collect();
        let before = State { facts, ..before.clone() };
        Comparison::of(&before, after).write(&mut script);
        let new = after.facts.iter().filter(|(key, _)| !before.facts.contains_key(key));
        for setting in new.flat_map(|(_, column)| column.settings(|_| true)) {
            script.extend(setting.when.phase, setting.undo());
        }
        return script;
    }
    let (parted, before, after) = apart(before, after);
    script.extend(Phase::InOrder, parted);
    let (moves, after) = undo_moves(&before, &after);
    script.extend(Phase::InOrder, moves);
    Comparison::of(&before, &after).write(&mut script);
    script
}

/// Statements, those that have to wait apart.
#[derive(Default)]
struct Script {
    phases: [Vec<String>; 5],
    limits: Vec<String>,
    /// Options that are not set again, since their values are not stored.
    withheld: Vec<String>,
    code: BTreeSet<Code>,
    /// Partitions that a notice reports as missing.
    told: HashSet<String>,
}

impl Script {
    fn extend(&mut self, phase: Phase, statements: impl IntoIterator<Item = String>) {
        self.phases[phase as usize].extend(statements);
    }

    /// A function may be made before the tables that its text mentions, and one that the server would
    /// not take by now has been there all the same.
    fn finish(self) -> Vec<String> {
        let mut all: Vec<_> = self.phases.into_iter().flatten().collect();
        // Some are made by a block.
        let makes_function = |sql: &String| {
            sql.contains("CREATE OR REPLACE FUNCTION")
                || sql.contains("CREATE OR REPLACE PROCEDURE")
        };
        if all.iter().any(makes_function) {
            all.insert(0, "SET LOCAL check_function_bodies = off".to_owned());
        }
        all
    }
}

/// Two states, side by side.
struct Comparison<'a> {
    before: &'a State,
    after: &'a State,
    /// What each object of `before` is in `after`, by its address in `before`.
    found: HashMap<&'a Address, &'a Fact>,
    /// All addresses of `before`.
    known: HashSet<&'a Address>,
    /// All addresses of `after`.
    there: HashSet<&'a Address>,
    /// Addresses of `after`.
    new: HashSet<&'a Address>,
    /// Addresses of `after`: what is in both states and has to be recreated.
    rebuilt: HashSet<&'a Address>,
    partitions: Partitions,
}

impl<'a> Comparison<'a> {
    fn of(before: &'a State, after: &'a State) -> Self {
        let pairs = before.facts.iter();
        let found = pairs.filter_map(|(key, fact)| Some((&fact.address, after.facts.get(key)?)));
        // What was there under another name is new if something new took it over.
        let is_new = |key: &Key, fact: &Fact| {
            let addresses = [&fact.address].into_iter().chain(&fact.comes_with);
            !before.facts.contains_key(key)
                && addresses.into_iter().any(|address| after.made.contains(address))
        };
        let new = after.facts.iter().filter(|(key, fact)| is_new(key, fact));
        let mut comparison = Self {
            before,
            after,
            found: found.collect(),
            known: before.addresses(),
            there: after.addresses(),
            new: new.map(|(_, fact)| &fact.address).collect(),
            rebuilt: HashSet::new(),
            partitions: Partitions::default(),
        };
        comparison.rebuild();
        let links = before.facts.values().chain(after.facts.values());
        let links = links.filter(|fact| fact.address.class == "pg_inherits");
        let is_kept = |link: &&Fact| {
            let found = comparison.found.get(&link.address).map_or(*link, |found| *found);
            comparison.there.contains(&found.address)
                && !comparison.new.contains(&found.address)
                && !comparison.rebuilt.contains(&found.address)
        };
        let moved = links.filter(|link| !is_kept(link)).map(|link| link.address.object).collect();
        comparison.partitions = Partitions::of(before, after, &moved);
        comparison
    }

    fn write(&self, script: &mut Script) {
        let late = self.late();
        let goes =
            |fact: &&Fact| self.new.contains(&fact.address) || self.rebuilt.contains(&fact.address);
        let dropped = self.after.facts.values().filter(goes);
        let (last, first): (Vec<_>, Vec<_>) =
            dropped.partition(|fact| late.contains(&fact.address));
        for (fact, drop) in drop_all(&first) {
            self.extend(script, Phase::InOrder, fact, drop);
        }
        Restoration::of(self).write(script);
        for (fact, drop) in drop_all(&last) {
            self.extend(script, Phase::Late, fact, drop);
        }
    }

    /// Adds statements about a fact.
    fn extend(&self, script: &mut Script, phase: Phase, fact: &Fact, statements: Vec<String>) {
        let statements = self.partitions.guarded(fact, statements, &mut script.told);
        script.extend(phase, statements);
    }

    /// Returns what is new, but needed as long as something else is not changed back.
    fn late(&self) -> HashSet<&'a Address> {
        if self.new.is_empty() {
            return HashSet::new();
        }
        let facts = self.after.facts.values();
        let by_address: HashMap<&Address, &Fact> =
            facts.clone().map(|fact| (&fact.address, fact)).collect();
        let new_needs = |fact: &'a Fact| {
            let needs = fact.needs.iter().map(|need| &need.on);
            needs.filter(|address| self.new.contains(*address))
        };
        // A link that stays needs nothing that is newer than it.
        let stays = facts.clone().filter(|fact| {
            fact.address.class != "pg_inherits"
                && !self.new.contains(&fact.address)
                && !self.rebuilt.contains(&fact.address)
        });
        // A foreign key refers to a partition, and its index, as long as that is one.
        let links = facts.filter(|link| link.address.class == "pg_inherits");
        let links = links.filter(|link| self.new.contains(&link.address));
        let joined: HashSet<Oid> = links.map(|link| link.address.object).collect();
        let refers = |fact: &Fact, on: &Address| {
            fact.address.class == "pg_constraint" && joined.contains(&on.object)
        };
        let needs = stays.flat_map(|fact| new_needs(fact).filter(move |on| !refers(fact, on)));
        let mut late: HashSet<&Address> = needs.collect();
        spread(&mut late, |address| {
            by_address.get(address).into_iter().flat_map(|fact| new_needs(fact))
        });
        late
    }
}
