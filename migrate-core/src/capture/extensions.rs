//! What extensions store about objects that are not theirs.
//!
//! An extension can make more of a table than the catalog shows: Citus distributes it, TimescaleDB
//! makes it a hypertable, pg_partman maintains its partitions. No reader knows the calls that lead
//! there, so none of it is captured; but it is found, and named, so that the restored part is not
//! mistaken for the whole. This is what counts as a registration of an object with an extension:
//!
//! - a row in a table of the extension with the object in it: as an `oid` or `regclass`, as its schema
//!   and its name in two columns, or as its full name in one,
//! - a dependency of the object on the extension itself,
//! - a dependent of a class that is not PostgreSQL's.
//!
//! Of some extensions it is known that their tables are of another kind than others
//! (`search::KINDS`): to recreate such a one as an ordinary table is not to restore it.

mod citus;
mod find;
mod search;

use std::collections::BTreeMap;
use std::fmt;

use postgres::Client;
use postgres::types::Oid;

use super::State;
use super::fact::{Address, Fact, Key};
use super::kind::Kind;
use crate::connect::search_path::shown;
use crate::plan;
#[cfg(feature = "backup")]
pub(crate) use citus::has_citus;
pub(crate) use citus::is_citus_worker;
use search::{Subjects, registrations};

/// What an extension keeps of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Registration {
    /// The kind of the object, as `pg_identify_object` has it.
    kind: String,
    schema: String,
    name: String,
    /// 0 for an object that was dropped, and is known to the extension by its name.
    object: Oid,
    extension: String,
    /// The relation in which it is stored.
    relation: String,
    /// What the extension makes of the object, if that is a different kind of object.
    makes: Option<String>,
    /// Of the stored data, without what names the object.
    digest: String,
    /// Whether `pg_dump` writes it.
    is_dumped: bool,
    /// Whether the extension knows the object by its name, and so the next one of that name, too.
    by_name: bool,
}

/// What an inverse does not restore.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unrestored {
    /// It would leave another thing than there was.
    Impossible(String),
    /// It restores the objects without these, of which each is a clause.
    Lost(Vec<String>),
}

impl Unrestored {
    /// The same without these, too.
    pub(crate) fn and_lost(mut self, more: Vec<String>) -> Self {
        if let Self::Lost(lost) = &mut self {
            lost.extend(more);
        }
        self
    }
}

impl Registration {
    /// Whether the object is one of another kind by it.
    pub(crate) fn makes_another_kind(&self) -> bool {
        self.makes.is_some()
    }

    /// Whether it may still be there when the object is recreated.
    pub(crate) fn is_by_name(&self) -> bool {
        self.by_name && self.makes.is_none()
    }

    /// Whether a backup lacks it: `pg_dump` does not write it, or what it writes is of this cluster.
    #[cfg(feature = "backup")]
    pub(crate) fn is_not_dumped(&self) -> bool {
        !self.is_dumped || self.makes.is_some() && !self.by_name
    }

    /// Whether the extension follows a table that is renamed.
    fn follows_renames(&self) -> bool {
        !self.by_name || self.extension == "timescaledb"
    }

    /// Whether Citus keeps it.
    pub(crate) fn is_of_citus(&self) -> bool {
        self.extension == "citus"
    }

    /// Whether it is of a schema as a whole.
    pub(crate) fn is_of_schema(&self) -> bool {
        self.kind == "schema"
    }

    /// Its schema and name, as a person writes them.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// The kind of the object and its name.
    pub(crate) fn subject(&self) -> String {
        let name = match self.schema.as_str() {
            "" => self.name.clone(),
            schema => shown(format!("{schema}.{}", self.name)),
        };
        format!("{} `{name}`", self.kind)
    }

    /// Returns the data of the extension and the object it is about, as the object of a sentence.
    fn kept(&self) -> String {
        let (relation, extension) = (&self.relation, self.owner());
        format!("what {extension} keeps of {} in `{relation}`", self.subject())
    }

    /// The extension, for a sentence.
    fn owner(&self) -> String {
        match self.extension.as_str() {
            "" => "an unknown extension".to_owned(),
            extension => format!("the extension `{extension}`"),
        }
    }

    /// Returns why the object cannot be restored by statements that recreate it; none where it is the
    /// same apart from data stored elsewhere.
    fn other_kind(&self) -> Option<String> {
        let makes = self.makes.as_deref()?;
        let Self { kind, extension, .. } = self;
        Some(format!(
            "{} was a {makes} of the extension `{extension}`, which is not captured: the inverse \
             would create an ordinary {kind}",
            self.subject()
        ))
    }

    /// Why what the extension has made of the object cannot be restored by statements that recreate
    /// the extension.
    fn without_extension(&self) -> Option<String> {
        let makes = self.makes.as_deref()?;
        Some(format!(
            "{} is no {makes} without the extension `{}`, and is not made one again by creating that",
            self.subject(),
            self.extension
        ))
    }
}

