//! An operation on a server: there, back, and there again.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::catalog::drop_roles;
use migrate_tests::{Engine, migration, server};
use postgres::{Client, NoTls};

const NAME: &str = "20260101000000_case";

/// Two databases are made while one is waited for.
const AT_ONCE: usize = 3;

/// A table to work on.
pub(crate) const POSTS: &str =
    "CREATE TABLE posts (id bigint PRIMARY KEY, title text, likes int, during tstzrange);
     CREATE TABLE users (id bigint PRIMARY KEY);";

/// What is there before, and the operation.
pub(crate) struct Case {
    before: &'static str,
    up: fn(&mut Pgm),
    place: &'static Location<'static>,
    /// The first major version that can do it.
    since: u32,
    /// The first major version that cannot do it any more.
    until: u32,
    no_way_back: bool,
}

/// An operation on a database in which `before` was run.
///
/// Roles belong to the whole server. A case in whose SQL a role is created, altered or dropped has
/// the server's roles for itself as long as it runs, sees them in the catalog, and starts without
/// any: it may call them what it likes, and what it leaves is dropped.
///
/// ```ignore
/// case("CREATE ROLE reader", |pgm| _ = pgm.rename_role("reader", "writer")),
/// ```
#[track_caller]
pub(crate) fn case(before: &'static str, up: fn(&mut Pgm)) -> Case {
    Case { before, up, place: Location::caller(), since: 0, until: u32::MAX, no_way_back: false }
}

impl Case {
    /// Needs a server of this major version at least.
    pub(crate) fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    /// Needs a server older than this major version.
    #[expect(dead_code, reason = "the cases that use it are being written")]
    pub(crate) fn until(self, until: u32) -> Self {
        Self { until, ..self }
    }

    /// Is of the few operations that cannot be taken back.
    pub(crate) fn no_way_back(self) -> Self {
        Self { no_way_back: true, ..self }
    }

    fn run(&self) -> Result<(), String> {
        if !(self.since..self.until).contains(&server().major()) {
            return Ok(());
        }
        let sql = format!("{}\n{}", self.before, migrate_dsl::plan_text(self.up));
        let alone = sql.contains("ROLE ").then(AloneWithRoles::new);
        let engine = Engine::new();
        engine.database.execute(self.before);
        let all = [migration(NAME, self.up)];
        let migrator = engine.migrator(&all);
        let mut session = engine.session();
        let mut catalog = engine.open_catalog(alone.is_some());
        let up = |session: &mut _| {
            let up = migrator.up(session, &UpTo::default(), &mut |_: Event| {});
            up.map_err(|error| format!("`up` fails: {:#?}\n{sql}", error.diagnostics()))
        };

        let old = catalog.read();
        up(&mut session)?;
        let new = catalog.read();
        let back = migrator.down(&mut session, &DownTo::Count(1), &mut |_: Event| {});
        if self.no_way_back {
            return back.is_err().then_some(()).ok_or_else(|| "it can be taken back".to_owned());
        }
        back.map_err(|error| format!("`down` fails: {:#?}\n{sql}", error.diagnostics()))?;
        // A column that comes back stands last.
        let moves = sql.contains("DROP COLUMN") || sql.contains("DROP ATTRIBUTE");
        same("after `down`", moves, &old, &catalog.read())?;
        up(&mut session).map_err(|error| format!("the second time, {error}"))?;
        same("after the second `up`", moves, &new, &catalog.read())
    }
}

/// Runs the cases, all of them, and tells every one that fails.
pub(crate) fn run(cases: &[Case]) {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = catch_unwind(AssertUnwindSafe(|| case.run()));
                    let result = result.unwrap_or_else(|_| Err("it panics, see above".to_owned()));
                    if let Err(error) = result {
                        failed.lock().unwrap().push((case.place.line(), case.place, error));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_by_key(|(line, ..)| *line);
    let mut text = String::new();
    for (_, place, error) in &failed {
        _ = writeln!(text, "\n{place}: {error}");
    }
    assert!(failed.is_empty(), "{} of {} cases fail\n{text}", failed.len(), cases.len());
}

fn same(when: &str, in_any_order: bool, expected: &str, found: &str) -> Result<(), String> {
    let lines = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        if in_any_order {
            lines.sort_unstable();
        }
        lines
    };
    let (expected, found) = (lines(expected), lines(found));
    if expected == found {
        return Ok(());
    }
    let mut text = format!("the catalog differs {when}");
    for (sign, lines, others) in [('-', &expected, &found), ('+', &found, &expected)] {
        for line in lines.iter().filter(|line| !others.contains(line)) {
            _ = write!(text, "\n  {sign} {line}");
        }
    }
    Err(text)
}

/// Keeps other cases from the roles of the server.
struct AloneWithRoles(Client);

impl AloneWithRoles {
    fn new() -> Self {
        let mut client = Client::connect(&server().url("postgres"), NoTls).unwrap();
        client.batch_execute("SELECT pg_advisory_lock(hashtext('roles'))").unwrap();
        drop_roles(&mut client);
        Self(client)
    }
}

impl Drop for AloneWithRoles {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop_roles(&mut self.0);
        }
    }
}
