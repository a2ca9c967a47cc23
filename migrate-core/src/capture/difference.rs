//! From one state to another.

use std::collections::{BTreeSet, HashMap, HashSet};

use migrate_dsl::quote_literal;
use postgres::types::Oid;

use super::State;
use super::fact::{Address, Fact, Key, Need};
use super::form::{Change, Phase, Setting};
use super::moved::undo_moves;
use super::order::order;
use super::partition::Partitions;
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

/// Why some of these statements will fail.
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
    let (moves, after) = undo_moves(before, after);
    script.extend(Phase::InOrder, moves);
    Comparison::of(before, &after).write(&mut script);
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
        for fact in self.before.facts.values() {
            let Some(found) = self.found.get(&fact.address) else { continue };
            // A default of the wrong type keeps its column from changing.
            let retyped = |address: &Address| types[0].get(address) != types[1].get(address);
            let default = fact.address.class == "pg_attrdef" && fact.comes_with.iter().any(retyped);
            // An index that became that of a new constraint goes with it.
            let taken = found.comes_with.iter().any(|whole| self.new.contains(whole));
            let inherited = fact.is_inherited_constraint() || found.is_inherited_constraint();
            let is_other = !fact.is_same(found) && fact.definition() != found.definition();
            // A default of an argument cannot be taken away.
            let surplus = defaults(fact) < defaults(found);
            if is_other && !inherited || default || taken || surplus {
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
        for fact in self.after.facts.values().filter(|fact| !holds_data(fact)) {
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
        let stays = facts.filter(|fact| {
            fact.address.class != "pg_inherits"
                && !self.new.contains(&fact.address)
                && !self.rebuilt.contains(&fact.address)
        });
        let mut late: HashSet<&Address> = stays.flat_map(new_needs).collect();
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
        let unsure = unsure(&made, among_rows);
        let doubtful = doubtful(&made, &unsure);
        let all: Vec<&Fact> = made.iter().copied().chain(kept).collect();
        let mut revoked: HashSet<Address> = HashSet::new();
        let mut nullable: HashSet<&Address> = HashSet::new();
        for fact in order(&all, &inside) {
            if made_addresses.contains(&fact.address) {
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
                    // A new table has no partitions but those that are made here.
                    if setting.name == "late-once complete" && has_new_table(fact) {
                        continue;
                    }
                    let set = setting.of_new(self.before);
                    let is_in_doubt =
                        [&unsure, &doubtful].iter().any(|set| set.contains(&fact.address));
                    let set = if is_in_doubt { if_there(&set) } else { set };
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
                for setting in fact.settings(|setting| setting.when.changed) {
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
                    let names_index = ["late-change cluster", "late-change replica identity"];
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
    }
}

/// What may not be there after all, because rows do not allow it, and what belongs to that.
fn unsure<'a>(made: &[&'a Fact], among_rows: impl Fn(&Fact) -> bool) -> HashSet<&'a Address> {
    let itself = made.iter().filter(|fact| fact.may_be_left_off() && among_rows(fact));
    let mut unsure: HashSet<&Address> = itself.map(|fact| &fact.address).collect();
    if unsure.is_empty() {
        return unsure;
    }
    let mut parts: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for fact in made {
        let wholes = fact.needs.iter().filter(|need| need.belongs).map(|need| &need.on);
        for whole in wholes.chain(&fact.comes_with) {
            parts.entry(whole).or_default().push(&fact.address);
        }
    }
    spread(&mut unsure, |address| parts.get(address).into_iter().flatten().copied());
    unsure
}

/// What may not be possible without something that may be left off: a view that groups by a key, and
/// what needs that view.
fn doubtful<'a>(made: &[&'a Fact], unsure: &HashSet<&'a Address>) -> HashSet<&'a Address> {
    if unsure.is_empty() {
        return HashSet::new();
    }
    let mut needed_by: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for fact in made.iter().filter(|fact| !fact.depends_on_rows()) {
        for on in fact.needs.iter().map(|need| &need.on).chain(&fact.comes_with) {
            needed_by.entry(on).or_default().push(&fact.address);
        }
    }
    let mut doubtful = unsure.clone();
    spread(&mut doubtful, |address| needed_by.get(address).into_iter().flatten().copied());
    doubtful.retain(|address| !unsure.contains(address));
    doubtful
}

