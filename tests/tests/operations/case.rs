//! An operation on a server: there, back, and there again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::{Pgm, split};
use migrate_tests::catalog::drop_roles;
use migrate_tests::traps::{Called, Kinds, Traps};
use migrate_tests::{Engine, knob, migration, server};
use postgres::{Client, NoTls};

const NAME: &str = "20260101000000_case";

/// Two databases are made while one is waited for.
const AT_ONCE: usize = 3;

/// A table to work on.
pub(crate) const POSTS: &str =
    "CREATE TABLE posts (id bigint PRIMARY KEY, title text, likes int, during tstzrange);
     CREATE TABLE users (id bigint PRIMARY KEY);";

/// The existing objects, and the operation.
pub(crate) struct Case {
    before: &'static str,
    up: fn(&mut Pgm),
    place: &'static Location<'static>,
    /// The first major version that can do it.
    since: u32,
    /// The first major version that cannot do it any more.
    until: u32,
    /// A query that gives a row where it can.
    only_if: Option<&'static str>,
    no_inverse: bool,
}

/// An operation on a database in which `before` was run.
///
/// Roles belong to the whole server. `before` may create plain ones (`CREATE ROLE reader`), which
/// such cases share. A case that does more with roles, or with what else is the whole server's, has
/// the server's roles for itself as long as it runs, sees them in the catalog, and starts without
/// any. Either may call them what it likes; they are dropped in the end. In place of
/// [`env`](migrate_dsl::env) stands `host=nowhere`, a password as well as an address.
#[track_caller]
pub(crate) fn case(before: &'static str, up: fn(&mut Pgm)) -> Case {
    Case {
        before,
        up,
        place: Location::caller(),
        since: 0,
        until: u32::MAX,
        only_if: None,
        no_inverse: false,
    }
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

    /// Needs a server on which this query gives a row: not all are built with everything.
    pub(crate) fn only_if(self, query: &'static str) -> Self {
        Self { only_if: Some(query), ..self }
    }

    /// Is of the few operations that cannot be reverted.
    pub(crate) fn no_inverse(self) -> Self {
        Self { no_inverse: true, ..self }
    }

    fn run(&self) -> Result<(), String> {
        if !(self.since..self.until).contains(&server().major()) {
            return Ok(());
        }
        let alone = self.roles() == Roles::Alone;
        // All of them with `TRAPS=1`, else a few, but none whose roles would be there twice.
        if knob("TRAPS").is_some() {
            return self.run_among_traps();
        }
        if !alone && self.place.line().is_multiple_of(20) {
            self.run_among_traps()?;
        }
        let sql = format!("{}\n{}", self.before, migrate_dsl::plan_text(self.up));
        let engine = Engine::new();
        if self.only_if.is_some_and(|query| engine.value(query).is_empty()) {
            return Ok(());
        }
        engine.database.execute(&if alone { self.before.to_owned() } else { shared(self.before) });
        let all = [migration(NAME, self.up)];
        let migrator = engine.migrator(&all).variables(secrets(&sql));
        let mut catalog = engine.open_catalog(alone);
        // Each has a session of its own: temporary objects go with it.
        let up = || {
            let up = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
            up.map_err(|error| format!("`up` fails: {}\n{sql}", told(&error)))
        };

        let old = catalog.read();
        up()?;
        let new = catalog.read();
        let back = migrator.down(&mut engine.session(), &DownTo::Count(1), &mut |_: Event| {});
        if self.no_inverse {
            return back.is_err().then_some(()).ok_or_else(|| "it can be reverted".to_owned());
        }
        back.map_err(|error| format!("`down` fails: {}\n{sql}", told(&error)))?;
        // A column that is recreated stands last.
        let drops = ["DROP COLUMN", "DROP ATTRIBUTE", "DROP EXPRESSION"];
        let moves = drops.iter().any(|drop| sql.contains(drop));
        same("after `down`", moves, &old, &catalog.read())?;
        up().map_err(|error| format!("the second time, {error}"))?;
        same("after the second `up`", moves, &new, &catalog.read())
    }
}

impl Case {
    /// Up and down where everything that is not qualified is a trap. The author's own SQL may call
    /// some; the engine's calls none.
    fn run_among_traps(&self) -> Result<(), String> {
        let (database, traps) = Traps::database(Kinds::Calls);
        let engine = Engine { database };
        if self.only_if.is_some_and(|query| engine.value(query).is_empty()) {
            return Ok(());
        }
        let alone = self.roles() == Roles::Alone;
        let before = if alone { self.before.to_owned() } else { shared(self.before) };
        engine.database.execute(&format!("SET search_path = public; {before}"));
        traps.forget();
        let sql = format!("{}\n{}", self.before, migrate_dsl::plan_text(self.up));
        let all = [migration(NAME, self.up)];
        let migrator = engine.migrator(&all).variables(secrets(&sql));
        // A case may need what a trap cannot do as the original does.
        let up = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        let down = migrator.down(&mut engine.session(), &DownTo::Count(1), &mut |_: Event| {});
        let steps = &migrate_tests::plan(&all).migrations[0].up;
        let own: Vec<_> = steps.iter().flat_map(|step| &step.statements).collect();
        let by_the_engine = |called: &Called| {
            // A transaction in one message has the statements in it; others are sent alone.
            let is_own = |sql: &str| {
                let is_alone = called.message.trim_start().starts_with(sql.trim());
                is_alone || called.message.starts_with("BEGIN") && called.message.contains(sql)
            };
            let of_function = |_: &&migrate_core::plan::Statement| {
                !called.message.contains("pg_catalog") && !called.message.contains("migrations")
            };
            !own.iter().any(|statement| is_own(&statement.sql))
                && !own.iter().filter(|it| it.rust.is_some()).any(of_function)
        };
        let called: Vec<_> = traps.called().into_iter().filter(by_the_engine).collect();
        if called.is_empty() {
            return Ok(());
        }
        Err(format!("{called:#?}\n{sql}\n{up:?}\n{down:?}"))
    }
}

