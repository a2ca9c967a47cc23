//! Migrations that are part of an application.

use std::sync::Arc;

use migrate_dsl::Migrations;

use super::Migrator;
use crate::connect::Session;
use crate::error::Error;
use crate::functions::Linked;
use crate::history::Actor;
use crate::order::State;
use crate::plan::Plan;

impl Migrator {
    /// A migrator for the migrations that are linked into this program, Rust functions and all:
    /// `my_migrations::all()`. The log will say that it was `name`: the application and its version.
    ///
    /// Everything here waits for the server. An application that is async calls it from a thread of
    /// its own, such as tokio's `spawn_blocking`:
    ///
    /// ```no_run
    /// # mod my_migrations { pub fn all() -> migrate_dsl::Migrations { migrate_dsl::Migrations::new("", "", Vec::new()) } }
    /// use migrate_core::{Event, Migrator, Session, UpTo};
    ///
    /// /// Brings the database to where this build expects it; says what it applied.
    /// fn migrate(url: &str) -> Result<Vec<String>, migrate_core::Error> {
    ///     let mut session = Session::open_url(url, "shop")?;
    ///     Migrator::embedded(my_migrations::all(), "shop 1.4")
    ///         .up(&mut session, &UpTo::default(), &mut |_: Event| {})
    /// }
    ///
    /// /// Refuses to serve on a database that is not where this build expects it.
    /// fn check(url: &str) -> Result<(), migrate_core::Error> {
    ///     let mut session = Session::open_url(url, "shop")?;
    ///     Migrator::embedded(my_migrations::all(), "shop 1.4").assert_current(&mut session)
    /// }
    ///
    /// # fn main() -> Result<(), migrate_core::Error> {
    /// let url = "postgres://shop@localhost/shop";
    /// let applied = std::thread::spawn(move || migrate(url)).join().expect("it does not panic")?;
    /// # check(url)
    /// # }
    /// ```
    ///
    #[must_use]
    pub fn embedded(migrations: Migrations, name: &str) -> Self {
        let plan = Plan::of(&migrations);
        let actor = Actor::new(name, env!("CARGO_PKG_VERSION"));
        Self::new(plan, actor).functions(Arc::new(Linked::new(migrations)))
    }

    /// Refuses a database that does not have just the migrations that this build knows: that is
    /// behind, ahead, or partially applied. Writes nothing, and needs no more than `SELECT` on the
    /// tables of the history.
    ///
    /// An applied migration whose file says something else by now is none of its business; `migrate
    /// verify` is for that.
    ///
    /// # Errors
    ///
    /// When the database is not current, with the names; when the history cannot be read.
    pub fn assert_current(&self, session: &mut Session) -> Result<(), Error> {
        let history = self.read_history(session)?.unwrap_or_default();
        let entries = self.entries(&history);
        let named = |state| -> Vec<String> {
            let found = entries.iter().filter(|entry| entry.state == state);
            found.map(|entry| entry.name.to_owned()).collect()
        };
        let (behind, ahead) = (named(State::Pending), named(State::Missing));
        let partial = named(State::Partial);
        if behind.is_empty() && ahead.is_empty() && partial.is_empty() {
            return Ok(());
        }
        let (knows, has) = (self.plan.migrations.len(), history.applied.len());
        Err(Error::NotCurrent { knows, has, behind, ahead, partial })
    }
}
