//! What a table has inherited, where it no longer inherits, or did not yet.
//!
//! A column or a check that is inherited is created and dropped with the parent's. Where a step detaches
//! a table from its parent, later changes are undone on the table itself, before it is attached again.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use postgres::types::Oid;

use super::State;
use super::fact::{Address, Fact, Need};

/// The statements that part tables from their parents first, and the two states, as they are while the
/// tables that are joined to a parent in only one of them are not.
pub(super) fn apart<'a>(
    before: &'a State,
    after: &'a State,
) -> (Vec<String>, Cow<'a, State>, Cow<'a, State>) {
    let [old, new] = [before, after].map(Links::of);
    if old.0 == new.0 {
        return (Vec::new(), Cow::Borrowed(before), Cow::Borrowed(after));
    }
    let old_apart = before.apart(&old, &new, after);
    let mut new_apart = after.apart(&new, &old, before);
    let mut first = Vec::new();
    // What is inherited has the parent's name.
    let renamed = renamed(&old_apart, &new_apart);
    let is_first = |fact: &Fact| {
        let Some(ends) = ends(fact).filter(|_| fact.address.class == "pg_inherits") else {
            return false;
        };
        old.0.get(&ends) != new.0.get(&ends)
            && (renamed.contains(&ends.0) || renamed.contains(&ends.1))
    };
    if new_apart.facts.values().any(is_first) {
        new_apart.to_mut().facts.retain(|_, fact| {
            let is_first = is_first(fact);
            first.extend(is_first.then(|| fact.drop()).into_iter().flatten());
            !is_first
        });
    }
    (first, old_apart, new_apart)
}

/// The tables of which columns or constraints have other names.
fn renamed(before: &State, after: &State) -> HashSet<Oid> {
    let names = |state: &State| -> HashMap<Address, (Oid, String)> {
        let facts = state.facts.values();
        let names = facts
            .filter_map(|fact| Some((fact.address.clone(), (table_of(fact)?, fact.name()?.0))));
        names.collect()
    };
    let (before, after) = (names(before), names(after));
    let is_other = |(address, (_, name)): &(&Address, &(Oid, String))| {
        after.get(address).is_some_and(|(_, other)| other != name)
    };
    before.iter().filter(is_other).map(|(_, (table, _))| *table).collect()
}

/// The bounds of each partition, or none of a child, by their own and their parent's ids.
struct Links<'a>(HashMap<(Oid, Oid), Option<Cow<'a, str>>>);

impl<'a> Links<'a> {
    fn of(state: &'a State) -> Self {
        let links = state.facts.values().filter(|fact| fact.address.class == "pg_inherits");
        let links = links.filter_map(|fact| Some((ends(fact)?, fact.definition())));
        Self(links.collect())
    }

    /// The parents of each table to which it is joined here alone.
    fn without(&self, other: &Self) -> HashMap<Oid, HashSet<Oid>> {
        let mut parents: HashMap<Oid, HashSet<Oid>> = HashMap::new();
        let links = self.0.iter().filter(|(ends, bounds)| other.0.get(ends) != Some(bounds));
        for ((table, parent), _) in links {
            parents.entry(*table).or_default().insert(*parent);
        }
        parents
    }
}

/// The ids of the table and of its parent.
fn ends(link: &Fact) -> Option<(Oid, Oid)> {
    Some((link.address.object, Oid::try_from(link.address.part).ok()?))
}

impl State {
    /// Of tables that are in the other state as well, and are joined to a parent in this one alone.
    fn apart(&self, links: &Links<'_>, others: &Links<'_>, other: &Self) -> Cow<'_, Self> {
        let mut parents = links.without(others);
        let is_table = |fact: &&Fact| fact.address.class == "pg_class" && fact.is_table();
        let tables = |state: &Self| -> HashSet<Oid> {
            state.facts.values().filter(is_table).map(|fact| fact.address.object).collect()
        };
        let stay: HashSet<Oid> = &tables(self) & &tables(other);
        parents.retain(|table, _| stay.contains(table));
        if parents.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut state = self.clone();
        let mut columns: HashMap<Oid, Vec<Address>> = HashMap::new();
        for fact in state.facts.values_mut() {
            let Some(table) = table_of(fact) else { continue };
            if fact.address.class == "pg_class" {
                columns.entry(table).or_default().push(fact.address.clone());
            }
            let Some(parents) = parents.get(&table).filter(|_| fact.is_inherited()) else {
                continue;
            };
            // It may have another parent that has it.
            let is_inherited = |need: &Need| {
                need.on.object != table && need.on.part > 0 && !parents.contains(&need.on.object)
            };
            if !fact.needs.iter().any(is_inherited) {
                fact.disinherit();
            }
        }
        for link in state.facts.values_mut() {
            let Some((table, parent)) = ends(link).filter(|_| link.address.class == "pg_inherits")
            else {
                continue;
            };
            if parents.get(&table).is_some_and(|parents| parents.contains(&parent)) {
                let columns =
                    [table, parent].into_iter().filter_map(|id| columns.get(&id)).flatten();
                link.needs.extend(columns.map(|on| Need { on: on.clone(), belongs: false }));
            }
        }
        Cow::Owned(state)
    }
}

/// The table that a column or a constraint belongs to.
fn table_of(fact: &Fact) -> Option<Oid> {
    let address = &fact.address;
    if address.class == "pg_class" {
        return (address.part > 0).then_some(address.object);
    }
    let mut wholes = fact.needs.iter().filter(|need| need.belongs && need.on.class == "pg_class");
    (address.class == "pg_constraint").then(|| wholes.next().map(|need| need.on.object)).flatten()
}
