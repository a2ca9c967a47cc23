//! The schema of a database as text: equal texts, equal schemas.
//!
//! Nothing in it depends on object ids or on the order in which objects were made, so a schema
//! that was migrated up and down again reads as before. Columns are shown in their order, but
//! without their numbers: a dropped column leaves a gap there that is not otherwise visible.
//!
//! It sees what `pg_dump --schema-only --create` sees, and roles if requested. There is
//! a query for each kind of object, with one column, a line of the text; all of them are sent as
//! one, which shares the views of `prelude`. Objects of extensions are omitted, the extensions
//! are not.

use postgres::{Client, NoTls, Statement};

pub use roles::drop_roles;

mod database;
mod prelude;
mod relations;
mod replication;
mod rights;
mod roles;
mod routines;
mod text_search;
mod types;

/// A kind of object, as one section of the text.
struct Kind {
    title: &'static str,
    /// Gives a line a row, in any order unless it begins with the name of what has an order.
    query: &'static str,
    /// The first major version that has it.
    since: u32,
    in_order: bool,
}

const fn kind(title: &'static str, query: &'static str) -> Kind {
    Kind { title, query, since: 0, in_order: false }
}

/// The schema of the database that `client` is connected to, without the relations in `leave_out`
/// (`migrations`, or `public.migrations`), and what belongs to them.
///
/// # Panics
///
/// If the query fails.
#[must_use]
pub fn catalog(client: &mut Client, leave_out: &[&str]) -> String {
    let mut transaction = client.transaction().expect("a transaction can be started");
    transaction.batch_execute(LOCAL_SETTINGS).expect("a setting can be set");
    let major = major(&transaction.query_one(VERSION, &[]).expect("the server has a version"));
    let kinds = kinds(major, false);
    let rows = transaction
        .query(&sql(&kinds), &[&leave_out])
        .unwrap_or_else(|error| panic!("the catalog cannot be read: {error:?}"));
    transaction.rollback().expect("a transaction can be rolled back");
    text(&kinds, &rows)
}

/// A session that reads the catalog of a database again and again.
pub struct Catalog {
    client: Client,
    leave_out: Vec<String>,
    kinds: Vec<&'static Kind>,
    statement: Statement,
}

impl Catalog {
    /// A session with the database at this URL. With `roles`, the roles of the server are shown
    /// too, except PostgreSQL's own and those of tests that
    /// [named them after their database](crate::TestDatabase::unique).
    ///
    /// # Panics
    ///
    /// If there is no such database.
    #[must_use]
    pub fn open(url: &str, leave_out: &[&str], roles: bool) -> Self {
        let mut client =
            Client::connect(url, NoTls).unwrap_or_else(|error| panic!("`{url}`: {error}"));
        client.batch_execute(SETTINGS).expect("a setting can be set");
        let major = major(&client.query_one(VERSION, &[]).expect("the server has a version"));
        let kinds = kinds(major, roles);
        let statement = client
            .prepare(&sql(&kinds))
            .unwrap_or_else(|error| panic!("the catalog cannot be read: {error:?}"));
        let leave_out = leave_out.iter().map(|&name| name.to_owned()).collect();
        Self { client, leave_out, kinds, statement }
    }

    /// As [`catalog`].
    ///
    /// # Panics
    ///
    /// If the query fails.
    #[must_use]
    pub fn read(&mut self) -> String {
        let rows = self
            .client
            .query(&self.statement, &[&self.leave_out])
            .unwrap_or_else(|error| panic!("the catalog cannot be read: {error:?}"));
        text(&self.kinds, &rows)
    }
}

const VERSION: &str = "SELECT current_setting('server_version_num')::int / 10000";

/// So that every name is printed with its schema; and the query is planned once, its parts being
/// many and small.
const SETTINGS: &str = "SET search_path = pg_catalog; SET jit = off;
                        SET plan_cache_mode = force_generic_plan";
const LOCAL_SETTINGS: &str = "SET LOCAL search_path = pg_catalog; SET LOCAL jit = off";

fn major(row: &postgres::Row) -> u32 {
    row.get::<_, i32>(0).try_into().expect("a version is a positive number")
}

fn kinds(major: u32, roles: bool) -> Vec<&'static Kind> {
    let always = [
        database::KINDS,
        types::KINDS,
        relations::KINDS,
        routines::KINDS,
        text_search::KINDS,
        replication::KINDS,
        rights::KINDS,
    ];
    let roles = if roles { roles::KINDS } else { &[] };
    let kinds = always.into_iter().chain([roles]).flatten();
    kinds.filter(|kind| major >= kind.since).collect()
}

/// One statement for all: a row a kind, with its lines as an array.
fn sql(kinds: &[&Kind]) -> String {
    let arrays: Vec<_> =
        kinds.iter().map(|kind| format!("SELECT ARRAY({}\n)::text[]", kind.query)).collect();
    format!("{}{}", prelude::PRELUDE, arrays.join("\nUNION ALL "))
}

fn text(kinds: &[&Kind], rows: &[postgres::Row]) -> String {
    let mut text = String::new();
    for (kind, row) in kinds.iter().zip(rows) {
        let mut lines: Vec<&str> = row.get(0);
        if !kind.in_order {
            lines.sort_unstable();
        }
        if !lines.is_empty() {
            text.push_str(&format!("-- {}\n", kind.title));
        }
        for line in lines {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}
