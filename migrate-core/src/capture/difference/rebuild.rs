//! What cannot be changed in place and is recreated, with what is in its way.

use std::collections::{HashMap, HashSet};

use super::super::State;
use super::super::fact::{Address, Fact, Key, Need};
use super::super::kind::Kind;
use super::super::order::spread;
use super::Comparison;

/// What prevents a column from changing its type while it uses it, besides generated columns. What is
/// not listed here, such as an index, PostgreSQL itself recreates.
const STAYS_IN_THE_WAY: [Kind; 8] = [
    Kind::View,
    Kind::MaterializedView,
    Kind::Rule,
    Kind::Policy,
    Kind::Trigger,
    Kind::Function,
    Kind::Procedure,
    Kind::PublicationRelation,
];

/// The types of columns, before and after.
struct ColumnTypes<'a>([HashMap<&'a Address, String>; 2]);

impl<'a> ColumnTypes<'a> {
    fn of(before: &'a State, after: &'a State) -> Self {
        Self([before, after].map(|state| {
            let columns = state.facts.values().filter(|fact| fact.address.part > 0);
            let types = columns.filter_map(|column| {
                Some((&column.address, column.value("change type")?.into_owned()))
            });
            types.collect()
        }))
    }

    fn of_column(&self, address: &Address) -> [Option<&String>; 2] {
        let Self([before, after]) = self;
        [before.get(address), after.get(address)]
    }

    fn are_different(&self, address: &Address) -> bool {
        let [before, after] = self.of_column(address);
        before != after
    }

    /// Whether it has another type now. A column that is inherited has none of its own.
    fn have_changed(&self, address: &Address) -> bool {
        matches!(self.of_column(address), [Some(before), Some(after)] if before != after)
    }
}

impl<'a> Comparison<'a> {
    /// Finds what cannot be changed in place, and what is in its way.
    pub(super) fn rebuild(&mut self) {
        let types = ColumnTypes::of(self.before, self.after);
        for (key, fact) in &self.before.facts {
            if let Some(found) = self.found.get(&fact.address)
                && self.has_to_be_rebuilt(key, fact, found, &types)
            {
                self.rebuilt.insert(&found.address);
            }
        }
        self.rebuild_what_partitions_own();
        self.rebuild_joined_indexes();
        self.rebuild_constraints_by_old_indexes();
        if !self.rebuilt.is_empty() {
            self.rebuild_what_needs_that();
        }
    }

    fn has_to_be_rebuilt(
        &self,
        key: &Key,
        fact: &'a Fact,
        found: &'a Fact,
        types: &ColumnTypes<'_>,
    ) -> bool {
        // A default of the wrong type keeps its column from changing.
        let default = fact.address.class == "pg_attrdef"
            && fact.comes_with.iter().any(|column| types.are_different(column));
        // What the server would not take along with its column has been recreated already.
        let in_the_way = (STAYS_IN_THE_WAY.contains(&key.kind)
            || found.value("change expression").is_some())
            && found.needs.iter().any(|need| need.on.part > 0 && types.have_changed(&need.on));
        // An index that became that of a new constraint is dropped with it.
        let taken = found.comes_with.iter().any(|whole| self.new.contains(whole));
        let inherited = fact.is_inherited_constraint() || found.is_inherited_constraint();
        let is_other = !fact.is_same(found) && fact.definition() != found.definition();
        // A default of an argument cannot be taken away.
        let surplus = defaults(fact) < defaults(found);
        let means_other = !inherited && self.means_something_else(fact, found);
        is_other && !inherited || default || in_the_way || taken || surplus || means_other
    }

