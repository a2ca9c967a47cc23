//! Which migrations speak of each other.
//!
//! A migration may use another one's function, or include its file. Few ever do; so wherever one
//! names another, be it in a comment, it is compiled with it, and again when that one changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use migrate_core::discover::Source;

use super::hash::in_parallel;

/// For some migrations, the names of those that they speak of. It is closed: has an entry for
/// each of those, too.
pub(super) struct Mentions(BTreeMap<String, BTreeSet<String>>);

impl Mentions {
    /// Reads the migrations of these names, those that they speak of, those that these speak of…
    pub(super) fn read(folder: &Path, sources: &[Source], names: &BTreeSet<String>) -> Self {
        let by_name: HashMap<_, _> =
            sources.iter().map(|source| (source.name.as_str(), source)).collect();
        Self::follow(names, |name| {
            let source = by_name.get(name)?;
            let text = fs::read_to_string(folder.join("src").join(source.file.up()));
            let text = text.unwrap_or_default();
            let others = candidates(&text)
                .filter(|other| by_name.contains_key(other) && *other != name)
                .map(str::to_owned);
            Some(others.collect())
        })
    }

    fn follow(
        names: &BTreeSet<String>,
        others: impl Fn(&str) -> Option<BTreeSet<String>> + Sync,
    ) -> Self {
        let mut found = BTreeMap::new();
        let mut todo: Vec<_> = names.iter().cloned().collect();
        while !todo.is_empty() {
            let mentioned = in_parallel(&todo, |name| others(name).unwrap_or_default());
            let next: BTreeSet<_> = mentioned.iter().flatten().cloned().collect();
            found.extend(todo.into_iter().zip(mentioned));
            todo = next.into_iter().filter(|name| !found.contains_key(name)).collect();
        }
        Self(found)
    }

    /// Whether the migration is one of these.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Those that the migration speaks of.
    pub(super) fn of(&self, name: &str) -> impl Iterator<Item = &String> {
        self.0.get(name).into_iter().flatten()
    }
}

/// Whatever in the text looks like the name of a migration: 14 digits, `_`, words.
fn candidates(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !is_part(c)).filter_map(|word| {
        let name = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        (digits == 14).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_text() {
        let text = "// see 20250101000000_a.rs\nsuper::m20250102000000_b::columns(t); 2025; x20250103000000";
        assert_eq!(
            candidates(text).collect::<Vec<_>>(),
            ["20250101000000_a", "20250102000000_b", "20250103000000"]
        );
    }

    #[test]
    fn those_that_are_spoken_of_by_those_that_are_spoken_of() {
        let set = |names: &[&str]| -> BTreeSet<_> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let others = |name: &str| match name {
            "a" => Some(set(&["b"])),
            "b" => Some(set(&["c", "a"])),
            _ => None,
        };
        let all = |name| Mentions::follow(&set(&[name]), others).0.into_keys().collect::<String>();
        assert_eq!(all("a"), "abc");
        assert_eq!(all("c"), "c");
    }
}
