//! Thousands of captured statements on schemas put together at random, each reverted and compared.
//!
//! `cargo run -p migrate-tests --bin round_trips -- [FIRST SEED] [SEEDS] [OPERATIONS OF EACH]` prints
//! what was bad, and a table. `MIGRATE_TEST_PG_MAJOR` chooses the server's version.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;

use migrate_tests::round_trips::{Outcome, Report, round_trips};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let first = numbers.next().unwrap_or(1);
    let (seeds, limit) = (numbers.next().unwrap_or(4), numbers.next().unwrap_or(u64::MAX));
    let verbose = std::env::args().any(|argument| argument == "--reported");
    let mut all = Report::default();
    for seed in first..first + seeds {
        let report = round_trips(seed, usize::try_from(limit).unwrap_or(usize::MAX));
        for bad in &report.bad {
            println!("BAD {bad}");
        }
        for reported in report.reported.iter().filter(|_| verbose) {
            println!("REPORTED {reported}");
        }
        all.merge(report);
    }
    println!("{all}");
    ExitCode::from(u8::from(all.count(Outcome::Bad) > 0))
}
