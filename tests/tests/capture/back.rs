//! A step on a database, and the inverse that is read from the catalog around it.

use std::panic::Location;
use std::sync::{Arc, Mutex};

use migrate_core::capture::State;
use migrate_core::plan::{Object, Only};
use migrate_tests::{TestDatabase, catalog, server};
use postgres::{Client, NoTls};

/// A step of a migration.
pub(crate) struct Step {
    before: String,
    sql: String,
    objects: Vec<Object>,
    database: TestDatabase,
    order_counts: bool,
    superuser: bool,
    meanwhile: &'static str,
    only: Option<Only>,
}

/// The step `sql` on a database in which `before` was run, and the objects it is about:
/// `table posts`, `column posts.title`, `trigger posts.touch`.
pub(crate) fn step(before: &str, sql: &str, objects: &[&str]) -> Step {
    let database = TestDatabase::new();
    // Before 15, a table is published with all its columns.
    let columns = if server().major() < 15 { "" } else { "(id, title)" };
    let before = before.replace("{columns}", columns);
    Step {
        before: before.replace("{role}", &database.unique("reader")),
        sql: sql.replace("{role}", &database.unique("reader")),
        objects: objects
            .iter()
            .map(|text| object(&text.replace("{role}", &database.unique("reader"))))
            .collect(),
        database,
        order_counts: true,
        superuser: true,
        meanwhile: "",
        only: None,
    }
}

fn object(text: &str) -> Object {
    // A kind is one word or more, and so may a name be.
    let long = [
        "all tables in schema",
        "materialized view",
        "foreign table",
        "foreign data wrapper",
        "event trigger",
        "default privileges",
        "text search configuration",
        "text search dictionary",
    ];
    let kind = long.into_iter().find(|kind| text.starts_with(kind));
    let kind = kind.unwrap_or_else(|| text.split(' ').next().unwrap());
    let name = &text[kind.len() + 1..];
    let (name, arguments) = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        Some((name, arguments)) => {
            let arguments = arguments.split(',').filter(|argument| !argument.is_empty());
            (name, Some(arguments.map(str::to_owned).collect()))
        }
        None => (name, None),
    };
    let has_member = ["column", "constraint", "trigger", "policy", "rule"].contains(&kind);
    let mut names = name.split('.').map(str::to_owned).rev();
    let member = if has_member { names.next() } else { None };
    let name = names.next().unwrap();
    Object { kind: kind.to_owned(), schema: names.next(), name, member, arguments }
}

impl Step {
    /// A column that is restored stands last.
    pub(crate) fn in_another_order(self) -> Self {
        Self { order_counts: false, ..self }
    }

    /// All of it is done by a role that may only make its own things.
    pub(crate) fn by_plain_role(self) -> Self {
        Self { superuser: false, ..self }
    }

    /// Sets what another session does while the step runs.
    pub(crate) fn meanwhile(self, sql: &'static str) -> Self {
        Self { meanwhile: sql, ..self }
    }

    /// Sets the only thing that the step changes.
    pub(crate) fn only(self, only: Only) -> Self {
        Self { only: Some(only), ..self }
    }

    fn client(&self) -> Client {
        if self.superuser {
            return self.database.client();
        }
        let role = self.database.unique("plain");
        self.database
            .execute(&format!("CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}"));
        self.database.client_as(&role)
    }

    fn catalog(&self) -> String {
        let text = catalog(&mut self.database.client(), &[]);
        if self.order_counts {
            return text;
        }
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// Does the step and reverts it, and does both once more; the catalog must be the same each
    /// time. Returns the statements of the inverse.
    #[track_caller]
    pub(crate) fn is_restored(&self) -> String {
        let place = Location::caller();
        let mut client = self.client();
        run(&mut client, &self.before);
        let old = self.catalog();
        let first = self.there_and_back(&mut client);
        same(place, &first, &old, &self.catalog());
        let second = self.there_and_back(&mut client);
        same(place, &second, &old, &self.catalog());
        first.replace(&self.database.unique("reader"), "{role}")
    }

    /// Returns the database's answer to a query that returns one text.
    pub(crate) fn answer(&self, query: &str) -> String {
        self.database.client().query_one(query, &[]).unwrap().get(0)
    }

    /// The statements of the inverse alone.
    pub(crate) fn inverse(&self) -> String {
        let mut client = self.client();
        run(&mut client, &self.before);
        self.there(&mut client).join(";\n")
    }

    /// Does the step, runs `since`, takes the step back, and returns what `query` gives then, and
    /// what was warned of; or the error.
    pub(crate) fn back_over_rows(&self, since: &str, query: &str) -> String {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let mut config: postgres::Config = self.database.url().parse().unwrap();
        config.notice_callback(move |notice| heard.lock().unwrap().push(notice.to_string()));
        let mut client = config.connect(NoTls).unwrap();
        run(&mut client, "SET client_min_messages = warning");
        run(&mut client, &self.before);
        let back = self.there(&mut client);
        run(&mut client, since);
        if let Err(error) = client.batch_execute(&back.join(";\n")) {
            return error.as_db_error().unwrap().to_string();
        }
        let row = client.query_typed_one(query, &[]).unwrap();
        let value = row.get::<_, Option<String>>(0).unwrap_or_default();
        [&[value], told.lock().unwrap().as_slice()].concat().join("\n")
    }

    fn there(&self, client: &mut Client) -> Vec<String> {
        run(client, "BEGIN");
        let before = State::read_only(client, &self.objects, self.only)
            .unwrap_or_else(|error| panic!("{error:?}"));
        self.database.execute(self.meanwhile);
        run(client, &self.sql);
        let after =
            before.read_after(client, &self.objects).unwrap_or_else(|error| panic!("{error:?}"));
        run(client, "COMMIT");
        before.inverse_from(&after).into_iter().map(|statement| statement.sql).collect()
    }

    fn there_and_back(&self, client: &mut Client) -> String {
        let back = self.there(client);
        let script = back.join(";\n");
        run(client, "BEGIN");
        for statement in &back {
            client
                .batch_execute(statement)
                .unwrap_or_else(|error| panic!("{error:?}\nin: {statement}\nof:\n{script}"));
        }
        run(client, "COMMIT");
        script
    }
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\nin: {sql}"));
}

#[track_caller]
fn same(place: &Location<'_>, back: &str, expected: &str, found: &str) {
    let missing: Vec<_> = expected.lines().filter(|line| !found.contains(line)).collect();
    let added: Vec<_> = found.lines().filter(|line| !expected.contains(line)).collect();
    assert!(
        expected == found,
        "{place}: the catalog differs\nmissing: {missing:#?}\nadded: {added:#?}\nafter:\n{back}"
    );
}
