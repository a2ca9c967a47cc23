//! What is known of one object.
//!
//! The partitions of a table, or the columns of a type, differ in little but their names. So what is
//! known of an object is kept as a form with marks where the name of its relation stands, and
//! objects of the same form share it: ten thousand partitions take little more than one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use postgres::types::Oid;

/// Where the catalog has an object: as in `pg_depend`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    /// The table of the catalog.
    pub(super) class: Word,
    pub(super) object: Oid,
    /// The number of a column, 0 for the whole; of what has no id of its own, the second id.
    pub(super) part: i64,
}

/// What an object is called: its kind and its full name, as `pg_identify_object` gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: Word,
    pub(super) identity: String,
}

/// A word that many facts have, of which those that are known are not copied.
pub(super) type Word = Cow<'static, str>;

/// The word of a text that the server has sent.
pub(super) fn word(text: &str) -> Word {
    const WORDS: &[&str] = &[
        "pg_attrdef",
        "pg_class",
        "pg_constraint",
        "pg_inherits",
        "pg_namespace",
        "pg_proc",
        "pg_rewrite",
        "pg_trigger",
        "pg_type",
        "default value",
        "index",
        "inheritance",
        "rule",
        "sequence",
        "table",
        "table column",
        "table constraint",
        "trigger",
        "type",
        "view",
        "view column",
    ];
    match WORDS.iter().find(|word| **word == text) {
        Some(word) => Cow::Borrowed(*word),
        None => Cow::Owned(text.to_owned()),
    }
}

/// An object, how it is made, and how it goes.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) address: Address,
    pub(super) needs: Vec<Need>,
    /// Creating one of these creates this too.
    pub(super) comes_with: Vec<Address>,
    relation: Option<Arc<Relation>>,
    form: Arc<Form>,
}

/// What a fact is, with the name of its relation in it or marks in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// None where it comes with another and cannot be made by itself.
    pub(super) create: Vec<String>,
    /// As `create`, where it depends on rows, in a table that stayed.
    pub(super) among_rows: Vec<String>,
    /// Whether those do without it where rows do not allow it.
    pub(super) may_be_left_off: bool,
    /// What cannot be changed in place: where it differs, the object is made anew.
    pub(super) definition: Option<String>,
    pub(super) drop: Vec<String>,
    /// Of what is renamed in its own way: its name, and what stands before the old one, before the new
    /// one and, if anything, after that.
    pub(super) name: Option<(String, Vec<String>)>,
    pub(super) settings: Vec<Setting>,
    /// What cannot be done again, by the setting or, for the object itself, `create`; and why.
    pub(super) limits: Vec<(String, String)>,
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
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) on: Address,
    /// Whether it is part of that, and so goes without being asked for.
    pub(super) belongs: bool,
}

/// Something of an object that can be set by itself.
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
    /// `OPTIONS (ADD a 'b', DROP c)`.
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

impl Address {
    /// What this is a part of.
    pub(super) fn whole(&self) -> Self {
        Self { part: 0, ..self.clone() }
    }
}

impl Key {
    /// The words for the kind, as statements have them.
    pub(super) fn words(&self) -> String {
        match self.kind.as_ref() {
            "table constraint" => "CONSTRAINT".to_owned(),
            "statistics object" => "STATISTICS".to_owned(),
            "foreign-data wrapper" => "FOREIGN DATA WRAPPER".to_owned(),
            kind if kind.ends_with(" column") => "COLUMN".to_owned(),
            kind => kind.to_uppercase(),
        }
    }
}

impl Relation {
    /// The relation of this full name.
    pub(super) fn new(full: String) -> Self {
        let own = full.rsplit('.').next().filter(|own| own.len() > 3 && own.len() < full.len());
        Self { own: own.map(str::to_owned), full }
    }

    fn marked(&self, text: &str) -> String {
        let text = text.replace(&self.full, MARKS[0].encode_utf8(&mut [0; 4]));
        match &self.own {
            Some(own) => text.replace(own.as_str(), MARKS[1].encode_utf8(&mut [0; 4])),
            None => text,
        }
    }

