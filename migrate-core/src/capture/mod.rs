//! What objects of the database are like, and what takes them back to that.
//!
//! An operation that drops or alters knows no way back by itself: what was there is known only
//! when it runs. So the engine reads the objects that it names just before and just after
//! (`State::read`, `State::read_after`), each time with everything that belongs to them and
//! depends on them, and stores the difference as statements (`State::way_back_from`): what is
//! gone is made again, what is new is dropped, what has changed is changed back.
//!
//! - `names` finds the named objects, `objects`, through `pg_depend`, all that hangs on them. An
//!   object is known by its kind and its full name: a change of a column's type rebuilds indexes
//!   and constraints under new ids.
//! - `readers` are queries, one a class of the catalog, whose rows all have the same form: how
//!   an object is created, how it is dropped, and each of its settings with what brings it about.
//!   `pg_dump` is the model for what there is to restore.
//! - `difference` compares two states, `order` sorts the statements by dependency.
//!
//! Nothing here is fit for data: rows that are gone stay gone.

mod difference;
mod fact;
mod moved;
mod names;
mod objects;
mod options;
mod order;
mod privileges;
mod readers;

use std::collections::{BTreeMap, HashMap};

use postgres::Client;
use postgres::types::{Oid, Type};

use crate::plan;
use fact::{Address, Fact, Key};

/// The state of some objects at one moment.
#[derive(Debug, Clone, Default)]
pub struct State {
    facts: BTreeMap<Key, Fact>,
    /// The greatest id in use, by class: what has a greater one later on was made in between.
    newest: HashMap<String, Oid>,
    /// The number of columns that a relation has had, for the same purpose.
    attributes: HashMap<Oid, i32>,
    /// Whom default privileges grant something to: these have it on everything that is made again.
    defaults: HashMap<String, Vec<String>>,
}

impl State {
    /// Locks the objects against other changes, though not against reads and writes, and reads
    /// them. To be called in a transaction; the `search_path` of the session is where the objects
    /// are looked for, and is as it was afterwards.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn read(client: &mut Client, objects: &[plan::Object]) -> Result<Self, postgres::Error> {
        Self::read_with(client, objects, &[])
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
        let known: Vec<Address> = self.facts.values().map(|fact| fact.address.clone()).collect();
        Self::read_with(client, objects, &known)
    }

    fn read_with(
        client: &mut Client,
        objects: &[plan::Object],
        known: &[Address],
    ) -> Result<Self, postgres::Error> {
        let roots = names::resolve(client, objects)?;
        objects::lock(client, &roots)?;
        // With an empty path every name that the server writes is a full one. Compiling the queries
        // would take longer than running them.
        let own = client.query_typed_one(
            "SELECT current_setting('search_path'), current_setting('jit'),
                    set_config('search_path', '', true), set_config('jit', 'off', true)",
            &[],
        )?;
        let (path, jit): (String, String) = (own.get(0), own.get(1));
        let mut state = Self { newest: objects::newest(client)?, ..Self::default() };
        let found = objects::find(client, &roots, known)?;
        readers::read(client, found, &mut state)?;
        client.query_typed(
            "SELECT set_config('search_path', $1, true), set_config('jit', $2, true)",
            &[(&path, Type::TEXT), (&jit, Type::TEXT)],
        )?;
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
        let are_there = names::are_there(client, objects)?;
        let absent = objects.iter().zip(are_there).filter(|(_, is_there)| !is_there);
        Ok(absent.map(|(object, _)| object).collect())
    }

    /// The statements that take `after` back to `self`, in an order in which they run.
    #[must_use]
    pub fn way_back_from(&self, after: &Self) -> Vec<plan::Statement> {
        difference::way_back(self, after).into_iter().map(plan::Statement::new).collect()
    }
}
