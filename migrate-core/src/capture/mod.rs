//! The definitions of database objects, and the statements that revert to them.
//!
//! An operation that drops or alters has no fixed inverse: the previous state is known only
//! when it runs. So the engine reads the objects that it names just before and just after
//! (`State::read`, `State::read_after`), each time with everything that belongs to them and
//! depends on them, and stores the difference as statements (`State::inverse_from`): missing
//! objects are recreated, new ones are dropped, changed ones are changed back.
//!
//! - `names` finds the named objects, `objects`, through `pg_depend`, their parts and dependents. An
//!   object is identified by its kind and its full name: a change of a column's type rebuilds indexes
//!   and constraints under new ids.
//! - `readers` are queries, one a class of the catalog, whose rows all have the same form: how
//!   an object is created, how it is dropped, and each of its settings with what brings it about.
//!   `pg_dump` is the model for what there is to restore.
//! - `difference` compares two states, `order` sorts the statements by dependency; `drops` is about
//!   drops, `setting` about a change of a setting, `doubt` about what rows may prevent.
//! - `inheritance` is about what a table has inherited while it does not inherit;
//! - `read_point` determines what was created since a state was read;
//! - `references` is about what the objects refer to and is not captured;
//! - `extensions` finds what extensions store about the objects and no reader knows.
//!
//! None of this applies to data: deleted rows are not restored.

mod alias_list;
mod cast;
mod children;
mod class;
mod column_order;
mod content;
mod difference;
mod doubt;
mod drops;
mod extensions;
mod fact;
mod form;
mod inheritance;
mod kind;
mod moved;
mod names;
mod objects;
mod options;
mod order;
mod partition;
mod privileges;
mod read_point;
mod readers;
mod references;
mod setting;
mod undo_moves;
mod untrusted;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use postgres::Client;
use postgres::types::{Oid, Type};

use crate::connect::EXTENSIONS_HAVE_TABLES;
use crate::connect::search_path::trusted;
use crate::plan::{self, Only};
pub use children::have_own_parts;
#[cfg(feature = "backup")]
pub(crate) use extensions::has_citus;
pub(crate) use extensions::{
    Registration, Unrestored, is_citus_worker, note_unrestored, unrestored_of,
};
use fact::{Address, Fact, Key};
use form::{Form, Forms, Phase};
use names::Names;
use objects::Dependents;
pub(crate) use options::without_internal;
use read_point::ReadPoint;
pub(crate) use untrusted::{Code, code_of, note_code, untrusted};

/// The state of some objects at one moment.
#[derive(Debug, Clone, Default)]
pub struct State {
    facts: BTreeMap<Key, Fact>,
    roots: HashSet<Address>,
    only: Option<Only>,
    /// Of the state before a step.
    read_point: ReadPoint,
    /// Of that after it: what the step has made.
    made: HashSet<Address>,
    /// Whether that is certain.
    is_certain: bool,
    /// The roles to which default privileges grant something: they have it on everything recreated.
    defaults: HashMap<String, Vec<String>>,
    /// The partitions and children among the tables that the objects belong to.
    children: HashMap<Oid, partition::Child>,
    /// The tables that those belong to that are not among the objects themselves.
    tables: HashMap<Address, Oid>,
    /// What depends on them and is of a kind that is not known: kind and name.
    unknown: BTreeMap<Address, String>,
    /// What they refer to and is not captured.
    referred: Vec<Address>,
    /// The same with its names.
    references: Vec<references::Reference>,
    /// Of this state alone: part of names that nothing else may have.
    token: String,
    /// The version of the server, as `server_version_num` has it.
    version: i32,
    /// What extensions keep of the objects, which no statement here restores.
    registrations: Vec<Registration>,
    /// Of the state before a step: the code of others that restoring its objects would run.
    codes: untrusted::Codes,
}

