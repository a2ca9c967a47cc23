//! What was renamed or moved to another schema: it is the same object under another name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::State;
use super::alias_list::alias_lists;
use super::fact::{Address, Fact, Key};
use super::form::Form;
use super::word::word as interned;

/// The statements that undo the moves, and what `after` looks like then.
pub(super) fn undo_moves<'a>(before: &State, after: &'a State) -> (Vec<String>, Cow<'a, State>) {
    let found: HashMap<&Address, (&Key, &Fact)> =
        after.facts.iter().map(|(key, fact)| (&fact.address, (key, fact))).collect();
    let mut statements = Vec::new();
    let mut names = Vec::new();
    let moved: BTreeMap<&Address, (&Key, &Key)> = before
        .facts
        .iter()
        .filter(|(_, fact)| {
            let address = &fact.address;
            address.part == 0 && address.class.starts_with("pg_") && !fact.has_name()
        })
        .filter_map(|(key, fact)| {
            let (other, now) = found.get(&fact.address)?;
            // An index that a new constraint took over goes with that.
            let taken = now.comes_with.iter().any(|whole| after.made.contains(whole));
            (key != *other && key.kind == other.kind && !taken)
                .then_some((&fact.address, (key, *other)))
        })
        .collect();
    let known = before.addresses();
    let is_of_step = |address: &Address| {
        known.contains(address) || after.is_certain && after.made.contains(address)
    };
    let mut free_names = FreeNames::of(before, after);
    let is_elsewhere: HashSet<&Address> = before
        .facts
        .iter()
        .filter(|(key, fact)| found.get(&fact.address).is_some_and(|(other, _)| *key != *other))
        .map(|(_, fact)| &fact.address)
        .collect();
    let mut renamed = Cow::Borrowed(after);
    let mut columns = Vec::new();
    let mut own_way = Vec::new();
    for fact in before.facts.values() {
        let Some((other, now)) = found.get(&fact.address) else { continue };
        if fact.is_same(now) {
            continue;
        }
        let (Some((wanted, _)), Some((is, around))) = (fact.name(), now.name()) else { continue };
        if wanted != is {
            let as_before = other.called(&is, &wanted);
            own_way.push((as_before, fact, *other, wanted, is, around));
        }
    }
    // What has the name of something else is out of its way first.
    let mut current: HashMap<&Address, (Key, String)> = HashMap::new();
    for (key, ..) in &own_way {
        let Some(other) = after.facts.get(key).filter(|other| is_of_step(&other.address)) else {
            continue;
        };
        let Some((name, around)) = other.name() else { continue };
        let ([front, between, rest @ ..], free) = (around.as_slice(), free_names.next()) else {
            continue;
        };
        statements.push(format!("{front}{name}{between}{free}{}", rest.concat()));
        let renamed = renamed.to_mut();
        if let Some(mut now) = renamed.facts.remove(key) {
            let key = key.called(&name, &free);
            let names = [(name, free.clone())];
            let drop = now.drop();
            let drop = drop.iter().map(|sql| Names::new(&names).replaced(sql)).collect();
            now.set_form(Form { drop, name: Some((free.clone(), around)), ..now.form() });
            current.insert(&other.address, (key.clone(), free));
            renamed.facts.insert(key, now);
        }
    }
    for (key, fact, other, wanted, is, around) in own_way {
        if renamed.facts.contains_key(&key) {
            continue;
        }
        if let [front, between, rest @ ..] = around.as_slice() {
            let (other, name) = match current.get(&fact.address) {
                Some((other, name)) => (other, name),
                None => (other, &is),
            };
            statements.push(format!("{front}{name}{between}{wanted}{}", rest.concat()));
            if fact.address.part > 0 {
                columns.push((is.clone(), wanted.clone()));
            }
            let renamed = renamed.to_mut();
            if let Some(mut now) = renamed.facts.remove(other) {
                // Under its old name it would be dropped, if it has to be made anew.
                now.set_form(Form { drop: fact.drop(), ..now.form() });
                renamed.facts.insert(key, now);
            }
        }
    }
    let along: Vec<(&Key, &Key)> = before
        .facts
        .iter()
        .filter(|(_, fact)| {
            fact.address.part > 0
                || fact.address.class == "pg_attrdef"
                || fact.is_inherited_constraint()
        })
        .filter_map(|(key, fact)| {
            let (other, now) = found.get(&fact.address)?;
            let has_own_way = fact.name().is_some() && now.name().is_some();
            (key != *other && !has_own_way).then_some((key, *other))
        })
        .collect();
    if moved.is_empty() {
        if !along.is_empty() {
            rename_along(renamed.to_mut(), &along, &Names::new(&names), &mut free_names);
        }
        if !columns.is_empty() {
            renamed.to_mut().forget_names_of_columns(before, &columns);
        }
        return (statements, renamed);
    }
    // What is in a schema goes where that goes.
    let schemas: HashMap<&str, &str> = moved
        .values()
        .filter(|(key, _)| key.kind == "schema")
        .map(|(key, other)| (other.identity.as_str(), key.identity.as_str()))
        .collect();
    // What has the name of something else is out of its way first.
    let mut current: HashMap<&Address, String> = HashMap::new();
    let mut finally = Vec::new();
    for (key, other) in moved.values() {
        let parts = [key, other].map(|key| Name::of(&key.identity));
        let [Some(wanted), Some(is)] = parts else { continue };
        let goes_with_schema = is.name == wanted.name
            && is.schema.is_some_and(|schema| schemas.get(schema).copied() == wanted.schema);
        if goes_with_schema {
            continue;
        }
        let in_the_way = with_name_of(key, after);
        let Some((key, fact)) = in_the_way.filter(|(_, fact)| is_of_step(&fact.address)) else {
            continue;
        };
        let Some(name) = Name::of(&key.identity) else { continue };
        let free = free_names.next();
        // The index of a constraint goes along.
        if fact.comes_with.is_empty() {
            let words = key.words();
            statements.push(format!("ALTER {words} {} RENAME TO {free}", key.identity));
        }
        if !moved.contains_key(&fact.address) {
            names.push((name.full(), Name { name: &free, ..name }.full()));
        }
        current.insert(&fact.address, free);
    }
    for (is, wanted) in &schemas {
        let now = moved.values().find(|(key, _)| key.kind == "schema" && key.identity == *wanted);
        let address = now.and_then(|(_, other)| after.facts.get(*other)).map(|fact| &fact.address);
        let is = address.and_then(|address| current.get(address)).map_or(*is, String::as_str);
        statements.push(format!("ALTER SCHEMA {is} RENAME TO {wanted}"));
    }
    for (address, (key, other)) in &moved {
        let (Some(wanted), Some(is)) = (Name::of(&key.identity), Name::of(&other.identity)) else {
            continue;
        };
        names.push((is.full(), wanted.full()));
        // Indexes and sequences of a table go where it goes; that of a constraint has its name.
        let (_, fact) = found[address];
        let goes_along =
            fact.needs.iter().any(|need| need.belongs && is_elsewhere.contains(&need.on));
        if goes_along && !fact.comes_with.is_empty() {
            continue;
        }
        let schema = is.schema.map(|schema| schemas.get(schema).copied().unwrap_or(schema));
        let free = current.get(address).map(String::as_str);
        let is_there = is.name == wanted.name && (goes_along || schema == wanted.schema);
        if key.kind == "schema" || is_there && free.is_none() {
            continue;
        }
        let (words, rest) = (key.words(), &other.identity[is.full().len()..]);
        let at = |schema, name| Name { schema, name }.full() + rest;
        let name = free.unwrap_or(is.name);
        let mut rename = |schema| {
            if name != wanted.name {
                let is = at(schema, name);
                finally.push(format!("ALTER {words} {is} RENAME TO {}", wanted.name));
            }
        };
        match wanted.schema.filter(|wanted| schema != Some(*wanted)) {
            // Its name may be taken where it is.
            Some(wanted_schema) if free.is_some() => {
                let is = at(schema, name);
                statements.push(format!("ALTER {words} {is} SET SCHEMA {wanted_schema}"));
                rename(Some(wanted_schema));
            }
            Some(wanted_schema) => {
                rename(schema);
                let is = at(schema, wanted.name);
                finally.push(format!("ALTER {words} {is} SET SCHEMA {wanted_schema}"));
            }
            None => rename(schema),
        }
    }
    statements.append(&mut finally);
    names.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    let mut renamed = renamed.renamed(&names);
    rename_along(&mut renamed, &along, &Names::new(&names), &mut free_names);
    renamed.forget_names_of_columns(before, &columns);
    (statements, Cow::Owned(renamed))
}