/// As a sentence about the present.
impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, owner, relation) = (self.subject(), self.owner(), &self.relation);
        match &self.makes {
            Some(makes) => write!(f, "{subject} is a {makes} of {owner}"),
            None => write!(f, "{owner} keeps something of {subject} in `{relation}`"),
        }
    }
}

impl State {
    /// Reads the registrations of what the state has, of what another had, and of what they are part
    /// of.
    pub(super) fn read_registrations(
        &mut self,
        client: &mut Client,
        earlier: Option<&Self>,
    ) -> Result<(), postgres::Error> {
        let of_class = |class: &str| {
            let ids = self.facts.iter().filter(|(key, fact)| is_subject(key, &fact.address, class));
            ids.map(|(_, fact)| fact.address.object).collect::<Vec<_>>()
        };
        let (mut relations, schemas) = (of_class("pg_class"), of_class("pg_namespace"));
        let states = [Some(&*self), earlier];
        let parents = states.into_iter().flatten().flat_map(Self::partitions);
        relations.extend(parents.map(|(_, parent)| parent));
        let earlier = earlier.map_or(&[][..], |earlier| &earlier.registrations);
        let gone = earlier.iter().filter(|it| !it.schema.is_empty());
        let gone: Vec<_> = gone.map(|it| (it.schema.as_str(), it.name.as_str())).collect();
        if relations.is_empty() && schemas.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let subjects = Subjects::These { relations: &relations, schemas: &schemas, gone: &gone };
        self.registrations = registrations(client, &subjects)?;
        Ok(())
    }

    /// Reads the registrations with extensions that are part of the state: they go with them.
    pub(super) fn read_registrations_of_extensions(
        &mut self,
        client: &mut Client,
    ) -> Result<(), postgres::Error> {
        let extensions: Vec<Oid> = self.extensions().map(|(extension, _)| extension).collect();
        let found = Registration::of_extensions(client, &extensions, &[])?;
        let new = found.into_iter().filter(|it| !self.registrations.contains(it));
        let new: Vec<_> = new.collect();
        self.registrations.extend(new);
        Ok(())
    }

    /// Extensions that are part of the state, and their names.
    fn extensions(&self) -> impl Iterator<Item = (Oid, String)> {
        let of_class = self.facts.iter().filter(|(_, fact)| fact.address.class == "pg_extension");
        of_class.map(|(key, fact)| {
            let quoted = key.identity.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
            let name = quoted.map(|name| name.replace("\"\"", "\""));
            (fact.address.object, name.unwrap_or_else(|| key.identity.clone()))
        })
    }

    /// Those that went.
    fn dropped_extensions(&self, after: &Self) -> Vec<String> {
        let is_left = |extension: Oid| after.extensions().any(|(left, _)| left == extension);
        self.extensions()
            .filter(|(extension, _)| !is_left(*extension))
            .map(|(_, name)| name)
            .collect()
    }

    /// Partitions, each with what it is one of.
    pub(super) fn partitions(&self) -> impl Iterator<Item = (Oid, Oid)> {
        let links = self.facts.values().filter(|fact| fact.address.class == "pg_inherits");
        let links = links.filter(|link| link.comes_with.is_empty());
        links.filter_map(|link| Some((link.address.object, link.address.part.try_into().ok()?)))
    }

    /// Returns what the statements that take `after` back to `self` do not restore of registrations.
    pub(crate) fn unrestored_from(&self, after: &Self) -> Unrestored {
        let (mut impossible, mut lost) = (Vec::new(), Vec::new());
        let links: Vec<_> = self.partitions().collect();
        let dropped = self.dropped_extensions(after);
        let gone = self.registrations.iter().filter(|it| dropped.contains(&it.extension));
        let gone = without_parts(gone.cloned().collect());
        impossible.extend(gone.iter().filter_map(Registration::without_extension));
        lost.extend(gone.iter().map(Registration::kept));
        for (object, kept) in by_object(&self.registrations) {
            if !self.facts.values().any(|fact| fact.address.object == object) {
                continue;
            }
            let Some(now) = self.object_after(object, after) else {
                // What knows the object by its name knows the next one of that name.
                let is_lost = |it: &&&Registration| {
                    let by_name = |left: &Registration| left.object == 0 && left.is_kept_like(it);
                    !after.registrations.iter().any(by_name)
                        && !it.comes_with_one_of(&after.registrations, &links)
                };
                let gone: Vec<_> = kept.iter().filter(is_lost).collect();
                impossible.extend(gone.iter().filter_map(|it| it.other_kind()));
                lost.extend(gone.iter().map(|it| it.kept()));
                continue;
            };
            // What knows it by its name knows it again when it is renamed back.
            let has_old_name = |it: &&Registration| {
                let same =
                    |kept: &&Registration| (&kept.schema, &kept.name) == (&it.schema, &it.name);
                it.object == now || it.object == 0 && kept.iter().any(same)
            };
            let of_now = after.registrations.iter().filter(has_old_name);
            let of_now: Vec<_> = of_now.collect();
            impossible.extend(changes(&kept, &of_now).or_else(|| changes(&of_now, &kept)));
            impossible.extend(follows(&kept, &of_now));
        }
        for (object, kept) in by_object(&after.registrations) {
            let was_there = self.facts.iter().any(|(key, fact)| {
                self.object_after(fact.address.object, after) == Some(object)
                    && is_subject(key, &fact.address, &fact.address.class)
            });
            let was_registered = self.registrations.iter().any(|it| {
                it.object == object || self.object_after(it.object, after) == Some(object)
            });
            if object != 0 && was_there && !was_registered {
                impossible.extend(changes(&kept, &[]));
            }
        }
        lost.sort();
        lost.dedup();
        match impossible.into_iter().next() {
            Some(reason) => Unrestored::Impossible(reason),
            None => Unrestored::Lost(lost),
        }
    }

