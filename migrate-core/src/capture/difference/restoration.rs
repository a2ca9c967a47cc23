//! The statements that recreate dropped objects and change others back, each after what it needs.

use std::collections::{BTreeMap, HashMap, HashSet};

use postgres::types::Oid;

use super::super::doubt::{doubtful, unsure};
use super::super::fact::{Address, Fact};
use super::super::form::Phase;
use super::super::order::order;
use super::{Comparison, Script};

/// What has to be known of all of them for each.
pub(super) struct Restoration<'c, 'a> {
    pub(super) comparison: &'c Comparison<'a>,
    /// What is recreated.
    recreated: HashMap<&'a Address, &'a Fact>,
    /// Everything else that was there before.
    kept: Vec<&'a Fact>,
    /// Recreated objects that are created by the creation of another one.
    inside: HashMap<Address, Address>,
    /// Columns that are added to their tables again, and therefore become the last ones.
    pub(super) last: HashMap<Oid, Vec<i64>>,
    /// What rows may keep from being recreated, and what needs that.
    pub(super) unsure: HashSet<&'a Address>,
    pub(super) doubtful: HashSet<&'a Address>,
    /// What is attached to its parent again.
    pub(super) joined: HashSet<Oid>,
    /// What has been revoked from so far: privileges on its columns went with that.
    pub(super) revoked: HashSet<Address>,
    /// Columns that have been let have nulls so far.
    pub(super) nullable: HashSet<&'a Address>,
    /// Indexes of partitioned tables that are valid once those of all partitions are joined, and what
    /// does that.
    pub(super) incomplete: BTreeMap<Oid, (&'a Fact, Vec<String>)>,
}

impl<'c, 'a> Restoration<'c, 'a> {
    pub(super) fn of(comparison: &'c Comparison<'a>) -> Self {
        let taken = comparison.taken_indexes();
        let is_recreated = |fact: &Fact| match comparison.found.get(&fact.address) {
            Some(found) => comparison.rebuilt.contains(&found.address),
            None => {
                !comparison.there.contains(&fact.address)
                    || comparison.new.contains(&fact.address)
                    || taken.contains(&fact.address)
            }
        };
        let (made, kept): (Vec<&Fact>, Vec<&Fact>) =
            comparison.before.facts.values().partition(|fact| is_recreated(fact));
        let recreated: HashMap<&Address, &Fact> =
            made.iter().map(|fact| (&fact.address, *fact)).collect();
        let inside = inside(&made, &recreated);
        let mut last: HashMap<Oid, Vec<i64>> = HashMap::new();
        for fact in made.iter().filter(|fact| !inside.contains_key(&fact.address)) {
            if fact.address.class == "pg_class" && fact.address.part > 0 {
                last.entry(fact.address.object).or_default().push(fact.address.part);
            }
        }
        let unsure = unsure(&made, |fact| is_among_rows(fact, &recreated));
        let links = made.iter().filter(|fact| fact.address.class == "pg_inherits");
        Self {
            comparison,
            joined: links.map(|link| link.address.object).collect(),
            doubtful: doubtful(&made, &unsure),
            recreated,
            kept,
            inside,
            last,
            unsure,
            revoked: HashSet::new(),
            nullable: HashSet::new(),
            incomplete: BTreeMap::new(),
        }
    }

    pub(super) fn write(mut self, script: &mut Script) {
        let recreated = self.comparison.before.facts.values();
        let recreated = recreated.filter(|fact| self.is_recreated(&fact.address));
        let all: Vec<&Fact> = recreated.chain(self.kept.iter().copied()).collect();
        for fact in order(&all, &self.inside) {
            if self.is_recreated(&fact.address) {
                self.recreate(fact, script);
            } else if let Some(found) = self.comparison.found.get(&fact.address) {
                self.change_back(fact, found, script);
            }
        }
        for (index, complete) in self.incomplete.into_values() {
            self.comparison.extend(script, Phase::InOrder, index, complete);
        }
    }

    pub(super) fn is_recreated(&self, address: &Address) -> bool {
        self.recreated.contains_key(address)
    }

    /// Returns the recreated object with an address.
    pub(super) fn recreated(&self, address: &Address) -> Option<&'a Fact> {
        self.recreated.get(address).copied()
    }

    /// Whether it is created along with another one that is recreated.
    pub(super) fn comes_along(&self, fact: &Fact) -> bool {
        self.inside.contains_key(&fact.address)
    }

    /// Whether rows may be in its way: its table stayed.
    pub(super) fn is_among_rows(&self, fact: &Fact) -> bool {
        is_among_rows(fact, &self.recreated)
    }
}

fn is_among_rows(fact: &Fact, recreated: &HashMap<&Address, &Fact>) -> bool {
    // The constraint of a partition belongs to its parent's too.
    let mut wholes = fact.needs.iter().filter(|need| need.belongs).map(|need| &need.on);
    fact.depends_on_rows()
        && !wholes.any(|on| on.class != "pg_constraint" && recreated.contains_key(&on.whole()))
}

/// Returns the recreated objects that are created along with another one.
fn inside(made: &[&Fact], recreated: &HashMap<&Address, &Fact>) -> HashMap<Address, Address> {
    let mut inside = HashMap::new();
    for fact in made {
        // A column is created with its table; its default is so only with a column that is added.
        let comes = fact.comes_with.iter().find(|whole| {
            recreated.get(whole).is_some_and(|whole| {
                // The column of an heir is created with the parent's default.
                let of_heir = fact.address.class == "pg_attrdef" && !whole.is_created();
                !of_heir && !whole.comes_with.iter().any(|outer| recreated.contains_key(outer))
            })
        });
        if let Some(whole) = comes {
            inside.insert(fact.address.clone(), whole.clone());
        }
    }
    inside
}