    fn named(&self, text: &str) -> String {
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
    /// The forms of these facts.
    pub(super) fn of<'a>(facts: impl Iterator<Item = &'a Fact>) -> Self {
        Self(facts.map(|fact| Arc::clone(&fact.form)).collect())
    }

    fn shared(&mut self, form: Form) -> Arc<Form> {
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
        let pairs = self.limits.iter().map(|(name, reason)| (name.clone(), text(reason)));
        Self {
            create: texts(&self.create),
            among_rows: texts(&self.among_rows),
            may_be_left_off: self.may_be_left_off,
            definition: self.definition.as_deref().map(text),
            drop: texts(&self.drop),
            name: self.name.as_ref().map(|(name, around)| (text(name), texts(around))),
            settings: self.settings.iter().map(|setting| setting.map(text)).collect(),
            limits: pairs.collect(),
        }
    }

    /// Whether there is a mark in it that is none of ours.
    fn has_marks(&self) -> bool {
        let lists = [&self.create, &self.among_rows, &self.drop];
        let name = self.name.iter().flat_map(|(name, around)| [name].into_iter().chain(around));
        let mut texts = lists
            .into_iter()
            .flatten()
            .chain(&self.definition)
            .chain(name)
            .chain(self.settings.iter().flat_map(Setting::texts))
            .chain(self.limits.iter().map(|(_, reason)| reason));
        texts.any(|text| text.contains(MARKS))
    }
}

impl Setting {
    fn texts(&self) -> impl Iterator<Item = &String> {
        let (text, list): (Option<&String>, &[String]) = match &self.change {
            Change::Statements(statements) => (None, statements),
            Change::Options { alter, options, .. } => (Some(alter), options),
            Change::Privileges(privileges) => (Some(privileges.on()), &[]),
        };
        self.value.iter().chain(text).chain(list)
    }

    /// The same with other texts.
    fn map(&self, text: &impl Fn(&str) -> String) -> Self {
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

impl Fact {
    /// An object of this form, whose relation, if it has one, is in the texts by its name.
    pub(super) fn new(
        address: Address,
        needs: Vec<Need>,
        relation: Option<Arc<Relation>>,
        form: Form,
        forms: &mut Forms,
    ) -> Self {
        let relation = relation.filter(|_| !form.has_marks());
        let form = match &relation {
            Some(relation) => form.map(&|text| relation.marked(text)),
            None => form,
        };
        Self { address, needs, comes_with: Vec::new(), relation, form: forms.shared(form) }
    }

    /// Adds a setting.
    pub(super) fn add(&mut self, setting: Setting, forms: &mut Forms) {
        let has_marks = setting.texts().any(|text| text.contains(MARKS));
        match &self.relation {
            Some(relation) if !has_marks => {
                let mut form = Form::clone(&self.form);
                form.settings.push(setting.map(&|text| relation.marked(text)));
                self.form = forms.shared(form);
            }
            _ => {
                let mut form = self.form();
                form.settings.push(setting);
                self.set_form(form);
            }
        }
    }

    /// The form with the names in it.
    pub(super) fn form(&self) -> Form {
        match &self.relation {
            Some(relation) => self.form.map(&|text| relation.named(text)),
            None => Form::clone(&self.form),
        }
    }

    /// The same object with another form, which no other fact shares.
    pub(super) fn set_form(&mut self, form: Form) {
        (self.relation, self.form) = (None, Arc::new(form));
    }

    /// Whether all that can be read of two objects without looking at the text is the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.form, &other.form) && self.relation == other.relation
    }

    /// A text of the form with the names in it.
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.relation {
            Some(relation) if text.contains(MARKS) => Cow::Owned(relation.named(text)),
            _ => Cow::Borrowed(text),
        }
    }

