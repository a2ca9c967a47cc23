//! How objects go, the dependents first.

use std::collections::{HashMap, HashSet};

use super::fact::{Address, Fact};
use super::order::order;

/// Drops objects, the dependents first. Part of another dropped object needs no statement, except a
/// constraint that prevents another object from being dropped, and a partition, which foreign keys may
/// refer to: it has to be detached first.
pub(super) fn drop_all<'a>(dropped: &[&'a Fact]) -> Vec<(&'a Fact, Vec<String>)> {
    // Those of a foreign key go with it, which keeps the table that it refers to from going.
    let by_themselves = dropped.iter().filter(|fact| fact.address.class != "internal triggers");
    let dropped: Vec<&Fact> = by_themselves.copied().collect();
    let addresses: HashSet<&Address> = dropped.iter().map(|fact| &fact.address).collect();
    let mut inside = HashMap::new();
    for fact in &dropped {
        let needed = fact.needs.iter().filter(|need| addresses.contains(&need.on));
        let (parts, others): (Vec<_>, Vec<_>) = needed.partition(|need| need.belongs);
        let is_held = match fact.address.class.as_ref() {
            "pg_constraint" => !others.is_empty(),
            "pg_inherits" => fact.comes_with.is_empty() && parts.len() < 2,
            _ => false,
        };
        if let Some(whole) = parts.first().filter(|_| !is_held) {
            inside.insert(fact.address.clone(), whole.on.clone());
        }
    }
    // What a partition has from its parent is dropped with that, or stays when it is detached.
    let detached: HashSet<&Address> = dropped
        .iter()
        .filter(|fact| fact.address.class == "pg_inherits")
        .flat_map(|link| &link.needs)
        .map(|need| &need.on)
        .collect();
    let joined = constraints_of_joined_indexes(&dropped);
    let mut drops = Vec::new();
    for fact in order(&dropped, &inside).into_iter().rev() {
        let goes_along = joined.contains(&fact.address)
            || fact.is_inherited_constraint() && !detached.contains(&fact.address);
        if !goes_along && !inside.contains_key(&fact.address) {
            drops.push((fact, fact.drop()));
        }
    }
    drops
}

/// The constraints whose indexes are joined to an index that is dropped and is of none: they go with
/// that.
fn constraints_of_joined_indexes<'a>(dropped: &[&'a Fact]) -> HashSet<&'a Address> {
    let indexes =
        dropped.iter().filter(|fact| fact.address.class == "pg_class" && fact.address.part == 0);
    let indexes: HashMap<_, _> = indexes.map(|fact| (fact.address.object, *fact)).collect();
    let links = dropped.iter().filter(|fact| fact.address.class == "pg_inherits");
    let joined = links.filter_map(|link| {
        let parent = indexes.get(&u32::try_from(link.address.part).ok()?)?;
        parent.comes_with.is_empty().then(|| indexes.get(&link.address.object)).flatten()
    });
    joined.flat_map(|index| &index.comes_with).collect()
}