    /// Whether the same text means something else, such as another function of that name, or a key in the
    /// place of another: it would go on doing so, and keep that from being dropped.
    fn means_something_else(&self, fact: &'a Fact, found: &'a Fact) -> bool {
        // The relation of a child's column or constraint to its parent's is recorded differently.
        let is_inherited = |on: &Address| {
            on.class == "pg_inherits"
                || on.class == "pg_constraint" && found.address.class == "pg_constraint"
        };
        if found.holds_data() || found.address.part > 0 || found.address.class == "pg_inherits" {
            return false;
        }
        let needs = |fact: &Fact, on: &Address| fact.needs.iter().any(|need| need.on == *on);
        let uses = |fact: &'a Fact| {
            let uses = fact.needs.iter().filter(|need| !need.belongs).map(|need| &need.on);
            uses.filter(|on| !is_inherited(on))
        };
        let is_other = |on: &&Address| match self.found.get(on) {
            Some(now) => !needs(found, &now.address),
            None => self.known.contains(on) && !self.there.contains(on),
        };
        uses(found).any(|on| self.new.contains(on) && !needs(fact, on))
            || uses(fact).any(|on| is_other(&on))
    }

    /// An index that was joined to another cannot be parted from it.
    fn rebuild_joined_indexes(&mut self) {
        let relations = self.after.facts.values();
        let relations =
            relations.filter(|fact| fact.address.class == "pg_class" && fact.address.part == 0);
        let relations: HashMap<_, _> = relations.map(|fact| (fact.address.object, fact)).collect();
        for link in self.after.facts.values() {
            if link.address.class == "pg_inherits"
                && !link.is_dropped()
                && self.new.contains(&link.address)
                // With its table it can.
                && !link.comes_with.iter().any(|table| self.new.contains(table))
            {
                let parent =
                    link.needs.iter().find(|need| i64::from(need.on.object) == link.address.part);
                let Some(parent) = parent.map(|parent| &parent.on) else { continue };
                if !self.new.contains(parent) {
                    self.rebuilt.insert(parent);
                    continue;
                }
                // It is dropped with the new one, and a constraint is dropped with it.
                let joined = relations.get(&link.address.object).into_iter();
                let joined =
                    joined.flat_map(|index| [&index.address].into_iter().chain(&index.comes_with));
                self.rebuilt.extend(joined.filter(|address| !self.new.contains(*address)));
            }
        }
    }

    /// A constraint that took over an index is dropped with it.
    fn rebuild_constraints_by_old_indexes(&mut self) {
        let taken = self.taken_indexes();
        let after = self.after.facts.values().filter(|fact| taken.contains(&fact.address));
        let constraints: Vec<_> = after.flat_map(|index| &index.comes_with).collect();
        self.rebuilt.extend(constraints.into_iter().filter(|it| !self.new.contains(*it)));
    }

    /// Indexes that were there by themselves, and are those of constraints under another name.
    pub(super) fn taken_indexes(&self) -> HashSet<&'a Address> {
        let has_constraint =
            |fact: &Fact| fact.comes_with.iter().any(|whole| whole.class == "pg_constraint");
        let is_alone = |(key, fact): &(&Key, &Fact)| {
            key.kind == Kind::Index && !has_constraint(fact) && !self.after.facts.contains_key(*key)
        };
        let before = self.before.facts.iter().filter(is_alone);
        let before: HashSet<&Address> = before.map(|(_, fact)| &fact.address).collect();
        let after = self.after.facts.values().filter(|fact| before.contains(&fact.address));
        after.filter(|fact| has_constraint(fact)).map(|fact| &fact.address).collect()
    }

    /// Marks what depends on recreated objects to be recreated, too.
    fn rebuild_what_needs_that(&mut self) {
        // A partition stays attached while an index of its is recreated.
        let links = self.after.facts.values().filter(|fact| fact.address.class == "pg_inherits");
        let of_indexes: HashSet<&Address> =
            links.filter(|link| !link.comes_with.is_empty()).map(|link| &link.address).collect();
        let is_needed = |fact: &Fact, need: &Need| {
            let is_table_by_index =
                of_indexes.contains(&need.on) && !of_indexes.contains(&fact.address);
            need.belongs
                || fact.address.class != "pg_inherits"
                || need.on.class == "pg_inherits" && !is_table_by_index
        };
        let mut needed_by: HashMap<&Address, Vec<&Address>> = HashMap::new();
        for fact in self.after.facts.values().filter(|fact| !fact.holds_data()) {
            for need in fact.needs.iter().filter(|need| is_needed(fact, need)) {
                needed_by.entry(&need.on).or_default().push(&fact.address);
            }
        }
        spread(&mut self.rebuilt, |address| needed_by.get(address).into_iter().flatten().copied());
    }

    /// Finds the constraints of partitions that go with their parent's, and those that would be
    /// taken for them when they are recreated.
    fn rebuild_what_partitions_own(&mut self) {
        let constraints =
            self.before.facts.values().filter(|fact| fact.address.class == "pg_constraint");
        let constraints: Vec<_> = constraints
            .filter_map(|fact| Some((fact, *self.found.get(&fact.address)?)))
            .filter(|(fact, _)| !fact.is_inherited_constraint())
            .collect();
        if constraints.is_empty() {
            return;
        }
        let attached: HashSet<&Address> = self
            .after
            .facts
            .values()
            .filter(|link| link.address.class == "pg_inherits" && self.new.contains(&link.address))
            .flat_map(|link| link.needs.iter().map(|need| &need.on))
            .collect();
        for (fact, found) in constraints {
            let goes_along = found.is_inherited_constraint() && !attached.contains(&found.address);
            let is_taken_over = |need: &Need| {
                need.on.class == "pg_constraint" && !self.found.contains_key(&need.on)
            };
            if goes_along || fact.needs.iter().any(is_taken_over) {
                self.rebuilt.insert(&found.address);
            }
        }
    }
}

/// Returns how many arguments of a function have a default.
fn defaults(fact: &Fact) -> Option<usize> {
    fact.value("change defaults")?.parse().ok()
}