    fn texts(&self, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.text(text).into_owned()).collect()
    }

    /// The statements that make it.
    pub(super) fn create(&self) -> Vec<String> {
        self.texts(&self.form.create)
    }

    /// Whether it is made by itself.
    pub(super) fn is_created(&self) -> bool {
        !self.form.create.is_empty()
    }

    /// The statements that make it where rows are in its way.
    pub(super) fn among_rows(&self) -> Vec<String> {
        self.texts(&self.form.among_rows)
    }

    /// Whether rows may be in its way.
    pub(super) fn depends_on_rows(&self) -> bool {
        !self.form.among_rows.is_empty()
    }

    /// Whether those do without it where rows do not allow it.
    pub(super) fn may_be_left_off(&self) -> bool {
        self.form.may_be_left_off
    }

    /// What cannot be changed in place.
    pub(super) fn definition(&self) -> Option<Cow<'_, str>> {
        self.form.definition.as_deref().map(|text| self.text(text))
    }

    /// The statements that drop it.
    pub(super) fn drop(&self) -> Vec<String> {
        self.texts(&self.form.drop)
    }

    /// Whether it is dropped by itself.
    pub(super) fn is_dropped(&self) -> bool {
        !self.form.drop.is_empty()
    }

    /// Its name, and what stands around the old and the new one, if it is renamed in its own way.
    pub(super) fn name(&self) -> Option<(String, Vec<String>)> {
        let (name, around) = self.form.name.as_ref()?;
        Some((self.text(name).into_owned(), self.texts(around)))
    }

    /// Whether it is renamed in its own way.
    pub(super) fn has_name(&self) -> bool {
        self.form.name.is_some()
    }

    /// Whether it is a constraint that a partition has from its parent.
    pub(super) fn is_inherited_constraint(&self) -> bool {
        self.address.class == "pg_constraint" && self.comes_from_parent()
    }

    /// Whether a partition has it from its parent.
    pub(super) fn comes_from_parent(&self) -> bool {
        let classes = ["pg_constraint", "pg_trigger"];
        classes.contains(&self.address.class.as_ref())
            && !self.is_created()
            && self.comes_with.is_empty()
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.has_setting("change persistence")
    }

    /// Whether anything cannot be made again.
    pub(super) fn has_limits(&self) -> bool {
        !self.form.limits.is_empty()
    }

    /// Why a setting, or the object itself, cannot be made again.
    pub(super) fn limits_of(&self, name: &str) -> impl Iterator<Item = String> {
        let limits = self.form.limits.iter().filter(move |(limited, _)| limited == name);
        limits.map(|(_, reason)| self.text(reason).into_owned())
    }

    pub(super) fn has_setting(&self, name: &str) -> bool {
        self.form.settings.iter().any(|setting| setting.name == name)
    }

    pub(super) fn setting(&self, name: &str) -> Option<Setting> {
        let setting = self.form.settings.iter().find(|setting| setting.name == name)?;
        Some(setting.map(&|text| self.text(text).into_owned()))
    }

    /// The value of a setting, if it has one.
    pub(super) fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        let setting = self.form.settings.iter().find(|setting| setting.name == name)?;
        Some(self.text(setting.value.as_deref()?))
    }

    /// The settings for which this holds.
    pub(super) fn settings(&self, which: impl Fn(&Setting) -> bool) -> Vec<Setting> {
        let settings = self.form.settings.iter().filter(|setting| which(setting));
        settings.map(|setting| setting.map(&|text| self.text(text).into_owned())).collect()
    }
}

impl When {
    /// `set`, `change`, `once`; `late`, `owner`, `acl` and `last` by their place in the order.
    pub(super) fn parse(word: &str) -> Self {
        let phase = match word {
            "late" | "late-change" | "late-once" => Phase::Late,
            "owner" => Phase::Owner,
            "acl" => Phase::Privileges,
            "last" | "last-once" => Phase::Last,
            _ => Phase::InOrder,
        };
        Self { created: !word.ends_with("change"), changed: !word.ends_with("once"), phase }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(forms: &mut Forms, relation: &str, statements: &[&str]) -> Fact {
        let address = Address { class: word("pg_class"), object: 1, part: 0 };
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
