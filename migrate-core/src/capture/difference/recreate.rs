//! Recreates objects that were dropped, or cannot be changed in place.

use super::super::doubt::{if_possible, if_there};
use super::super::fact::Fact;
use super::super::form::{Phase, Setting};
use super::Script;
use super::restoration::Restoration;

impl<'a> Restoration<'_, 'a> {
    pub(super) fn recreate(&mut self, fact: &'a Fact, script: &mut Script) {
        // A foreign key refers to none but a whole key.
        if fact.address.class == "pg_constraint" {
            self.complete_indexes_of(fact, script);
        }
        if !self.comes_along(fact) {
            let create = match () {
                () if self.is_among_rows(fact) => fact.among_rows(),
                () if self.unsure.contains(&fact.address) => if_there(&fact.create()),
                () if self.doubtful.contains(&fact.address) => if_possible(&fact.create()),
                () => fact.create(),
            };
            self.comparison.extend(script, Phase::InOrder, fact, create);
            script.limits.extend(fact.limits_of("create", &self.last));
        }
        let before = self.comparison.before;
        script.withheld.extend(before.withheld_of(fact, None));
        let code = before.code_of_made(&fact.address, |address| self.is_recreated(address));
        script.code.extend(code.cloned());
        for setting in fact.settings(Setting::is_set_of_new) {
            let is_of_whole = setting.name == "once complete";
            // A new table has no partitions but those that are made here.
            if is_of_whole && self.has_new_table(fact) {
                continue;
            }
            script.limits.extend(fact.limits_of(&setting.name, &self.last));
            let set = setting.of_new(before);
            let is_in_doubt =
                [&self.unsure, &self.doubtful].iter().any(|set| set.contains(&fact.address));
            let set = if is_in_doubt { if_there(&set) } else { set };
            // When those parts are joined that were there before.
            if is_of_whole {
                self.incomplete.insert(fact.address.object, (fact, set));
                continue;
            }
            self.comparison.extend(script, setting.when.phase, fact, set);
        }
    }

    /// Joins to the indexes that a constraint needs those of the partitions that were there before.
    fn complete_indexes_of(&mut self, constraint: &Fact, script: &mut Script) {
        if self.incomplete.is_empty() {
            return;
        }
        let classes = ["pg_class", "pg_inherits"];
        let on = constraint.needs.iter().map(|need| &need.on);
        for index in on.filter(|on| classes.contains(&on.class.as_ref())) {
            if let Some((index, complete)) = self.incomplete.remove(&index.object) {
                self.comparison.extend(script, Phase::InOrder, index, complete);
            }
        }
    }

    /// Whether the table of an index is recreated, too.
    fn has_new_table(&self, index: &Fact) -> bool {
        let wholes = index.comes_with.iter().filter_map(|whole| self.recreated(whole));
        let facts = [index].into_iter().chain(wholes);
        let mut needs = facts.flat_map(|fact| fact.needs.iter().filter(|need| need.belongs));
        needs.any(|need| {
            let table = self.recreated(&need.on.whole());
            table.is_some_and(|table| table.address.class == "pg_class" && table.is_table())
        })
    }
}
