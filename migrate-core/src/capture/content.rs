//! What no inverse restores of recreated objects: rows and values, and options that are not stored.

use std::collections::HashSet;

use postgres::types::Oid;

use super::State;
use super::fact::{Address, Fact, Key};
use super::kind::Kind;

/// So many are named.
const NAMED: usize = 3;

impl State {
    /// Why an object that replaced another of its name cannot be changed back: columns of such a type have
    /// values of the new one.
    pub(crate) fn replaced_in(&self, after: &Self) -> Option<String> {
        if self.is_of_settings() {
            return None;
        }
        let there = after.addresses();
        let replaced = self.facts.iter().filter_map(|(key, fact)| {
            let now = after.facts.get(key).filter(|now| now.address != fact.address)?;
            (!there.contains(&fact.address)).then_some((key, fact, now))
        });
        for (key, fact, now) in replaced {
            let is_other = match fact.address.class.as_ref() {
                "pg_type" => fact.address.part == 0 && fact.create() != now.create(),
                "pg_class" => fact.value("change partitioned") != now.value("change partitioned"),
                _ => false,
            };
            if is_other {
                return Some(format!(
                    "the step replaces {} `{}` by another of that name, which cannot be changed back",
                    key.kind, key.identity
                ));
            }
        }
        None
    }

    /// Dependents of a kind that is not known that are not there afterwards: nothing makes them again.
    pub(crate) fn lost_unknown(&self, after: &Self) -> Vec<String> {
        let gone = self.unknown.iter().filter(|(address, _)| !after.unknown.contains_key(address));
        gone.map(|(_, name)| format!("the {name}, of a kind that is not known")).collect()
    }

    /// Returns what is not stored of an object, since it may be secret, and would have to be set again to
    /// get from its present state, if any, to the previous one.
    pub(super) fn withheld_of(&self, fact: &Fact, now: Option<&Fact>) -> Vec<String> {
        if !fact.withholds() {
            return Vec::new();
        }
        let key = self.facts.iter().find(|(_, other)| other.address == fact.address);
        let Some((key, _)) = key else { return Vec::new() };
        let withheld = fact.withheld_from(now);
        let named = withheld.map(|what| format!("the {what} of {} `{}`", key.kind, key.identity));
        named.collect()
    }

    /// Tables and columns that are not there afterwards: an inverse makes them, without their content.
    /// What something else has the name of by now keeps the content that has.
    pub(crate) fn lost_content(&self, after: &Self) -> Vec<String> {
        let there: HashSet<&Address> = after.facts.values().map(|fact| &fact.address).collect();
        let holds = |fact: &Fact| fact.holds_data() && fact.address.class == "pg_class";
        let gone = |fact: &Fact| holds(fact) && !there.contains(&fact.address);
        // The value of a sequence is restored with it, and a foreign table has its rows elsewhere.
        let is_restored = |key: &Key| {
            let kinds = [Kind::Sequence, Kind::ForeignTable, Kind::ForeignTableColumn];
            kinds.contains(&key.kind)
        };
        let gone = |(key, fact): &(&Key, &Fact)| !is_restored(key) && gone(fact);
        let gone: Vec<(&Key, &Fact)> = self.facts.iter().filter(gone).collect();
        let tables: HashSet<Oid> = gone
            .iter()
            .filter(|(_, fact)| fact.address.part == 0)
            .map(|(_, fact)| fact.address.object)
            .collect();
        // A table is named for its columns, and for its partitions.
        let parts: HashSet<Oid> = self
            .partitions()
            .filter(|(_, whole)| tables.contains(whole))
            .map(|(partition, _)| partition)
            .collect();
        let is_named = |fact: &Fact| match fact.address.part {
            0 => !parts.contains(&fact.address.object),
            _ => !tables.contains(&fact.address.object),
        };
        let mut gone: Vec<_> = gone.into_iter().filter(|(_, fact)| is_named(fact)).collect();
        gone.sort_by_key(|(key, fact)| (fact.address.part > 0, key.kind != Kind::TableColumn));
        let lost = gone.into_iter().map(|(key, _)| {
            let replaced = after.facts.contains_key(key).then_some("the former ");
            format!("{}content of {} `{}`", replaced.unwrap_or("the "), key.kind, key.identity)
        });
        let mut lost: Vec<_> = lost.collect();
        if lost.len() > NAMED + 1 {
            let others = lost.len() - NAMED;
            lost.truncate(NAMED);
            lost.push(format!("the content of {others} other tables and columns"));
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::class;
    use super::*;

    #[test]
    fn what_is_of_an_unknown_kind_is_named_when_it_is_gone() {
        let address = |object| Address { class: class("pg_propgraph"), object, part: 0 };
        let state = |objects: &[Oid]| State {
            unknown: objects
                .iter()
                .map(|object| (address(*object), format!("property graph `public.g{object}`")))
                .collect(),
            ..State::default()
        };
        let lost = state(&[1, 2]).lost_unknown(&state(&[2, 3]));
        assert_eq!(lost, ["the property graph `public.g1`, of a kind that is not known"]);
    }
}