/// Gives columns and constraints of children the names that their parents' get again.
/// Their relations have theirs by `names`.
fn rename_along(
    state: &mut State,
    along: &[(&Key, &Key)],
    names: &Names<'_>,
    free_names: &mut FreeNames<'_>,
) {
    let facts = along.iter().map(|(key, other)| {
        let other = Key { identity: names.replaced(&other.identity), ..(*other).clone() };
        Some(((*key).clone(), state.facts.remove(&other)?))
    });
    let facts: Vec<_> = facts.collect();
    for (key, fact) in facts.into_iter().flatten() {
        if let Some(in_the_way) = state.facts.insert(key.clone(), fact) {
            let identity = format!("{} {}", key.identity, free_names.next());
            state.facts.insert(Key { identity, ..key }, in_the_way);
        }
    }
}

/// What has the name of something: relations and types of every kind share their names.
fn with_name_of<'a>(key: &Key, state: &'a State) -> Option<(&'a Key, &'a Fact)> {
    let kinds = match RELATIONS.contains(&key.kind.as_ref()) {
        true => RELATIONS,
        false => &[],
    };
    let others = kinds.iter().map(|kind| Key { kind: interned(kind), ..key.clone() });
    let mut keys = [key.clone()].into_iter().chain(others);
    keys.find_map(|key| state.facts.get_key_value(&key))
}

