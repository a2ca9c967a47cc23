//! How an object is created, how it is dropped, and which settings it has.
//!
//! The partitions of a table, or the columns of a type, differ in little but their names. So the
//! information on an object is stored as a form with marks for the name of its relation, and
//! objects of the same form share it: ten thousand partitions take little more than one.

use std::collections::HashSet;
use std::sync::Arc;

use postgres::types::Oid;

/// What a fact is, with the name of its relation in it or marks in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// None where another object creates it, and it cannot be created alone.
    pub(super) create: Vec<String>,
    /// As `create`, where it depends on rows, in a table that stayed.
    pub(super) among_rows: Vec<String>,
    /// Whether those do without it where rows do not allow it.
    pub(super) may_be_left_off: bool,
    /// What cannot be changed in place: where it differs, the object is recreated.
    pub(super) definition: Option<String>,
    pub(super) drop: Vec<String>,
    /// Of what is renamed in its own way: its name, and what stands before the old one, before the new
    /// one and, if anything, after that.
    pub(super) name: Option<(String, Vec<String>)>,
    pub(super) settings: Vec<Setting>,
    pub(super) limits: Vec<Limit>,
    /// What is not stored, since it may be secret: its name, `=`, and what tells one value from another.
    pub(super) withheld: Vec<String>,
    /// Of what is inherited: what is different as long as nothing of it is.
    pub(super) own: Option<Box<Form>>,
}

/// What cannot be done again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Limit {
    /// A setting or, for the object itself, `create`.
    pub(super) of: String,
    pub(super) reason: String,
    /// Whether the statement fails; else it leaves something as it is.
    pub(super) fails: bool,
    /// It can as long as these stand in this order.
    pub(super) unless_in_order: Option<ColumnsOf>,
}

/// The columns of a relation, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ColumnsOf {
    pub(super) relation: Oid,
    pub(super) numbers: Vec<i64>,
}

/// The names of a relation that the texts about it have in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// `public.posts`.
    full: String,
    /// `posts`: the names of indexes and constraints begin so.
    own: Option<String>,
}

/// Forms that facts share.
#[derive(Debug, Default)]
pub(super) struct Forms(HashSet<Arc<Form>>);

/// What stands for the names of a relation.
pub(super) const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// A property of an object that can be set separately.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) when: When,
    /// None for what a new object has.
    pub(super) value: Option<String>,
    pub(super) change: Change,
}

/// Whether a setting matters for an object that is made, one that is changed, or both; and
/// whether it has to wait until everything else is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct When {
    pub(super) created: bool,
    pub(super) changed: bool,
    pub(super) phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phase {
    InOrder,
    Late,
    Owner,
    Privileges,
    Last,
}

/// What sets a setting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Change {
    Statements(Vec<String>),
    Options { alter: String, style: Style, options: Vec<String> },
    Privileges(super::privileges::Privileges),
}

/// How options are set, each of them `name=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    /// `SET (a = 'b')`, `RESET (c)`.
    Parameters,
    /// `OPTIONS (ADD a 'b', DROP c)`. Where the value is not stored, `name` alone.
    Foreign,
    /// `SET a TO b`, a statement each.
    Variables,
    /// `(a = b, c)`, with values as they are written.
    Definition,
}

impl Style {
    /// The style of a setting of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.split(' ').next()? {
            "options" => Self::Parameters,
            "foreign" => Self::Foreign,
            "variables" => Self::Variables,
            "definition" => Self::Definition,
            _ => return None,
        })
    }
}

impl Relation {
    /// The relation of this full name.
    pub(super) fn new(full: String) -> Self {
        let own = full.rsplit('.').next().filter(|own| own.len() > 3 && own.len() < full.len());
        Self { own: own.map(str::to_owned), full }
    }

    pub(super) fn marked(&self, text: &str) -> String {
        let text = text.replace(&self.full, MARKS[0].encode_utf8(&mut [0; 4]));
        match &self.own {
            Some(own) => text.replace(own.as_str(), MARKS[1].encode_utf8(&mut [0; 4])),
            None => text,
        }
    }

    pub(super) fn named(&self, text: &str) -> String {
        let mut named = String::with_capacity(text.len() + self.full.len());
        for letter in text.chars() {
            match MARKS.iter().position(|mark| *mark == letter) {
                Some(0) => named.push_str(&self.full),
                Some(_) => named.push_str(self.own.as_deref().unwrap_or_default()),
                None => named.push(letter),
            }
        }
        named
    }
}

impl Forms {
    /// Those that are known already.
    pub(super) fn of(known: impl Iterator<Item = Arc<Form>>) -> Self {
        Self(known.collect())
    }

    pub(super) fn shared(&mut self, form: Form) -> Arc<Form> {
        match self.0.get(&form) {
            Some(known) => Arc::clone(known),
            None => {
                let form = Arc::new(form);
                self.0.insert(Arc::clone(&form));
                form
            }
        }
    }
}