/// How the catalog is read, whatever the author has set: parameters, and their values.
///
/// The server joins in the order in which a query is written, since it knows nothing of catalogs that
/// have grown since they were last analyzed; it prefers indexes, as catalogs are in memory; to compile a
/// query would take longer than to run it. The others decide how it writes what it has parsed.
const PARAMETERS: [(&str, &str); 7] = [
    ("jit", "off"),
    ("join_collapse_limit", "1"),
    ("random_page_cost", "0.1"),
    ("quote_all_identifiers", "off"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
];

/// The author's values of [`PARAMETERS`].
struct Parameters {
    before: Vec<String>,
    /// Values that are queried along with them.
    extensions_have_tables: bool,
    version: i32,
    token: String,
}

impl Parameters {
    fn enter(client: &mut Client) -> Result<Self, postgres::Error> {
        let names = PARAMETERS.map(|(name, _)| format!("current_setting('{name}')")).join(", ");
        let set = PARAMETERS.map(|(name, value)| format!("set_config('{name}', '{value}', true)"));
        let set = set.join(", ");
        let version = "current_setting('server_version_num')::int4";
        let token = "right(gen_random_uuid()::text, 12)";
        let sql =
            format!("SELECT {EXTENSIONS_HAVE_TABLES}, ARRAY[{names}], {version}, {token}, {set}");
        let row = client.query_typed_one(&sql, &[])?;
        let (extensions_have_tables, before) = (row.get(0), row.get(1));
        Ok(Self { extensions_have_tables, before, version: row.get(2), token: row.get(3) })
    }

    fn leave(self, client: &mut Client) -> Result<(), postgres::Error> {
        let names: Vec<_> = PARAMETERS.iter().map(|(name, _)| *name).collect();
        client.query_typed(
            "SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS p(name, value)",
            &[(&names, Type::TEXT_ARRAY), (&self.before, Type::TEXT_ARRAY)],
        )?;
        Ok(())
    }
}

impl State {
    /// Reads the objects. Tables among them are locked against other changes, though not against
    /// reads and writes; what others make and change of all else in the meantime stays theirs as
    /// far as the catalog tells it apart. To be called in a transaction; its `search_path` is where
    /// the objects are looked for, and nothing else is: all queries are run with the
    /// [trusted](crate::connect::search_path) one, with which every name that the server writes is
    /// a full one.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn read(client: &mut Client, objects: &[plan::Object]) -> Result<Self, postgres::Error> {
        Self::read_only(client, objects, None)
    }

    /// As [`read`](Self::read), for a step that changes nothing else of the objects.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn read_only(
        client: &mut Client,
        objects: &[plan::Object],
        only: Option<Only>,
    ) -> Result<Self, postgres::Error> {
        let names = Names::read(client, objects)?;
        trusted(client, |client| {
            let read_point = match only {
                None => ReadPoint::now(client)?,
                Some(Only::Itself) => ReadPoint::of_named(client)?,
                Some(_) => ReadPoint::default(),
            };
            Ok(Self { read_point, ..Self::read_with(client, &names, objects, None, only)? })
        })
    }

    /// As [`read`](Self::read), after a step: what `self` has is looked at again, even where it no
    /// longer hangs on the named objects.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn read_after(
        &self,
        client: &mut Client,
        objects: &[plan::Object],
    ) -> Result<Self, postgres::Error> {
        let names = Names::read(client, objects)?;
        trusted(client, |client| self.read_again(client, &names, objects))
    }

    fn read_again(
        &self,
        client: &mut Client,
        names: &Names,
        objects: &[plan::Object],
    ) -> Result<Self, postgres::Error> {
        let mut after = Self::read_with(client, names, objects, Some(self), self.only)?;
        let known: HashSet<&Address> = self.facts.values().map(|fact| &fact.address).collect();
        if self.is_of_settings() {
            // Whatever else is different, others have changed. A column without privileges was not
            // read.
            after.facts.retain(|key, fact| {
                self.facts.contains_key(key)
                    || fact.address.part > 0 && known.contains(&fact.address.whole())
            });
            return Ok(after);
        }
        let all = after.facts.values().flat_map(|fact| {
            let address = &fact.address;
            let wholes = fact.comes_with.iter().cloned();
            [address.clone(), address.whole()].into_iter().chain(wholes)
        });
        let new = all.filter(|address| !known.contains(address)).collect();
        after.is_certain = self.read_point.is_certain(client)?;
        let made = self.read_point.made_since(client, new)?;
        // To attach a table changes the rows of its columns.
        let is_of_an_old_relation = |fact: &&Fact| {
            let mut wholes = fact.comes_with.iter();
            fact.address.part > 0
                && fact.address.class == "pg_class"
                && !after.roots.contains(&fact.address)
                && !wholes.any(|whole| known.contains(whole) || made.contains(whole))
        };
        let old: HashSet<&Address> =
            after.facts.values().filter(is_of_an_old_relation).map(|fact| &fact.address).collect();
        let made = made.iter().filter(|address| !old.contains(address));
        after.made = made.cloned().collect();
        if !self.read_point.is_in_this_transaction(client)? {
            after.keep_what_is_named();
        }
        Ok(after)
    }

    /// Whether the step makes and drops nothing.
    fn is_of_settings(&self) -> bool {
        self.only.is_some_and(|only| only != Only::Itself)
    }

    /// Keeps settings of one sort, and nothing that makes or drops an object.
    fn keep_only(&mut self, only: Only) {
        if only == Only::Itself {
            return;
        }
        for fact in self.facts.values_mut() {
            let mut settings = fact.form().settings;
            settings.retain(|setting| match only {
                Only::Owner => setting.when.phase >= Phase::Owner,
                Only::Privileges => setting.when.phase == Phase::Privileges,
                Only::Comment => setting.name.ends_with(" comment"),
                Only::Itself => true,
            });
            let limits = fact.form().limits;
            fact.set_form(Form { settings, limits, ..Form::default() });
        }
    }

    /// Where the step was no part of this transaction, any session may have created new objects. They
    /// are considered the step's own if they were named or are part of one that was.
    fn keep_what_is_named(&mut self) {
        let mut own: HashSet<Address> = self.roots.clone();
        loop {
            let parts = self.facts.values().filter(|fact| {
                !own.contains(&fact.address)
                    && (own.contains(&fact.address.whole())
                        || fact
                            .needs
                            .iter()
                            .any(|need| need.belongs && own.contains(&need.on.whole())))
            });
            let parts: Vec<Address> = parts.map(|fact| fact.address.clone()).collect();
            if parts.is_empty() {
                break;
            }
            own.extend(parts);
        }
        self.made.retain(|address| own.contains(address) || !address.class.starts_with("pg_"));
    }

    fn read_with(
        client: &mut Client,
        names: &Names,
        objects: &[plan::Object],
        earlier: Option<&Self>,
        only: Option<Only>,
    ) -> Result<Self, postgres::Error> {
        let known = earlier.into_iter().flat_map(|earlier| earlier.facts.values());
        let forms = Forms::of(known.clone().map(Fact::shared_form));
        let unknown = earlier.into_iter().flat_map(|earlier| earlier.unknown.keys());
        let addresses: Vec<&Address> = known.map(|fact| &fact.address).chain(unknown).collect();
        let roots = names.resolve(client, objects)?;
        // The lock does not prevent a GRANT.
        if only != Some(Only::Privileges) {
            objects::lock(client, &roots)?;
        }
        let parameters = Parameters::enter(client)?;
        let (version, token) = (parameters.version, parameters.token.clone());
        let mut state = Self { only, version, token, ..Self::default() };
        let Dependents { found, referred, unknown } =
            objects::find(client, &roots, &addresses, only)?;
        (state.referred, state.unknown) = (referred, unknown);
        readers::read(client, found, forms, &mut state)?;
        state.roots = roots.into_iter().collect();
        if !state.is_of_settings() {
            state.read_children(client, earlier)?;
        }
        if parameters.extensions_have_tables && !state.is_of_settings() {
            state.read_registrations(client, earlier)?;
            state.read_registrations_of_extensions(client)?;
        }
        if earlier.is_none() && !state.is_of_settings() {
            state.read_code(client)?;
        }
        if let Some(only) = only {
            state.keep_only(only);
        }
        parameters.leave(client)?;
        Ok(state)
    }

    /// The objects that are not there.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn absent<'a>(
        client: &mut Client,
        objects: &'a [plan::Object],
    ) -> Result<Vec<&'a plan::Object>, postgres::Error> {
        let names = Names::read(client, objects)?;
        let are_there = trusted(client, |client| names.are_there(client, objects))?;
        let absent = objects.iter().zip(are_there).filter(|(_, is_there)| !is_there);
        Ok(absent.map(|(object, _)| object).collect())
    }

    /// The statements that take `after` back to `self`, in an order in which they run.
    #[must_use]
    pub fn inverse_from(&self, after: &Self) -> Vec<plan::Statement> {
        difference::inverse(self, after).into_iter().map(plan::Statement::new).collect()
    }

    /// The code of untrusted roles that these statements would run.
    pub(crate) fn code_from(&self, after: &Self) -> BTreeSet<Code> {
        difference::code(self, after)
    }

    /// Returns the options that these statements do not set again, since their values are not stored.
    pub(crate) fn withheld_from(&self, after: &Self) -> Vec<String> {
        difference::withheld(self, after)
    }

    /// Which of these statements will fail or leave something as it is, where PostgreSQL has no way to do it.
    #[must_use]
    pub fn limits_from(&self, after: &Self) -> Vec<String> {
        difference::limits(self, after)
    }
}