/// Kinds of which no two in a schema have one name.
const RELATIONS: &[&str] = &[
    "table",
    "foreign table",
    "view",
    "materialized view",
    "sequence",
    "index",
    "composite type",
    "type",
];

/// Names that nothing has, for what is in the way of something that gets its old name again.
struct FreeNames<'a> {
    taken: HashSet<&'a str>,
    count: usize,
}

impl<'a> FreeNames<'a> {
    fn of(before: &'a State, after: &'a State) -> Self {
        let all = before.facts.keys().chain(after.facts.keys());
        let words = all.flat_map(|key| key.identity.split(|letter| !is_of_name(letter)));
        Self { taken: words.filter(|word| word.starts_with(Self::PREFIX)).collect(), count: 0 }
    }

    const PREFIX: &'static str = "migrate_renamed_";

    fn next(&mut self) -> String {
        loop {
            self.count += 1;
            let name = format!("{}{}", Self::PREFIX, self.count);
            if !self.taken.contains(name.as_str()) {
                return name;
            }
        }
    }
}

/// The front of an identity: `public.f` of `public.f(integer)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name<'a> {
    schema: Option<&'a str>,
    name: &'a str,
}

impl<'a> Name<'a> {
    /// None of what has its name in another order: `t on public.posts`.
    fn of(identity: &'a str) -> Option<Self> {
        let first = word(identity)?;
        let rest = &identity[first.len()..];
        let (schema, name) = match rest.strip_prefix('.') {
            Some(rest) => (Some(first), word(rest).or_else(|| operator(rest))?),
            None => (None, first),
        };
        let end = schema.map_or(0, |schema| schema.len() + 1) + name.len();
        let rest = &identity[end..];
        (rest.is_empty() || rest.starts_with('(')).then_some(Self { schema, name })
    }

