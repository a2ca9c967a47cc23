//! Objects in an order in which each comes after what it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fact::{Address, Fact, Word};

/// Sorts objects so that each comes after what it needs of the others. `inside` says what is made
/// together with something else, which then needs what its parts need. Among equals the older
/// comes first; a circle, which PostgreSQL hardly lets one build, is cut somewhere.
pub(super) fn order<'a>(facts: &[&'a Fact], inside: &HashMap<Address, Address>) -> Vec<&'a Fact> {
    let present: HashSet<&Address> = facts.iter().map(|fact| &fact.address).collect();
    let outermost = |address: &Address| {
        let mut address = address;
        while let Some(outer) = inside.get(address) {
            address = outer;
        }
        address.clone()
    };
    let mut needs: BTreeMap<Rank, BTreeSet<Rank>> = BTreeMap::new();
    for fact in facts {
        let whole = outermost(&fact.address);
        let own = rank(&fact.address);
        for need in &fact.needs {
            if !present.contains(&need.on) || is_owner_of_sequence(fact, &need.on) {
                continue;
            }
            needs.entry(own.clone()).or_default().insert(rank(&need.on));
            // The whole is there before its parts are looked at, and after what these need.
            if whole != fact.address && outermost(&need.on) != whole {
                needs.entry(rank(&whole)).or_default().insert(rank(&need.on));
            }
        }
        if whole != fact.address {
            needs.entry(own).or_default().insert(rank(&whole));
        }
    }
    let by_rank: BTreeMap<Rank, &Fact> =
        facts.iter().map(|fact| (rank(&fact.address), *fact)).collect();
    let mut sorted = Vec::new();
    let mut seen = HashSet::new();
    for rank in by_rank.keys() {
        visit(rank, &needs, &by_rank, &mut seen, &mut sorted);
    }
    sorted
}

/// What comes first among things that do not need each other.
type Rank = (usize, u32, i64, Word);

fn visit<'a>(
    rank: &Rank,
    needs: &BTreeMap<Rank, BTreeSet<Rank>>,
    facts: &BTreeMap<Rank, &'a Fact>,
    seen: &mut HashSet<Rank>,
    sorted: &mut Vec<&'a Fact>,
) {
    if !seen.insert(rank.clone()) {
        return;
    }
    for need in needs.get(rank).into_iter().flatten() {
        visit(need, needs, facts, seen, sorted);
    }
    sorted.extend(facts.get(rank));
}

fn rank(address: &Address) -> Rank {
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
    (class, address.object, address.part, address.class.clone())
}

/// A sequence is made before the column that owns it and whose default calls it.
fn is_owner_of_sequence(fact: &Fact, on: &Address) -> bool {
    on.part > 0 && fact.comes_with.is_empty() && fact.has_setting("last owned by")
}
