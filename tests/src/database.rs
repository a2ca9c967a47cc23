//! A database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

use crate::cluster::server;

/// An empty database of its own, dropped with all its sessions when the value is dropped.
///
/// Roles belong to the whole server: a test names those it makes with
/// [`unique`](Self::unique), and they are dropped with the database.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// Makes an empty database: about 20 ms.
    ///
    /// # Panics
    ///
    /// If the server does not.
    #[expect(clippy::new_without_default, reason = "it makes a database, not a plain value")]
    #[must_use]
    pub fn new() -> Self {
        Self::from_template("template0")
    }

    /// Makes a copy of another database, which must have no sessions.
    ///
    /// # Panics
    ///
    /// If the server does not.
    #[must_use]
    pub fn from_template(template: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(1);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        // A crashed run may have left one behind, if its process number was reused.
        administer(&format!("DROP DATABASE IF EXISTS {name}"));
        administer(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { name }
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database's URL, over the server's socket.
    #[must_use]
    pub fn url(&self) -> String {
        server().url(&self.name)
    }

    /// A new session, as superuser.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    #[must_use]
    pub fn client(&self) -> Client {
        connect(&self.name)
    }

    /// A new session as another role.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    #[must_use]
    pub fn client_as(&self, role: &str) -> Client {
        let mut config: postgres::Config = self.url().parse().expect("our own URL is valid");
        config.user(role).connect(NoTls).unwrap_or_else(|error| panic!("as `{role}`: {error}"))
    }

    /// Runs SQL as superuser, in a session of its own.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn execute(&self, sql: &str) {
        self.try_execute(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    }

    /// The same, for what may fail.
    ///
    /// # Errors
    ///
    /// What the server said.
    pub fn try_execute(&self, sql: &str) -> Result<(), String> {
        self.client().batch_execute(sql).map_err(|error| {
            error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
        })
    }

    /// A name for an object of the whole server, a role mostly, that no other test has. Roles of
    /// such names are dropped with the database.
    #[must_use]
    pub fn unique(&self, name: &str) -> String {
        format!("{}_{name}", self.name)
    }

    /// A database with a subscription cannot be dropped.
    fn drop_subscriptions(&self, client: &mut Client) -> Result<(), postgres::Error> {
        let subscriptions = client.query(
            "SELECT quote_ident(subname) FROM pg_subscription
             JOIN pg_database d ON d.oid = subdbid WHERE datname = $1",
            &[&self.name],
        )?;
        for subscription in subscriptions {
            let name: String = subscription.get(0);
            let mut client = self.client();
            // No slot was ever made on the other side.
            for change in [
                format!("ALTER SUBSCRIPTION {name} DISABLE"),
                format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"),
                format!("DROP SUBSCRIPTION {name}"),
            ] {
                client.batch_execute(&change)?;
            }
        }
        Ok(())
    }

    fn drop_all(&self) -> Result<(), postgres::Error> {
        let mut config: postgres::Config =
            server().url("postgres").parse().expect("our own URL is valid");
        let mut client = config.dbname("postgres").connect(NoTls)?;
        let name = &self.name;
        self.drop_subscriptions(&mut client)?;
        // https://www.postgresql.org/docs/current/sql-dropdatabase.html: FORCE is of 13.
        if server().major() >= 13 {
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        } else {
            client.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                &[name],
            )?;
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))?;
        }
        let roles = client.query(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, $1)",
            &[&format!("{name}_")],
        )?;
        for role in roles {
            let role: String = role.get(0);
            client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))?;
        }
        Ok(())
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The server is removed with all its databases soon after the tests: nothing is lost if this
        // fails, and a panic here would hide why the test failed.
        let _ = self.drop_all();
    }
}

fn connect(database: &str) -> Client {
    Client::connect(&server().url(database), NoTls)
        .unwrap_or_else(|error| panic!("database `{database}`: {error}"))
}

fn administer(sql: &str) {
    connect("postgres").batch_execute(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
}
