//! Objects in an order in which each comes after what it needs.

use std::collections::{HashMap, HashSet};

use super::fact::{Address, Fact};

/// Sorts objects so that each comes after what it needs of the others. `inside` says what is made
/// together with something else, which then needs what its parts need. Among equals the older
/// comes first; a circle, which PostgreSQL hardly lets one build, is cut somewhere.
pub(super) fn order<'a>(facts: &[&'a Fact], inside: &HashMap<Address, Address>) -> Vec<&'a Fact> {
    let mut addresses: Vec<&Address> =
        facts.iter().map(|fact| &fact.address).chain(inside.values()).collect();
    addresses.sort_by_cached_key(|address| rank(address));
    addresses.dedup();
    let places: HashMap<&Address, usize> =
        addresses.iter().enumerate().map(|(place, address)| (*address, place)).collect();
    let mut objects: Vec<Object<'_>> = addresses.iter().map(|_| Object::default()).collect();
    for fact in facts {
        objects[places[&fact.address]].fact = Some(fact);
    }
    let outermost = |mut address| {
        while let Some(outer) = inside.get(address) {
            address = outer;
        }
        places[address]
    };
    for fact in facts {
        let (own, whole) = (places[&fact.address], outermost(&fact.address));
        for need in &fact.needs {
            let Some(&on) = places.get(&need.on).filter(|on| objects[**on].fact.is_some()) else {
                continue;
            };
            if is_owner_of_sequence(fact, &need.on) {
                continue;
            }
            objects[own].needs.push(on);
            // The whole is there before its parts are looked at, and after what these need.
            if whole != own && outermost(&need.on) != whole {
                objects[whole].needs.push(on);
            }
        }
        if whole != own {
            objects[own].needs.push(whole);
        }
    }
    let mut sorted = Vec::with_capacity(facts.len());
    for place in 0..objects.len() {
        if objects[place].fact.is_some() {
            visit(place, &mut objects, &mut sorted);
        }
    }
    sorted
}

/// An object, in a list of all by their rank.
#[derive(Default)]
struct Object<'a> {
    /// None of what others are part of and is not to be sorted itself.
    fact: Option<&'a Fact>,
    /// The places of what it needs.
    needs: Vec<usize>,
    is_seen: bool,
}

fn visit<'a>(place: usize, objects: &mut [Object<'a>], sorted: &mut Vec<&'a Fact>) {
    if std::mem::replace(&mut objects[place].is_seen, true) {
        return;
    }
    let mut needs = std::mem::take(&mut objects[place].needs);
    needs.sort_unstable();
    for need in needs {
        visit(need, objects, sorted);
    }
    sorted.extend(objects[place].fact);
}

/// Returns the sort key of objects that do not depend on each other.
fn rank(address: &Address) -> (usize, u32, i64, &str) {
    let classes = [
        "pg_authid",
        "pg_tablespace",
        "pg_database",
        "pg_namespace",
        "pg_extension",
        "pg_language",
        "pg_collation",
        "pg_type",
        // a view that casts depends on the function alone
        "pg_cast",
        "pg_proc",
        "pg_operator",
        "pg_opfamily",
        "pg_opclass",
        "pg_class",
        "pg_attrdef",
        "pg_constraint",
        "pg_inherits",
        "pg_statistic_ext",
        "pg_rewrite",
        "pg_trigger",
        "pg_policy",
    ];
    let class = classes.iter().position(|class| *class == address.class).unwrap_or(classes.len());
    (class, address.object, address.part, &address.class)
}

/// A sequence is made before the column that owns it and whose default calls it.
fn is_owner_of_sequence(fact: &Fact, on: &Address) -> bool {
    on.part > 0 && fact.comes_with.is_empty() && fact.has_setting("last owned by")
}

/// Adds what is next to anything of a set, and what is next to that.
pub(super) fn spread<'a, N: IntoIterator<Item = &'a Address>>(
    set: &mut HashSet<&'a Address>,
    next: impl Fn(&'a Address) -> N,
) {
    let mut rest: Vec<_> = set.iter().copied().collect();
    while let Some(address) = rest.pop() {
        rest.extend(next(address).into_iter().filter(|next| set.insert(next)));
    }
}
