//! What is known of one object: where the catalog has it, what it needs, and its form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use postgres::types::Oid;

use super::class::{Class, class};
use super::form::{ColumnsOf, Form, Forms, Limit, MARKS, Relation, Setting};
use super::kind::Kind;

/// Where the catalog has an object: as in `pg_depend`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    /// The table of the catalog.
    pub(super) class: Class,
    pub(super) object: Oid,
    /// The number of a column, 0 for the whole; of what has no id of its own, the second id.
    pub(super) part: i64,
}

/// What an object is called: its kind and its full name, as `pg_identify_object` gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) identity: String,
}

/// An object, and how it is created and dropped.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) address: Address,
    pub(super) needs: Vec<Need>,
    /// Creating one of these creates this too.
    pub(super) comes_with: Vec<Address>,
    relation: Option<Arc<Relation>>,
    form: Arc<Form>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) on: Address,
    /// Whether it is part of that, and so is dropped with it.
    pub(super) belongs: bool,
}

impl Address {
    /// That in the first columns of a row.
    pub(super) fn of_row(row: &postgres::Row) -> Self {
        Self { class: class(row.get(0)), object: row.get(1), part: row.get(2) }
    }

    /// Returns the address of the object that this is a part of.
    pub(super) fn whole(&self) -> Self {
        Self { part: 0, ..self.clone() }
    }
}

impl Key {
    /// The key of the same object under another name.
    pub(super) fn called(&self, name: &str, other: &str) -> Self {
        // `id on public.posts`, `public.posts.id`
        let of_table = self.identity.strip_prefix(name).filter(|rest| rest.starts_with(" on "));
        let identity = match (of_table, self.identity.strip_suffix(name)) {
            (Some(rest), _) => format!("{other}{rest}"),
            (None, Some(front)) => format!("{front}{other}"),
            (None, None) => self.identity.replacen(name, other, 1),
        };
        Self { identity, ..self.clone() }
    }

    /// Why it cannot have its name again after what was done to it.
    pub(super) fn taken(&self, did: &str) -> String {
        let Self { kind, identity } = self;
        format!(
            "the {kind} `{identity}` was {did}, and something has its name now that is not captured"
        )
    }

    /// The words for the kind, as statements have them.
    pub(super) fn words(&self) -> String {
        match self.kind {
            Kind::TableConstraint => "CONSTRAINT".to_owned(),
            Kind::StatisticsObject => "STATISTICS".to_owned(),
            Kind::ForeignDataWrapper => "FOREIGN DATA WRAPPER".to_owned(),
            kind if kind.is_column() => "COLUMN".to_owned(),
            kind => kind.word().to_uppercase(),
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

    /// The form, as facts share it.
    pub(super) fn shared_form(&self) -> Arc<Form> {
        Arc::clone(&self.form)
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

    /// Whether it is another as long as nothing of it is inherited.
    pub(super) fn is_inherited(&self) -> bool {
        self.form.own.is_some()
    }

    /// Makes it what it is as long as nothing of it is inherited.
    pub(super) fn disinherit(&mut self) {
        self.set_form(self.form().into_own());
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

    /// Whether it has statements of its own that create it.
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

    /// Returns the part of the definition that cannot be changed in place.
    pub(super) fn definition(&self) -> Option<Cow<'_, str>> {
        self.form.definition.as_deref().map(|text| self.text(text))
    }

    /// The statements that drop it.
    pub(super) fn drop(&self) -> Vec<String> {
        self.texts(&self.form.drop)
    }

    /// Whether it has statements of its own that drop it.
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

    /// Whether recreating it would lose what is in it.
    pub(super) fn holds_data(&self) -> bool {
        let is_column = self.address.part > 0 && self.has_setting("change type");
        self.is_table()
            || is_column && self.definition().is_none()
            || self.address.class == "pg_type"
    }

    /// Whether anything cannot be recreated.
    pub(super) fn has_limits(&self) -> bool {
        let own = self.form.own.as_ref().is_some_and(|own| !own.limits.is_empty());
        own || !self.form.limits.is_empty()
    }

    /// That a setting, or the object itself, cannot be recreated, and why, where these columns, by their
    /// relations, are restored as the last ones.
    pub(super) fn limits_of(&self, name: &str, last: &HashMap<Oid, Vec<i64>>) -> Vec<String> {
        let holds = |limit: &&Limit| {
            let Some(ColumnsOf { relation, numbers }) = &limit.unless_in_order else { return true };
            let Some(last) = last.get(relation) else { return false };
            let (moved, stayed): (Vec<&i64>, Vec<&i64>) =
                numbers.iter().partition(|number| last.contains(number));
            moved.first() < stayed.last() && !moved.is_empty()
        };
        let limits = self.form.limits.iter().filter(|limit| limit.of == name).filter(holds);
        let told = limits.map(|limit| {
            let what = if limit.fails { "will fail" } else { "does not restore all of it" };
            format!("the inverse of this step {what}: {}", self.text(&limit.reason))
        });
        told.collect()
    }

    /// Whether it has options whose values are not stored.
    pub(super) fn withholds(&self) -> bool {
        !self.form.withheld.is_empty()
    }

    /// Those that another does not have with the same values, by their names.
    pub(super) fn withheld_from<'a>(
        &'a self,
        other: Option<&'a Self>,
    ) -> impl Iterator<Item = &'a str> {
        let is_there =
            move |option: &&String| other.is_some_and(|other| other.form.withheld.contains(option));
        let missing = self.form.withheld.iter().filter(move |option| !is_there(option));
        missing.filter_map(|option| Some(option.rsplit_once('=')?.0))
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
