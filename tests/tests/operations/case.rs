//! An operation on a server: there, back, and there again.

use std::panic::Location;

use migrate_dsl::Pgm;
use migrate_tests::{Engine, migration, server};

const NAME: &str = "20260101000000_case";

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
    no_way_back: bool,
}

/// An operation on a database in which `before` was run.
#[track_caller]
pub(crate) fn case(before: &'static str, up: fn(&mut Pgm)) -> Case {
    Case { before, up, place: Location::caller(), since: 0, no_way_back: false }
}

impl Case {
    /// Needs a server of this major version at least.
    pub(crate) fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    /// Is of the few operations that cannot be taken back.
    pub(crate) fn no_way_back(self) -> Self {
        Self { no_way_back: true, ..self }
    }

    fn run(&self) {
        if server().major() < self.since {
            return;
        }
        let case = self.place;
        let engine = Engine::new();
        engine.database.execute(self.before);
        let all = [migration(NAME, self.up)];
        let old = engine.catalog();
        engine.up(&all).unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        let new = engine.catalog();
        let back = engine.down(&all, 1);
        if self.no_way_back {
            assert!(back.is_err(), "{case} can be taken back");
            return;
        }
        back.unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        same(case, "after `down`", &old, &engine.catalog());
        engine.up(&all).unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        same(case, "after the second `up`", &new, &engine.catalog());
    }
}

/// Runs the cases, all of them, and tells every one that fails.
pub(crate) fn run(cases: Vec<Case>) {
    let runs = cases.iter().map(|case| std::panic::catch_unwind(|| case.run()));
    let failed = runs.filter(Result::is_err).count();
    assert_eq!(failed, 0, "of {} cases; see above", cases.len());
}

fn same(case: &Location<'_>, when: &str, expected: &str, found: &str) {
    let missing: Vec<_> = expected.lines().filter(|line| !found.contains(line)).collect();
    let added: Vec<_> = found.lines().filter(|line| !expected.contains(line)).collect();
    assert!(
        expected == found,
        "{case}: the catalog differs {when}\nmissing: {missing:#?}\nadded: {added:#?}"
    );
}