/// Runs the cases, all of them, and tells every one that fails.
pub(crate) fn run(cases: &[Case]) {
    let (alone, others): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| case.roles() == Roles::Alone);
    let share = others.iter().any(|case| case.roles() == Roles::Shared);
    let shared = share.then(|| administrator("pg_advisory_lock_shared"));
    let mut failed = run_at_once(&others, AT_ONCE);
    drop(shared);
    if !alone.is_empty() {
        let mut administrator = administrator("pg_advisory_lock");
        for case in alone {
            drop_roles(&mut administrator);
            failed.append(&mut run_at_once(&[case], 1));
        }
        drop_roles(&mut administrator);
    }
    failed.sort_unstable();
    let text: String = failed.iter().map(|(_, error)| format!("\n{error}\n")).collect();
    assert!(failed.is_empty(), "{} of {} cases fail\n{text}", failed.len(), cases.len());
}

/// The lines of those that fail, and what happened.
fn run_at_once(cases: &[&Case], threads: usize) -> Vec<(u32, String)> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = catch_unwind(AssertUnwindSafe(|| case.run()));
                    let result = result.unwrap_or_else(|_| Err("it panics, see above".to_owned()));
                    if let Err(error) = result {
                        let failure = (case.place.line(), format!("{}: {error}", case.place));
                        failed.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// Returns what went wrong, and the SQL that failed.
fn told(error: &migrate_core::Error) -> String {
    let diagnostics = error.diagnostics().into_iter();
    let told = diagnostics.map(|told| {
        let sql = told.sql.map(|sql| format!("\n  in: {}", sql.sql)).unwrap_or_default();
        format!("{}{sql}\n  {}", told.message, told.notes.join("\n  "))
    });
    told.collect::<Vec<_>>().join("\n")
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
    if !text.contains('\n') {
        text += ": its lines are in another order";
    }
    Err(text)
}

/// A value for each `:'VARIABLE'`.
fn secrets(sql: &str) -> BTreeMap<String, String> {
    let names = sql.split(":'").skip(1).filter_map(|rest| rest.split_once('\'')).map(|it| it.0);
    names.map(|name| (name.to_owned(), "host=nowhere".to_owned())).collect()
}

/// What a case does with the roles of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Roles {
    /// Nothing.
    Untouched,
    /// It needs some to be there.
    Shared,
    /// What others would notice.
    Alone,
}

impl Case {
    fn roles(&self) -> Roles {
        const OF_THE_SERVER: [&str; 4] =
            ["ROLE ", "ON DATABASE ", "ON PARAMETER ", "ON TABLESPACE "];
        let touches = |sql: &str| {
            let membership = sql.starts_with("GRANT ") || sql.starts_with("REVOKE ");
            membership && !sql.contains(" ON ") || OF_THE_SERVER.iter().any(|on| sql.contains(on))
        };
        let (roles, rest) = plain_roles(self.before);
        let up = migrate_dsl::plan_text(self.up);
        if up.lines().chain(rest).any(touches) {
            Roles::Alone
        } else if roles.is_empty() {
            Roles::Untouched
        } else {
            Roles::Shared
        }
    }
}

/// The statements that only create a role, and the others.
fn plain_roles(before: &str) -> (Vec<&str>, Vec<&str>) {
    split(before).into_iter().map(|piece| piece.sql).partition(|sql| {
        let name = sql.strip_prefix("CREATE ROLE ");
        name.is_some_and(|name| name.chars().all(char::is_alphanumeric))
    })
}

/// The same statements, for roles that may be there already.
fn shared(before: &str) -> String {
    let (roles, rest) = plain_roles(before);
    let roles = roles.into_iter().map(|role| {
        format!(
            "DO $$ BEGIN {role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$"
        )
    });
    roles.chain(rest.into_iter().map(str::to_owned)).collect::<Vec<_>>().join(";\n")
}

/// A session that has this lock on the roles.
fn administrator(lock: &str) -> Client {
    let mut client = Client::connect(&server().url("postgres"), NoTls).unwrap();
    client.batch_execute(&format!("SELECT {lock}(hashtext('roles'))")).unwrap();
    client
}
