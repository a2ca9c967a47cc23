//! The engine on a database of the test's own.

use std::sync::Arc;
use std::time::Duration;

use migrate_core::functions::Linked;
use migrate_core::history::Actor;
use migrate_core::plan::Plan;
use migrate_core::{DownTo, Environment, Error, Event, Migrator, Session, Target, UpTo};
use migrate_dsl::{Migration, Migrations};

use crate::{Catalog, TestDatabase, catalog, plan};

/// Relations of the engine's own, omitted from the schema that is compared.
const OURS: &[&str] = &[
    "public.migrations",
    "public.migrations_log",
    "public.migrations_journal",
    "public.migrations_settings",
];

/// An empty database, and what tests do with it.
pub struct Engine {
    /// The database.
    pub database: TestDatabase,
}

impl Engine {
    /// The engine on an empty database.
    #[expect(clippy::new_without_default, reason = "it makes a database, not a plain value")]
    #[must_use]
    pub fn new() -> Self {
        Self { database: TestDatabase::new() }
    }

    /// A migrator for these migrations that does not wait long for another. In its environment is
    /// an `APP_PASSWORD` and a `BLOG_URL`.
    #[must_use]
    pub fn migrator(&self, migrations: &[Migration]) -> Migrator {
        let variables =
            [("APP_PASSWORD", "it's a secret"), ("BLOG_URL", "host=blog password=secret")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let linked = Linked::new(Migrations::new("", "", migrations.to_vec()));
        migrator(plan(migrations))
            .variables(variables.into())
            .functions(Arc::new(linked))
            .patience(Duration::from_millis(200))
    }

    /// A session as the engine opens it.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    #[must_use]
    pub fn session(&self) -> Session {
        let target = Target::parse(&self.database.url(), "the test", &Environment::default());
        Session::connect(&target.expect("our own URL is valid"), "migrate test")
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Applies everything.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`].
    pub fn up(&self, migrations: &[Migration]) -> Result<Vec<String>, Error> {
        self.up_to(migrations, &UpTo::default())
    }

    /// Applies so far.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`].
    pub fn up_to(&self, migrations: &[Migration], to: &UpTo) -> Result<Vec<String>, Error> {
        self.migrator(migrations).up(&mut self.session(), to, &mut |_: Event| {})
    }

    /// Reverts the last `count`.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`].
    pub fn down(&self, migrations: &[Migration], count: usize) -> Result<Vec<String>, Error> {
        let mut session = self.session();
        self.migrator(migrations).down(&mut session, &DownTo::Count(count), &mut |_: Event| {})
    }

    /// Name and state of every migration, a line each.
    ///
    /// # Panics
    ///
    /// If the history cannot be read.
    #[must_use]
    pub fn status(&self, migrations: &[Migration]) -> String {
        let status = self.migrator(migrations).status(&mut self.session());
        let entries = status.unwrap_or_else(|error| panic!("{error}")).migrations.into_iter();
        let lines = entries.map(|entry| format!("{:?} {}", entry.state, entry.name).to_lowercase());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The schema of the database as text, without what the engine itself keeps there.
    #[must_use]
    pub fn catalog(&self) -> String {
        catalog(&mut self.database.client(), OURS)
    }

    /// The same, to be read repeatedly; with the roles of the server if requested.
    #[must_use]
    pub fn open_catalog(&self, roles: bool) -> Catalog {
        Catalog::open(&self.database.url(), OURS, roles)
    }

    /// The one value that a query gives, as text.
    ///
    /// # Panics
    ///
    /// If the query fails.
    #[must_use]
    pub fn value(&self, sql: &str) -> String {
        let rows =
            self.database.client().simple_query(sql).unwrap_or_else(|error| panic!("{error}"));
        let value = rows.iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        });
        value.unwrap_or_default()
    }
}

/// A migrator for a plan.
#[must_use]
pub fn migrator(plan: Plan) -> Migrator {
    let actor = Actor::new("ada@test", "0");
    Migrator::new(plan, actor)
}
