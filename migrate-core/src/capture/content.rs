//! The rows and values of what is gone, which no inverse restores.

use std::collections::HashSet;

use postgres::types::Oid;

use super::State;
use super::fact::{Address, Fact, Key};

/// So many are named.
const NAMED: usize = 3;

impl State {
    /// Tables and columns that are not there afterwards: an inverse makes them, without their content.
    /// What something else has the name of by now keeps the content that has.
    pub(crate) fn lost_content(&self, after: &Self) -> Vec<String> {
        let there: HashSet<&Address> = after.facts.values().map(|fact| &fact.address).collect();
        let holds = |fact: &Fact| fact.holds_data() && fact.address.class == "pg_class";
        let gone = |fact: &Fact| holds(fact) && !there.contains(&fact.address);
        let gone: Vec<(&Key, &Fact)> = self.facts.iter().filter(|(_, fact)| gone(fact)).collect();
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
        let gone = gone.into_iter().filter(|(_, fact)| is_named(fact));
        let lost = gone.map(|(key, _)| {
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
