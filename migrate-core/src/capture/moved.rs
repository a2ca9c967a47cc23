//! Names in the texts that the server writes, each with the one that stands in its place: what was renamed or
//! moved to another schema is the same object.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::State;
use super::alias_list::alias_lists;
use super::fact::{Address, Key};

/// The front of an identity: `public.f` of `public.f(integer)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) schema: Option<&'a str>,
    pub(super) name: &'a str,
}

impl<'a> Name<'a> {
    /// None of what has its name in another order: `t on public.posts`.
    pub(super) fn of(identity: &'a str) -> Option<Self> {
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

    pub(super) fn full(&self) -> String {
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

pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// Names, each with the one that stands in its place.
pub(super) struct Names<'a> {
    wanted: HashMap<&'a str, &'a str>,
    /// How long they are, the longest first.
    lengths: Vec<usize>,
}

impl<'a> Names<'a> {
    pub(super) fn new(names: &'a [(String, String)]) -> Self {
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
    pub(super) fn replaced(&self, text: &str) -> String {
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
            Some(key.taken(did))
        })
    }

    /// Treats what differs from `before` only by these names as unchanged, since they will be restored.
    pub(super) fn forget_names_of_columns(&mut self, before: &Self, names: &[(String, String)]) {
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

    pub(super) fn renamed(&self, names: &[(String, String)]) -> Self {
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