    /// Returns the object that replaces this one afterwards: itself, or the one that has taken its name.
    fn object_after(&self, object: Oid, after: &State) -> Option<Oid> {
        let is_it = |fact: &&Fact| fact.address.object == object && fact.address.part == 0;
        if let Some(same) = after.facts.values().find(is_it) {
            return Some(same.address.object);
        }
        let (key, _) = self.facts.iter().find(|(_, fact)| is_it(fact))?;
        after.facts.get(key).map(|fact| fact.address.object)
    }
}

impl Registration {
    /// Whether the extension itself registers the object when it is recreated, as a part of one of
    /// these; a link leads from a partition to its parent.
    fn comes_with_one_of<'a>(
        &self,
        wholes: impl IntoIterator<Item = &'a Self>,
        links: &[(Oid, Oid)],
    ) -> bool {
        wholes.into_iter().any(|whole| {
            let holds = match whole.kind.as_str() {
                "schema" => whole.name == self.schema && whole.makes.is_some(),
                _ => {
                    whole.relation == self.relation && links.contains(&(self.object, whole.object))
                }
            };
            holds && whole.extension == self.extension
        })
    }

    fn is_kept_in_the_place_of(&self, other: &Self) -> bool {
        (self.object, &self.relation) == (other.object, &other.relation)
    }

    fn is_kept_like(&self, other: &Self) -> bool {
        (&self.extension, &self.relation, &self.digest)
            == (&other.extension, &other.relation, &other.digest)
    }
}

/// Whether it is something that extensions register.
fn is_subject(key: &Key, address: &Address, class: &str) -> bool {
    let kinds = [Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView, Kind::Schema];
    address.part == 0 && address.class == class && kinds.contains(&key.kind)
}

/// Returns why the data stored here cannot be reverted to the data stored there.
fn changes(here: &[&Registration], there: &[&Registration]) -> Option<String> {
    let changed = here.iter().find(|it| !there.iter().any(|other| it.is_kept_like(other)))?;
    Some(format!("the step changes {}, which is not captured", changed.kept()))
}

/// Returns why a rename that the data stored here has followed cannot be reverted by another rename,
/// if the extension does not follow that itself.
fn follows(here: &[&Registration], there: &[&Registration]) -> Option<String> {
    let known = here.iter().filter(|it| !it.follows_renames());
    let has_followed = |it: &&&Registration| {
        let name = |it: &Registration| (it.schema.clone(), it.name.clone());
        there.iter().any(|other| {
            other.object == it.object && other.is_kept_like(it) && name(other) != name(it)
        })
    };
    let it = known.clone().find(has_followed)?;
    Some(format!(
        "the step changes the name in {}, which is not captured: the inverse would rename the {} alone",
        it.kept(),
        it.kind
    ))
}

/// Without the chunks of hypertables, where these are among them.
fn without_parts(mut found: Vec<Registration>) -> Vec<Registration> {
    let is = |it: &Registration, makes: &str| it.makes.as_deref() == Some(makes);
    if found.iter().any(|it| is(it, "hypertable")) {
        found.retain(|it| !is(it, "chunk"));
    }
    found
}

fn by_object(registrations: &[Registration]) -> BTreeMap<Oid, Vec<&Registration>> {
    let mut objects: BTreeMap<Oid, Vec<&Registration>> = BTreeMap::new();
    for registration in registrations {
        objects.entry(registration.object).or_default().push(registration);
    }
    objects
}

/// How a line of a captured statement begins that says what it does not restore.
const NOT_RESTORED: &str = "-- not restored: ";

/// Adds to a captured statement what it does not restore: `down` says so before it begins.
pub(crate) fn note_unrestored(sql: &mut String, lost: &[String]) {
    for lost in lost {
        let line: String = lost.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        sql.push('\n');
        sql.push_str(NOT_RESTORED);
        sql.push_str(&line);
    }
}

/// What a captured statement says that it does not restore.
pub(crate) fn unrestored_of(statement: &plan::Statement) -> impl Iterator<Item = &str> {
    let lines = statement.sql.lines().filter(|_| statement.captured);
    // Only after the statement itself: a body of a function may have any line.
    let lines: Vec<_> = lines.collect();
    let notes = lines.into_iter().rev().map_while(|line| line.strip_prefix(NOT_RESTORED));
    notes.collect::<Vec<_>>().into_iter().rev()
}