impl Form {
    /// The same with other texts.
    pub(super) fn map(&self, text: &impl Fn(&str) -> String) -> Self {
        let texts = |texts: &[String]| texts.iter().map(|it| text(it)).collect::<Vec<_>>();
        let limits =
            self.limits.iter().map(|limit| Limit { reason: text(&limit.reason), ..limit.clone() });
        Self {
            create: texts(&self.create),
            among_rows: texts(&self.among_rows),
            may_be_left_off: self.may_be_left_off,
            definition: self.definition.as_deref().map(text),
            drop: texts(&self.drop),
            name: self.name.as_ref().map(|(name, around)| (text(name), texts(around))),
            settings: self.settings.iter().map(|setting| setting.map(text)).collect(),
            limits: limits.collect(),
            withheld: self.withheld.clone(),
            own: self.own.as_ref().map(|own| Box::new(own.map(text))),
        }
    }

    /// The same as long as nothing of it is inherited.
    pub(super) fn into_own(mut self) -> Self {
        let Some(own) = self.own.take() else { return self };
        self.settings.retain(|setting| own.settings.iter().all(|own| own.name != setting.name));
        self.settings.extend(own.settings);
        self.limits.extend(own.limits);
        Self {
            create: own.create,
            among_rows: own.among_rows,
            may_be_left_off: own.may_be_left_off,
            definition: own.definition,
            drop: if own.drop.is_empty() { self.drop } else { own.drop },
            name: own.name.or(self.name),
            ..self
        }
    }

    /// Whether there is a mark in it that is none of ours.
    pub(super) fn has_marks(&self) -> bool {
        let lists = [&self.create, &self.among_rows, &self.drop];
        let name = self.name.iter().flat_map(|(name, around)| [name].into_iter().chain(around));
        let mut texts = lists
            .into_iter()
            .flatten()
            .chain(&self.definition)
            .chain(name)
            .chain(self.settings.iter().flat_map(Setting::texts))
            .chain(self.limits.iter().map(|limit| &limit.reason));
        texts.any(|text| text.contains(MARKS))
            || self.own.as_ref().is_some_and(|own| own.has_marks())
    }
}

impl Setting {
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        let (text, list): (Option<&String>, &[String]) = match &self.change {
            Change::Statements(statements) => (None, statements),
            Change::Options { alter, options, .. } => (Some(alter), options),
            Change::Privileges(privileges) => (Some(privileges.on()), &[]),
        };
        self.value.iter().chain(text).chain(list)
    }

    /// The same with other texts.
    pub(super) fn map(&self, text: &impl Fn(&str) -> String) -> Self {
        let texts = |texts: &[String]| texts.iter().map(|it| text(it)).collect::<Vec<_>>();
        Self {
            name: self.name.clone(),
            when: self.when,
            value: self.value.as_deref().map(text),
            change: match &self.change {
                Change::Statements(statements) => Change::Statements(texts(statements)),
                Change::Options { alter, style, options } => {
                    Change::Options { alter: text(alter), style: *style, options: texts(options) }
                }
                Change::Privileges(privileges) => Change::Privileges(privileges.map(text)),
            },
        }
    }
}

impl When {
    /// `set`, `change`, `once`; `late`, `owner` and `last` by their place in the order.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let phase = match word {
            "set" | "change" | "once" => Phase::InOrder,
            "late" | "late-change" | "late-once" => Phase::Late,
            "owner" => Phase::Owner,
            "last" | "last-once" => Phase::Last,
            _ => return None,
        };
        let (created, changed) = (!word.ends_with("change"), !word.ends_with("once"));
        Some(Self { created, changed, phase })
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::class;
    use super::super::fact::{Address, Fact};
    use super::*;

    fn fact(forms: &mut Forms, relation: &str, statements: &[&str]) -> Fact {
        let address = Address { class: class("pg_class"), object: 1, part: 0 };
        let create = statements.iter().map(|&statement| statement.to_owned()).collect();
        let relation = Arc::new(Relation::new(relation.to_owned()));
        let form = Form { create, ..Form::default() };
        Fact::new(address, Vec::new(), Some(relation), form, forms)
    }

    #[test]
    fn objects_that_differ_in_their_names_alone_share_a_form() {
        let mut forms = Forms::default();
        let texts = |name: &str| {
            ["CREATE TABLE public.{} ()", "CREATE INDEX {}_id ON public.{} (id)"]
                .map(|text| text.replace("{}", name))
        };
        for name in ["events_1", "events_20", "\"e.vents\""] {
            let texts = texts(name);
            let fact =
                fact(&mut forms, &format!("public.{name}"), &texts.each_ref().map(String::as_str));
            assert_eq!(fact.create(), texts);
        }
        assert_eq!(forms.0.len(), 1 + 1, "a name with a dot in it shares none");
    }

    #[test]
    fn what_looks_like_a_mark_stays() {
        let mut forms = Forms::default();
        for text in ["COMMENT ON TABLE public.events IS '\u{1}'", "public.events events \u{2}"] {
            assert_eq!(fact(&mut forms, "public.events", &[text]).create(), [text]);
        }
    }
}