    fn full(&self) -> String {
        match self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The identifier at the start of a text, with its quotes.
fn word(text: &str) -> Option<&str> {
    let end = if text.starts_with('"') {
        let mut quotes = text.match_indices('"').skip(1).map(|(index, _)| index).peekable();
        loop {
            let index = quotes.next()?;
            // Two of them are one inside.
            match quotes.next_if_eq(&(index + 1)) {
                Some(_) => {}
                None => break index + 1,
            }
        }
    } else {
        text.find(|letter| !is_of_name(letter)).unwrap_or(text.len())
    };
    (end > 0).then(|| &text[..end])
}

/// The name of an operator at the start of a text.
fn operator(text: &str) -> Option<&str> {
    let end = text.find(|letter| !is_of_operator(letter)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

fn is_of_operator(letter: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(letter)
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// Names, each with the one that stands in its place.
struct Names<'a> {
    wanted: HashMap<&'a str, &'a str>,
    /// How long they are, the longest first.
    lengths: Vec<usize>,
}

impl<'a> Names<'a> {
    fn new(names: &'a [(String, String)]) -> Self {
        let wanted: HashMap<_, _> =
            names.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        let lengths: BTreeSet<_> = wanted.keys().map(|old| old.len()).collect();
        Self { wanted, lengths: lengths.into_iter().rev().collect() }
    }

    /// The name that a text starts with, and the one in its place.
    fn at_start(&self, text: &str) -> Option<(&'a str, &'a str)> {
        let starts = self.lengths.iter().filter_map(|length| text.get(..*length));
        starts
            .filter_map(|start| self.wanted.get_key_value(start))
            .map(|(old, new)| (*old, *new))
            .find(|(old, _)| {
                let rest = &text[old.len()..];
                match old.ends_with(is_of_operator) {
                    true => !rest.starts_with(is_of_operator),
                    false => !rest.starts_with(|letter| is_of_name(letter) || letter == '"'),
                }
            })
    }

    /// `text` with the names replaced, where they stand as names.
    fn replaced(&self, text: &str) -> String {
        self.replaced_after(text, |last| is_start_of_column(last) && last != '.')
    }

    /// `text` with the names replaced, where they stand as names after a letter that they may follow.
    fn replaced_after(&self, text: &str, may_follow: impl Fn(char) -> bool) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        let mut last = ' ';
        while let Some(letter) = rest.chars().next() {
            match Some(rest).filter(|_| may_follow(last)).and_then(|rest| self.at_start(rest)) {
                Some((old, new)) => {
                    result.push_str(new);
                    rest = &rest[old.len()..];
                    last = 'x';
                }
                None => {
                    result.push(letter);
                    rest = &rest[letter.len_utf8()..];
                    last = letter;
                }
            }
        }
        result
    }
}

/// Whether the name of a column may begin after this letter: it may stand after that of its table.
fn is_start_of_column(last: char) -> bool {
    !is_of_name(last) && last != '"'
}

/// `text` as the server writes it when columns have the names that they had.
fn with_names(text: &str, names: &[(String, String)]) -> String {
    let text = Names::new(names).replaced_after(&without_aliases(text, names), is_start_of_column);
    names.iter().fold(text, |text, (_, name)| {
        text.replace(&format!(".{name} AS {name}"), &format!(".{name}"))
    })
}

/// `text` without the lists of aliases that the server writes because a column no longer has the old
/// name: that is in them.
fn without_aliases(text: &str, names: &[(String, String)]) -> String {
    let mut result = text.to_owned();
    for list in alias_lists(text).into_iter().rev() {
        let names_in_list = text[list.place.clone()].split(", ");
        let is_of_rename =
            names_in_list.clone().any(|name| names.iter().any(|(_, wanted)| wanted == name));
        if is_of_rename && list.place.start > 0 && result[list.place.end..].starts_with(')') {
            result.replace_range(list.place.start - 1..=list.place.end, "");
        }
    }
    result
}

impl State {
    pub(super) fn addresses(&self) -> HashSet<&Address> {
        self.facts.values().map(|fact| &fact.address).collect()
    }

    /// Why what was renamed, or dropped, cannot have its name again: something has it that is not captured,
    /// and so not known to be new. To change that into what was dropped would destroy it.
    pub(crate) fn name_taken_in(&self, after: &Self) -> Option<String> {
        if self.is_of_settings() {
            return None;
        }
        let (known, found) = (self.addresses(), after.addresses());
        self.facts.iter().find_map(|(key, fact)| {
            let other = &after.facts.get(key)?.address;
            if *other == fact.address || known.contains(other) {
                return None;
            }
            let is_made = after.made.contains(other);
            let did = match found.contains(&fact.address) {
                true if !(after.is_certain && is_made) => "renamed",
                // What looks old is old, and what looks new may be.
                false if !is_made => "dropped",
                _ => return None,
            };
            Some(format!(
                "the {} `{}` was {did}, and something has its name now that is not captured",
                key.kind, key.identity
            ))
        })
    }

    /// What differs from `before` by these names alone is as it was there, once they are.
    fn forget_names_of_columns(&mut self, before: &Self, names: &[(String, String)]) {
        if names.is_empty() {
            return;
        }
        let same = |value: &mut Option<String>, before: &Option<String>| {
            if let (Some(text), Some(wanted)) = (&value, before)
                && with_names(text, names) == *wanted
            {
                value.clone_from(before);
            }
        };
        for (key, fact) in &mut self.facts {
            let Some(wanted) = before.facts.get(key).filter(|wanted| !wanted.is_same(fact)) else {
                continue;
            };
            let mut form = fact.form();
            let wanted = wanted.form();
            same(&mut form.definition, &wanted.definition);
            for setting in &mut form.settings {
                let wanted = wanted.settings.iter().find(|wanted| wanted.name == setting.name);
                if let Some(wanted) = wanted {
                    same(&mut setting.value, &wanted.value);
                }
            }
            fact.set_form(form);
        }
    }

    fn renamed(&self, names: &[(String, String)]) -> Self {
        let names = Names::new(names);
        let facts = self.facts.iter().map(|(key, fact)| {
            let mut fact = fact.clone();
            fact.set_form(fact.form().map(&|text| names.replaced(text)));
            (Key { kind: key.kind, identity: names.replaced(&key.identity) }, fact)
        });
        Self { facts: facts.collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_at_the_front() {
        let name = |identity| Name::of(identity).map(|name| (name.schema, name.name));
        assert_eq!(name("public.posts"), Some((Some("public"), "posts")));
        assert_eq!(name("public.f(integer, \"a.b\".c)"), Some((Some("public"), "f")));
        assert_eq!(name(r#""a.""b".c"#), Some((Some(r#""a.""b""#), "c")));
        assert_eq!(name("archive"), Some((None, "archive")));
        assert_eq!(name("touch on public.posts"), None);
        assert_eq!(name("public.===(integer,integer)"), Some((Some("public"), "===")));
        assert_eq!(name(r#""half"#), None);
    }

    #[test]
    fn names_are_replaced_as_a_whole() {
        let names = [("archive.t".to_owned(), "public.t".to_owned())];
        let text = |text| Names::new(&names).replaced(text);
        assert_eq!(text("ON archive.t USING (archive.t.id)"), "ON public.t USING (public.t.id)");
        assert_eq!(
            text("archive.tt, x.archive.t, xarchive.t"),
            "archive.tt, x.archive.t, xarchive.t"
        );
        assert_eq!(text("nextval('archive.t'::regclass)"), "nextval('public.t'::regclass)");
    }
}
