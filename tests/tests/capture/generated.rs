//! Statements on schemas put together at random: `cargo run -p migrate-tests --bin round_trips` tries
//! thousands more.

use migrate_tests::round_trips::{Outcome, round_trips};

/// The seeds are few so that this takes seconds, and fixed so that failures are reproducible.
fn nothing_is_bad(seed: u64) {
    let report = round_trips(seed, 60);
    assert!(report.bad.is_empty(), "{}", report.bad.join("\n"));
    assert!(report.count(Outcome::Identical) + report.count(Outcome::Reordered) > 20, "{report}");
}

#[test]
fn random_statements_are_reverted_1() {
    nothing_is_bad(1);
}

#[test]
fn random_statements_are_reverted_2() {
    nothing_is_bad(2);
}

#[test]
fn random_statements_are_reverted_3() {
    nothing_is_bad(3);
}

#[test]
fn random_statements_are_reverted_4() {
    nothing_is_bad(4);
}