/// Adds what is next to anything of a set, and what is next to that.
fn spread<'a, N: IntoIterator<Item = &'a Address>>(
    set: &mut HashSet<&'a Address>,
    next: impl Fn(&'a Address) -> N,
) {
    let mut rest: Vec<_> = set.iter().copied().collect();
    while let Some(address) = rest.pop() {
        rest.extend(next(address).into_iter().filter(|next| set.insert(next)));
    }
}

/// Statements that may not be possible without something that was left off; a warning says which.
fn if_possible(statements: &[String]) -> Vec<String> {
    let attempts = statements.iter().map(|statement| {
        let what = statement.lines().find(|line| line.starts_with("CREATE ")).unwrap_or(statement);
        let what: String = what.chars().take(100).collect();
        let warning = format!(
            "could not run `{}`: it needs a constraint that was not restored; add that, then run `{statement}`",
            what.trim_end_matches(" AS"),
        );
        let body = format!(
            "\nBEGIN\n    EXECUTE {};\nEXCEPTION WHEN grouping_error OR undefined_object OR undefined_table \
             OR undefined_function OR invalid_column_reference THEN\n    RAISE WARNING USING MESSAGE = {};\nEND\n",
            quote_literal(statement),
            quote_literal(&warning),
        );
        match body.contains("$$") {
            true => format!("DO {}", quote_literal(&body)),
            false => format!("DO $${body}$$"),
        }
    });
    attempts.collect()
}

/// Statements about what may have been left off, of which a warning has told by then.
fn if_there(statements: &[String]) -> Vec<String> {
    let attempts = statements.iter().map(|statement| {
        let body = format!(
            "\nBEGIN\n    {statement};\nEXCEPTION WHEN undefined_object OR undefined_table THEN\n    NULL;\nEND\n"
        );
        match body.contains("$$") {
            true => format!("DO {}", quote_literal(&body)),
            false => format!("DO $${body}$$"),
        }
    });
    attempts.collect()
}

/// How many arguments of a function have a default.
fn defaults(fact: &Fact) -> Option<usize> {
    fact.value("change defaults")?.parse().ok()
}

/// Making it anew would lose what is in it.
fn holds_data(fact: &Fact) -> bool {
    let is_column = fact.address.part > 0 && fact.has_setting("change type");
    fact.is_table() || is_column && fact.definition().is_none() || fact.address.class == "pg_type"
}

/// Drops, the dependents first. What is part of something else that goes needs no word, except a
/// constraint that keeps another thing from going, and a partition, which foreign keys may refer
/// to: it has to be detached first.
fn drop_all<'a>(dropped: &[&'a Fact]) -> Vec<(&'a Fact, Vec<String>)> {
    let addresses: HashSet<&Address> = dropped.iter().map(|fact| &fact.address).collect();
    let mut inside = HashMap::new();
    for fact in dropped {
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
    // What a partition has from its parent goes with that, or stays when it is detached.
    let detached: HashSet<&Address> = dropped
        .iter()
        .filter(|fact| fact.address.class == "pg_inherits")
        .flat_map(|link| &link.needs)
        .map(|need| &need.on)
        .collect();
    let joined = constraints_of_joined_indexes(dropped);
    let mut drops = Vec::new();
    for fact in order(dropped, &inside).into_iter().rev() {
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

impl Setting {
    /// Whether there is anything to be set of a new object.
    fn is_set_of_new(&self) -> bool {
        let is_set = self.value.is_some() || matches!(self.change, Change::Privileges(_));
        self.when.created && is_set
    }

    /// Whether it says of a column that it has no nulls.
    fn denies_nulls(&self) -> bool {
        match self.name.as_str() {
            "change not null" | "set not null" => self.value.is_some(),
            "change inherited not null" => self.value.as_deref() == Some("true"),
            _ => false,
        }
    }

    fn of_new(&self, before: &State) -> Vec<String> {
        match &self.change {
            Change::Privileges(privileges) => {
                let defaults = before.defaults.get(&self.name).map_or(&[][..], Vec::as_slice);
                privileges.of_new(defaults)
            }
            _ if self.value.is_none() => Vec::new(),
            Change::Statements(statements) => statements.clone(),
            Change::Options { alter, style, options } => style.set(alter, &[], options),
        }
    }

    fn back_from(&self, after: Option<&Self>) -> Vec<String> {
        if after.is_some_and(|after| self.value == after.value) {
            return Vec::new();
        }
        match (&self.change, after.map(|after| &after.change)) {
            (Change::Privileges(privileges), Some(Change::Privileges(found))) => {
                privileges.back_from(found)
            }
            (
                Change::Options { alter, style, options },
                Some(Change::Options { options: found, .. }),
            ) => style.set(alter, found, options),
            (Change::Options { alter, style, options }, None) => style.set(alter, &[], options),
            (Change::Statements(statements), Some(_)) => statements.clone(),
            _ => Vec::new(),
        }
    }

    /// As [`back_from`](Self::back_from), of a column of whose table something is revoked.
    fn again(&self, after: &Self) -> Vec<String> {
        match (&self.change, &after.change) {
            (Change::Privileges(privileges), Change::Privileges(found)) => privileges.again(found),
            _ => self.back_from(Some(after)),
        }
    }

    /// Takes away what is set here, where it was not set before.
    fn undo(&self) -> Vec<String> {
        match &self.change {
            Change::Options { alter, style, options } => style.set(alter, options, &[]),
            Change::Privileges(privileges) => privileges.revoked(),
            Change::Statements(_) => Vec::new(),
        }
    }
}
