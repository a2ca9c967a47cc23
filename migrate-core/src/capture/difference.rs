//! From one state to another.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use postgres::types::Oid;

use super::State;
use super::doubt::{doubtful, if_possible, if_there, unsure};
use super::drops::drop_all;
use super::fact::{Address, Fact, Key, Need};
use super::form::{Phase, Setting};
use super::inheritance::apart;
use super::order::{order, spread};
use super::partition::Partitions;
use super::undo_moves::undo_moves;
use super::untrusted::Code;

/// The statements that take `after` back to `before`: what was moved is moved back; what is new,
/// or has to be made anew, is dropped; what is gone is made and what has changed is changed, each
/// after what it needs; then what has to wait for all of that.
pub(super) fn way_back(before: &State, after: &State) -> Vec<String> {
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
    code: BTreeSet<Code>,
    /// Partitions of which a notice says that they are gone.
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

/// What keeps a column from changing its type as long as it uses it, besides generated columns. What is
/// not here, such as an index, PostgreSQL makes anew by itself.
const STAYS_IN_THE_WAY: [&str; 8] = [
    "view",
    "materialized view",
    "rule",
    "policy",
    "trigger",
    "function",
    "procedure",
    "publication relation",
];

/// Two states, side by side.
struct Comparison<'a> {
    before: &'a State,
    after: &'a State,
    /// What each object of `before` is in `after`, by its address in `before`.
    found: HashMap<&'a Address, &'a Fact>,
    /// Addresses of `after`.
    new: HashSet<&'a Address>,
    /// Addresses of `after`: what is in both states and has to be made anew.
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
            new: new.map(|(_, fact)| &fact.address).collect(),
            rebuilt: HashSet::new(),
            partitions: Partitions::default(),
        };
        comparison.rebuild();
        let there: HashSet<&Address> = after.facts.values().map(|fact| &fact.address).collect();
        let links = before.facts.values().chain(after.facts.values());
        let links = links.filter(|fact| fact.address.class == "pg_inherits");
        let is_kept = |link: &&Fact| {
            let found = comparison.found.get(&link.address).map_or(*link, |found| *found);
            there.contains(&found.address)
                && !comparison.new.contains(&found.address)
                && !comparison.rebuilt.contains(&found.address)
        };
        let moved = links.filter(|link| !is_kept(link)).map(|link| link.address.object).collect();
        comparison.partitions = Partitions::of(before, after, &moved);
        comparison
    }

    /// Finds what cannot be changed in place, and what is in its way.
    fn rebuild(&mut self) {
        let types = [self.before, self.after].map(|state| {
            let columns = state.facts.values().filter(|fact| fact.address.part > 0);
            let types =
                columns.filter_map(|column| Some((&column.address, column.value("change type")?)));
            types.collect::<HashMap<_, _>>()
        });
        for (key, fact) in &self.before.facts {
            let Some(found) = self.found.get(&fact.address) else { continue };
            // A default of the wrong type keeps its column from changing.
            let of_type =
                |address: &Address| [&types[0], &types[1]].map(|types| types.get(address));
            let retyped = |address: &Address| {
                let [before, after] = of_type(address);
                before != after
            };
            // One that is inherited has no type of its own.
            let changed_type = |address: &Address| matches!(of_type(address), [Some(before), Some(after)] if before != after);
            let default = fact.address.class == "pg_attrdef" && fact.comes_with.iter().any(retyped);
            // What the server would not take along with its column has been made anew already.
            let in_the_way = (STAYS_IN_THE_WAY.contains(&key.kind.as_ref())
                || found.value("change expression").is_some())
                && found.needs.iter().any(|need| need.on.part > 0 && changed_type(&need.on));
            // An index that became that of a new constraint goes with it.
            let taken = found.comes_with.iter().any(|whole| self.new.contains(whole));
            let inherited = fact.is_inherited_constraint() || found.is_inherited_constraint();
            let is_other = !fact.is_same(found) && fact.definition() != found.definition();
            // A default of an argument cannot be taken away.
            let surplus = defaults(fact) < defaults(found);
            if is_other && !inherited || default || in_the_way || taken || surplus {
                self.rebuilt.insert(&found.address);
            }
        }
        let relations = self
            .after
            .facts
            .values()
            .filter(|fact| fact.address.class == "pg_class" && fact.address.part == 0);
        let relations: HashMap<_, _> = relations.map(|fact| (fact.address.object, fact)).collect();
        self.rebuild_what_partitions_own();
        for link in self.after.facts.values() {
            // An index that was joined to another cannot be parted from it.
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
                // It goes with the new one, and a constraint goes with it.
                let joined = relations.get(&link.address.object).into_iter();
                let joined =
                    joined.flat_map(|index| [&index.address].into_iter().chain(&index.comes_with));
                self.rebuilt.extend(joined.filter(|address| !self.new.contains(*address)));
            }
        }
        if self.rebuilt.is_empty() {
            return;
        }
        // A partition stays attached while an index of its is made anew.
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
    /// taken for them when they are made again.
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
        self.make_and_change(script);
        for (fact, drop) in drop_all(&last) {
            self.extend(script, Phase::Late, fact, drop);
        }
    }

    /// Adds statements about a fact.
    fn extend(&self, script: &mut Script, phase: Phase, fact: &Fact, statements: Vec<String>) {
        let statements = self.partitions.guarded(fact, statements, &mut script.told);
        script.extend(phase, statements);
    }

    /// What is new, but needed as long as something else is not changed back.
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

    fn make_and_change(&self, script: &mut Script) {
        let addresses: HashSet<&Address> =
            self.after.facts.values().map(|fact| &fact.address).collect();
        let is_made = |fact: &Fact| match self.found.get(&fact.address) {
            Some(found) => self.rebuilt.contains(&found.address),
            None => !addresses.contains(&fact.address) || self.new.contains(&fact.address),
        };
        let (made, kept): (Vec<&Fact>, Vec<&Fact>) =
            self.before.facts.values().partition(|fact| is_made(fact));
        let inside = inside(&made);
        let made_addresses: HashSet<&Address> = made.iter().map(|fact| &fact.address).collect();
        let mut last: HashMap<Oid, Vec<i64>> = HashMap::new();
        for fact in made.iter().filter(|fact| !inside.contains_key(&fact.address)) {
            if fact.address.class == "pg_class" && fact.address.part > 0 {
                last.entry(fact.address.object).or_default().push(fact.address.part);
            }
        }
        // The constraint of a partition belongs to its parent's too.
        let is_made = |need: &Need| {
            need.on.class != "pg_constraint" && made_addresses.contains(&need.on.whole())
        };
        let among_rows = |fact: &Fact| {
            fact.depends_on_rows() && !fact.needs.iter().any(|need| need.belongs && is_made(need))
        };
        let tables: HashSet<&Address> = made
            .iter()
            .filter(|fact| fact.address.class == "pg_class" && fact.is_table())
            .map(|fact| &fact.address)
            .collect();
        let by_address: HashMap<&Address, &Fact> =
            made.iter().map(|fact| (&fact.address, *fact)).collect();
        let has_new_table = |index: &Fact| {
            let wholes = index.comes_with.iter().filter_map(|whole| by_address.get(whole).copied());
            let facts = [index].into_iter().chain(wholes);
            let mut needs = facts.flat_map(|fact| fact.needs.iter().filter(|need| need.belongs));
            needs.any(|need| tables.contains(&need.on.whole()))
        };
        let links = made.iter().filter(|fact| fact.address.class == "pg_inherits");
        let joined: HashSet<Oid> = links.map(|link| link.address.object).collect();
        let unsure = unsure(&made, among_rows);
        let doubtful = doubtful(&made, &unsure);
        let all: Vec<&Fact> = made.iter().copied().chain(kept).collect();
        let mut revoked: HashSet<Address> = HashSet::new();
        let mut nullable: HashSet<&Address> = HashSet::new();
        let mut incomplete: BTreeMap<Oid, (&Fact, Vec<String>)> = BTreeMap::new();
        for fact in order(&all, &inside) {
            if made_addresses.contains(&fact.address) {
                // A foreign key refers to none but a whole key.
                if fact.address.class == "pg_constraint" && !incomplete.is_empty() {
                    let classes = ["pg_class", "pg_inherits"];
                    let on = fact.needs.iter().map(|need| &need.on);
                    let indexes = on.filter(|on| classes.contains(&on.class.as_ref()));
                    let completed = indexes.filter_map(|on| incomplete.remove(&on.object));
                    for (index, complete) in completed {
                        self.extend(script, Phase::InOrder, index, complete);
                    }
                }
                if !inside.contains_key(&fact.address) {
                    let create = match () {
                        () if among_rows(fact) => fact.among_rows(),
                        () if unsure.contains(&fact.address) => if_there(&fact.create()),
                        () if doubtful.contains(&fact.address) => if_possible(&fact.create()),
                        () => fact.create(),
                    };
                    self.extend(script, Phase::InOrder, fact, create);
                    script.limits.extend(fact.limits_of("create", &last));
                }
                let code = self.before.code_of_made(&fact.address, &made_addresses);
                script.code.extend(code.cloned());
                for setting in fact.settings(Setting::is_set_of_new) {
                    let is_of_whole = setting.name == "once complete";
                    // A new table has no partitions but those that are made here.
                    if is_of_whole && has_new_table(fact) {
                        continue;
                    }
                    script.limits.extend(fact.limits_of(&setting.name, &last));
                    let set = setting.of_new(self.before);
                    let is_in_doubt =
                        [&unsure, &doubtful].iter().any(|set| set.contains(&fact.address));
                    let set = if is_in_doubt { if_there(&set) } else { set };
                    // When those parts are joined that were there before.
                    if is_of_whole {
                        incomplete.insert(fact.address.object, (fact, set));
                        continue;
                    }
                    self.extend(script, setting.when.phase, fact, set);
                }
            } else if let Some(found) = self.found.get(&fact.address) {
                let is_revoked = revoked.contains(&fact.address.whole());
                // To let a column have nulls lets those of its heirs: from 18 on, where they have a
                // NOT NULL of their own, no longer.
                let is_nullable = self.before.version < 180_000
                    && fact.needs.iter().any(|need| nullable.contains(&need.on));
                if fact.is_same(found) && !is_revoked && !is_nullable {
                    continue;
                }
                let is_joined_again =
                    fact.needs.iter().any(|need| joined.contains(&need.on.object));
                for setting in fact.settings(|setting| setting.when.changed) {
                    // What is joined to its parent again tells that itself.
                    if setting.name == "late-change local" && is_joined_again {
                        continue;
                    }
                    let after = found.setting(&setting.name);
                    let back = match &after {
                        Some(_) if is_nullable && setting.denies_nulls() => {
                            setting.back_from(Some(&Setting { value: None, ..setting.clone() }))
                        }
                        Some(after) if is_revoked => setting.again(after),
                        after => setting.back_from(after.as_ref()),
                    };
                    if back.iter().any(|sql| sql.starts_with("REVOKE")) {
                        revoked.insert(fact.address.clone());
                    }
                    if back.last().is_some_and(|sql| sql.ends_with("DROP NOT NULL")) {
                        nullable.insert(&fact.address);
                    }
                    let names_index = [
                        "late-change cluster",
                        "late-change clustered",
                        "late-change replica identity",
                        "late-change replica identity index",
                    ];
                    let back = match names_index.contains(&setting.name.as_str()) {
                        true if !unsure.is_empty() => if_there(&back),
                        _ => back,
                    };
                    if !back.is_empty() {
                        script.limits.extend(fact.limits_of(&setting.name, &last));
                        let code = self.before.code_of_setting(&fact.address, &setting);
                        script.code.extend(code.cloned());
                    }
                    self.extend(script, setting.when.phase, fact, back);
                }
                for setting in found.settings(|setting| !fact.has_setting(&setting.name)) {
                    self.extend(script, setting.when.phase, fact, setting.undo());
                }
            }
        }
        for (index, complete) in incomplete.into_values() {
            self.extend(script, Phase::InOrder, index, complete);
        }
    }
}

/// How many arguments of a function have a default.
fn defaults(fact: &Fact) -> Option<usize> {
    fact.value("change defaults")?.parse().ok()
}

/// What of all that is made comes with another part of it.
fn inside(made: &[&Fact]) -> HashMap<Address, Address> {
    let by_address: HashMap<&Address, &Fact> =
        made.iter().map(|fact| (&fact.address, *fact)).collect();
    let mut inside = HashMap::new();
    for fact in made {
        // A column comes with its table; its default does so only with a column that is added.
        let comes = fact.comes_with.iter().find(|whole| {
            by_address.get(whole).is_some_and(|whole| {
                // The column of an heir comes with the parent's default.
                let of_heir = fact.address.class == "pg_attrdef" && !whole.is_created();
                !of_heir && !whole.comes_with.iter().any(|outer| by_address.contains_key(outer))
            })
        });
        if let Some(whole) = comes {
            inside.insert(fact.address.clone(), whole.clone());
        }
    }
    inside
}
